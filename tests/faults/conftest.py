"""What the tests of network faults share."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def figure(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a measured figure with its conditions, whether the test passes or not."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\nmeasured: {text}")

    return show

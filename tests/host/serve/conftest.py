"""A real broker, a real server, a real browser, once for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from served_page import (
    Looking,
    Served,
    look,
    serving_few,
)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Of few sites: the whole district's size is of test_quick alone."""
    with serving_few(tmp_path_factory) as found:
        yield found


@pytest.fixture
def operator(browser: Browser, served: Served) -> Iterator[Looking]:
    context, looking = look(browser, served, "operator", accept_downloads=True)
    yield looking
    context.close()
    assert not looking.said


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Looking]:
    sizes = {"width": 375, "height": 740}
    more: dict[str, Any] = {"viewport": sizes, "color_scheme": "dark", "has_touch": True}
    context, looking = look(browser, served, "operator", **more)
    yield looking
    context.close()
    assert not looking.said

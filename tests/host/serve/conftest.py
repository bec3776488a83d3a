"""A real broker, a real server, a real browser, once for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import district
import pytest
from playwright.sync_api import Browser
from served_page import (
    Looking,
    Served,
    look,
    serving,
)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A district of so few sites that each page is there at once, with every board of it heard
    once. The whole district's size is of test_quick alone."""
    count = 150
    made = district.make(tmp_path_factory.mktemp("district"), count)
    with serving(made, count, tmp_path_factory.mktemp("serve")) as found:
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

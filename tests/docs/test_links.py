"""Links lead somewhere, named tests exist, each page is in an index, each picture on a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sim_board import ROOT

PAGES = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("boards/**/*.md"), *ROOT.glob("adapters/**/*.md")]
PAGES = sorted([*ROOT.glob("*.md"), *PAGES])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link, part in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        target = page.parent / link if link else page
        assert target.exists(), link
        if part and target.suffix == ".md":
            assert part in anchors(target), f"{link}#{part}"


def anchors(page: Path) -> set[str]:
    """The names that a web view of the repository gives to the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_are_named_are_there(page: Path) -> None:
    """As `tests/firmware/net/test_tls.py`, or short: `firmware/net/test_tls`."""
    for name in re.findall(r"`(?:tests/)?((?:\w+/)+test_\w+)", page.read_text(encoding="utf-8")):
        assert (ROOT / "tests" / name).with_suffix(".py").exists(), name


def test_the_index_has_every_page() -> None:
    """docs/README.md, or the README.md of the page's own folder, which docs/README.md names."""
    indexes = {ROOT / "docs" / "README.md", *ROOT.glob("docs/*/README.md")}
    linked = {
        (index.parent / link).resolve()
        for index in indexes
        for link in re.findall(r"\]\(([^)#]+)", index.read_text(encoding="utf-8"))
    }
    for page in ROOT.glob("docs/**/*.md"):
        assert page in linked or page == ROOT / "docs" / "README.md", page
    first = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for index in ROOT.glob("docs/*/README.md"):
        assert f"]({index.relative_to(ROOT / 'docs')})" in first


def test_every_picture_is_shown_and_small() -> None:
    """Pictures of docs/ that no page shows are left over; large ones make every clone slow."""
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    for picture in ROOT.glob("docs/**/*.png"):
        assert picture in shown, picture
        assert picture.stat().st_size < 125_000, picture

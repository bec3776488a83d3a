"""Links of the pages lead somewhere, named tests exist, and docs/README.md has every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sim_board import ROOT

PAGES = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("boards/**/*.md"), *ROOT.glob("adapters/**/*.md")]
PAGES = sorted([*ROOT.glob("*.md"), *PAGES])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_are_named_are_there(page: Path) -> None:
    """As `tests/firmware/net/test_tls.py`, or short: `firmware/net/test_tls`."""
    for name in re.findall(r"`(?:tests/)?((?:\w+/)+test_\w+)", page.read_text(encoding="utf-8")):
        assert (ROOT / "tests" / name).with_suffix(".py").exists(), name


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)", index))
    pages = {str(p.relative_to(ROOT / "docs")) for p in ROOT.glob("docs/**/*.md")}
    assert pages - {"README.md"} <= linked

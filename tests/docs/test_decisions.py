"""Each decision has a status and a date, and docs/decisions/README.md lists it with both."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from sim_board import ROOT

FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
HEAD = re.compile(r"# (.+)\n\n- Status: (accepted|superseded by (\d{4}))\n- Date: (\S+)\n\n\S")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_status_and_date(page: Path) -> None:
    found = HEAD.match(page.read_text(encoding="utf-8"))
    assert found, f"{page.name}: expected a title, then - Status: and - Date:"
    title, status, by, date = found.groups()
    assert dt.date.fromisoformat(date) <= dt.date.today()
    assert by is None or any(other.name.startswith(by) for other in PAGES if other != page)
    row = f"| [{page.name[:4]}]({page.name}) | {title} | {status} | {date} |"
    assert row in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_index_has_nothing_else() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[\d{4}\]\((\S+)\)", index, re.M) == [page.name for page in PAGES]

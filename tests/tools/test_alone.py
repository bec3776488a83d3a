"""Tests that measure speed stand where `make test` looks for them."""

from __future__ import annotations

import re

from sim_board import ROOT


def test_every_test_that_measures_speed_is_run() -> None:
    line = re.search(r"^ALONE := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert line is not None
    folders = line[1].split()
    marked = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"^(?:@|pytestmark = )pytest\.mark\.alone", path.read_text(), re.M)
    ]
    assert len(marked) > 5
    assert [m for m in marked if not m.startswith(tuple(f"{f}/" for f in folders))] == []
    assert [f for f in folders if not any(m.startswith(f"{f}/") for m in marked)] == []

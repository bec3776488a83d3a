"""Links of the pages lead somewhere; make targets and commands they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from host_job import qingyun
from sim_board import ROOT

PAGES = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("boards/**/*.md"), *ROOT.glob("adapters/**/*.md")]
PAGES = sorted([ROOT / "README.md", *PAGES])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


def test_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = qingyun("--help").stdout
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = re.findall(r"`([^`]+)`", text) + re.findall(r"```\n(.*?)```", text, re.DOTALL)
        for piece in code:
            for target in re.findall(r"^make ([a-z-]+)", piece, re.MULTILINE):
                assert target in targets, (page, target)
            for command in re.findall(
                r"^(?:\.venv/bin/)?qingyun ([a-z][a-z-]*)", piece, re.MULTILINE
            ):
                assert f"    {command} " in said, (page, command)
            for script in re.findall(r"\btools/\w+\.py\b", piece):
                assert (ROOT / script).exists(), (page, script)

"""`make bench-versus`: two builds in turn, each its own code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bench_versus import __main__ as versus
from sim_board import ROOT


def tree(folder: Path, cost: float) -> Path:
    """A build whose measurement gives this cost."""
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "cost.py").write_text(f"COST = {cost}\n")
    return folder


def test_each_build_runs_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "measures.py"
    script.write_text("import cost, sys\nprint('made'); print(cost.COST * len(sys.argv))\n")
    monkeypatch.setattr(versus, "SCRIPT", script)
    builds = tree(tmp_path / "a", 2.0), tree(tmp_path / "b", 0.5)
    assert [versus.once(b, "rollup-4", tmp_path) for b in builds] == [6.0, 1.5]
    script.write_text("raise ValueError('no broker')\n")
    with pytest.raises(SystemExit, match="rollup-4 of a: ValueError: no broker"):
        versus.once(builds[0], "rollup-4", tmp_path)


def test_a_base_that_is_no_commit_is_one_line() -> None:
    with pytest.raises(SystemExit, match=r"BASE: expected a commit, .* found 'no-such'"):
        versus.earlier("no-such")


def test_every_goal_has_its_measurement() -> None:
    script = "import sys; sys.path[:0] = ['tools', '.']; import measures; print(*measures.MEASURES)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'tools/bench_versus'); {script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [g.name for g in versus.GOALS]

"""Measures this build and an earlier one in turn, in one run on one machine.

    PYTHONPATH=tools .venv/bin/python -m bench_versus --base v0.2.0

The earlier one is taken out of git into build/versus/ and runs with the packages that are
installed. Printed are medians, and the median of the ratios of each round. Ends with 1 where a goal
is missed."""

from __future__ import annotations

import argparse
import io
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

from sim_board import ROOT

OUT = ROOT / "build" / "versus"
SCRIPT = Path(__file__).with_name("measures.py")


class Goal(NamedTuple):
    """What is measured, in which unit, and what it has to be: ratio, of the earlier build's; most,
    in the unit. None: only told."""

    name: str
    what: str
    unit: str
    ratio: float | None = None
    most: float | None = None


GOALS = (
    Goal("rollup-4", "daily rollup, 4 platforms a board: CPU of a weight", "µs", ratio=0.25),
    Goal("rollup-1", "daily rollup, 1 platform a board: CPU of a weight", "µs"),
    Goal("late", "100 late site-days of a month restated: CPU", "ms", most=300),
    Goal("postgres", "PostgreSQL, a reading from each of 3,750 boards: CPU", "µs", ratio=1 / 3),
    Goal("postgres-server", "the same: CPU of the server", "µs"),
    Goal("year", "indicators of a year to September, never asked for: CPU", "ms", ratio=0.1),
    Goal("shell", "qingyun rollup of one site, nothing dirty", "ms", most=300),
)


def earlier(base: str) -> Path:
    """The tree of a commit, taken out of git; SystemExit where there is none."""
    named = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if named.returncode:
        raise SystemExit(f"BASE: expected a commit, a branch or a tag, found {base!r}")
    tree = OUT / named.stdout.strip()[:12]
    if not (tree / "host").exists():
        packed = subprocess.run(
            ["git", "archive", named.stdout.strip()], cwd=ROOT, check=True, capture_output=True
        )
        shutil.rmtree(tree, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(tree, filter="data")
    return tree


def present() -> Path:
    """This tree as it stands, copied: both builds run from a folder of the same kind."""
    tree = OUT / "present"
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    return tree


def once(tree: Path, name: str, folder: Path) -> float:
    """A measurement of a build, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((f"{tree / 'tools'}", f"{tree}"))}
    command = [sys.executable, str(SCRIPT), name, str(folder)]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} of {tree.name}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout.split()[-1])


def in_turn(base: Path, this: Path, name: str, n: int) -> tuple[float, float]:
    """A measurement of the earlier build and of this one. In every other round this one comes
    first: which comes second finds a machine that is warm, and its files in memory."""
    sides = [(base, OUT / "of-base"), (this, OUT / "of-this")]
    took = {tree: once(tree, name, folder) for tree, folder in sides[:: -1 if n % 2 else 1]}
    return took[base], took[this]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True, help="the commit of the earlier build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[g.name for g in GOALS], action="append")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, found {args.rounds}")
    base, this, missed = earlier(args.base), present(), 0
    print(
        f"this build beside {base.name}; CPython {platform.python_version()}, {os.cpu_count()} "
        f"cores, load {os.getloadavg()[0]:.1f}; medians of {args.rounds} rounds, each in turn"
    )
    for goal in GOALS:
        if args.only and goal.name not in args.only:
            continue
        pairs = [in_turn(base, this, goal.name, n) for n in range(args.rounds)]
        before, now = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        wanted, right = "", True
        if goal.ratio is not None:
            wanted, right = f"≤ {goal.ratio:.2f} of it", ratio <= goal.ratio
        elif goal.most is not None:
            wanted, right = f"≤ {goal.most:g} {goal.unit}", now <= goal.most
        missed += not right
        verdict = f"{wanted}: {'met' if right else 'SHORT'}" if wanted else ""
        print(
            f"  {goal.what:58} {before:8.2f} → {now:8.2f} {goal.unit}   {ratio:5.2f}   {verdict}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

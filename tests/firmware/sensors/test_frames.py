"""Frames of the HX711 at its pins, with faults: which are believed, which lost. Half a million,
in `make soak` two million."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from interpreter import RunMicroPython
from soak import in_part

E_COUNTS = 1050
FRAMES = in_part(500_000, 2_000_000)
COLUMNS = ("injected", "refused", "odd", "passed over", "given right", "given wrong")


class Result:
    """What several runs count together."""

    def __init__(self, runs: list[dict[str, Any]]) -> None:
        self.frames = sum(run["frames"] for run in runs)
        self.count = {key: sum(run["count"][key] for run in runs) for key in runs[0]["count"]}
        self.kinds = {
            kind: [
                sum(column) for column in zip(*(run["kinds"][kind] for run in runs), strict=True)
            ]
            for kind in runs[0]["kinds"]
        }
        self.sizes = [sum(column) for column in zip(*(run["sizes"] for run in runs), strict=True)]
        self.lost = sum(n for key, n in self.count.items() if key.startswith("good"))
        self.wrong = self.count["wrong at rest"] + self.count["wrong in motion"]

    def table(self) -> str:
        count = self.count
        lines = [
            f"HX711 at its pins, {self.frames} frames, {count['given']} counts given,"
            f" {count['steps']} steps, {count['changes of gain']} changes of gain,"
            f" {count['-1']} times -1, {count['saturated']} saturated",
            f"{'':26}" + "".join(f"{name:>13}" for name in COLUMNS),
        ]
        for kind, numbers in sorted(self.kinds.items()):
            lines.append(f"{kind:26}" + "".join(f"{n:13}" for n in numbers))
        lines.append(
            f"good frames lost: {self.lost} ({100 * self.lost / self.frames:.4f} %):"
            f" {count['good lost at rest']} at rest, {count['good lost in motion']} in motion,"
            f" {count['good passed over']} passed over"
        )
        lines.extend(
            f"given wrong {state}: {count['wrong ' + state]},"
            f" by more than e/10: {count['wrong ' + state + ' > e/10']},"
            f" by more than e/2: {count['wrong ' + state + ' > e/2']}"
            for state in ("at rest", "in motion")
        )
        sizes = [
            f"{n} by {2 ** (bits - 1) if bits else 0}+" for bits, n in enumerate(self.sizes) if n
        ]
        lines.append(f"wrong at rest, in counts (e = {E_COUNTS}): " + ", ".join(sizes))
        return "\n".join(lines)


def play(run_micropython: RunMicroPython, seeds: list[int], frames: int, sps: str = "10") -> Result:
    """One run a seed, two at a time."""

    def one(seed: int) -> dict[str, Any]:
        program = "tests/firmware/sensors/run_frames.py"
        done = run_micropython(program, seed, frames, sps, timeout=1800)
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    with ThreadPoolExecutor(2) as pool:
        return Result(list(pool.map(one, seeds)))


def test_many_frames(run_micropython: RunMicroPython, figure: Callable[[str], None]) -> None:
    result = play(run_micropython, [1, 2], FRAMES // 2)
    figure(result.table())
    assert result.frames >= FRAMES
    for kind, numbers in result.kinds.items():
        assert numbers[0] >= FRAMES * 0.00003, kind
    assert result.lost <= result.frames / 10_000
    # What no rule can tell: a lost clock that changes less than the load's own noise, and
    # two faults in succession.
    assert result.wrong <= result.frames * 0.00015
    assert result.count["wrong at rest > e/10"] <= result.frames * 0.00004
    assert result.count["wrong at rest > e/2"] <= result.frames * 0.000003
    assert result.count["wrong in motion > e/10"] <= result.frames * 0.00001
    assert result.kinds["clock added"][-1] <= result.kinds["clock added"][0] * 0.03
    assert min(result.count["-1"], result.count["saturated"]) > FRAMES * 0.005


def test_other_seeds(run_micropython: RunMicroPython) -> None:
    result = play(run_micropython, [11, 12], in_part(50_000, 200_000))
    assert result.lost <= result.frames / 5_000, result.table()
    assert result.wrong <= result.frames * 0.0003, result.table()
    assert result.count["wrong at rest > e/2"] <= 2, result.table()


def test_eighty_a_second(run_micropython: RunMicroPython, figure: Callable[[str], None]) -> None:
    frames = in_part(4_000, 500_000)
    result = play(run_micropython, [1, 2], frames, "80")
    figure(f"80 a second: {result.table()}")
    assert result.lost <= result.frames / 1_000
    assert result.wrong <= max(1, result.frames * 0.00015)
    assert result.count["given"] > 0.95 * result.frames


@pytest.mark.parametrize("kind", ["ads1232", "cs1237"])
def test_others(kind: str, run_micropython: RunMicroPython, figure: Callable[[str], None]) -> None:
    frames = in_part(16_000, 1_000_000)
    result = play(run_micropython, [1, 2], frames, kind)
    figure(f"{kind}: {result.table()}")
    assert result.lost <= result.frames / 1_000
    assert result.wrong <= result.frames * 0.0003
    assert result.count["wrong at rest > e/2"] <= 1 + result.frames * 0.000003
    assert result.count["wrong in motion > e/10"] <= 1 + result.frames * 0.00001
    assert result.kinds["clock added"][-1] <= result.kinds["clock added"][0] * 0.03
    if kind == "cs1237":
        for fault in ("clock lost", "clock added"):
            assert result.kinds[fault][-1] <= 0.005 * result.kinds[fault][0], fault

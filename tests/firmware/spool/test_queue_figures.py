"""The queue on real littlefs: power cut everywhere, capacity, and wear of the flash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from interpreter import RunMicroPython

from host.points.flash_wear import most_erases
from host.store.lives import Handed

HERE = Path(__file__).parent


@pytest.mark.parametrize("seed", [1, 2])
def test_power_cut_at_every_operation(
    run_micropython: RunMicroPython, figure: Callable[[str], None], seed: int
) -> None:
    full = ["full"] if seed == 1 else []
    result = run_micropython(HERE / "run_powercut.py", seed, 2000, *full, heap="16m")
    assert result.returncode == 0, result.stdout + result.stderr
    records, cuts, at_full, worst, programs, erases = map(int, result.stdout.split())
    figure(
        f"power cut at each of {cuts} programs and erases, seed {seed}: {records} records, at most "
        f"{worst} unsynced ones lost (batch 10), every mount good, no seq handed out twice; "
        f"{at_full} of the cuts around the moment that makes room; {programs} programs, "
        f"{erases} erases in all"
    )
    assert records >= 2000
    assert cuts >= 1000
    assert worst <= 10


def test_capacity_of_one_mebibyte(
    run_micropython: RunMicroPython, figure: Callable[[str], None]
) -> None:
    result = run_micropython(HERE / "run_figures.py", "capacity", heap="16m")
    assert result.returncode == 0, result.stderr
    kept, made = map(int, result.stdout.split())
    days = kept / 1440
    figure(
        f"capacity of 1 MiB at 1 reading/min of 4 channels: {days:.1f} days "
        f"({kept} readings left after the first drop of {made} made)"
    )
    assert days >= 30


@pytest.mark.parametrize(("mode", "every_s"), [("offline", 60), ("online", 60), ("offline", 10)])
def test_erases_per_record(
    run_micropython: RunMicroPython, figure: Callable[[str], None], mode: str, every_s: int
) -> None:
    """Never more than what the host tells of the wear of a board."""
    result = run_micropython(HERE / "run_figures.py", mode, every_s, heap="16m")
    assert result.returncode == 0, result.stderr
    records, erases, programs = map(int, result.stdout.split())
    figure(
        f"flash wear at a reading in {every_s} s, {mode}: {erases / records:.3f} erases and "
        f"{programs / records:.2f} programs a record ({records} records)"
    )
    assert erases / records <= 0.2
    assert erases <= most_erases(Handed(records, (0,)), records * every_s)

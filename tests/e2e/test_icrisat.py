"""Real outdoor load cells through the pin-level HX711 and the whole chain: a week of one, in
`make soak` all six for 24 days."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from icrisat_replay import replay_cells
from icrisat_series import SUPPLY_GAP_S, Sample, gaps, impulses, read_cells, waterings
from rich.console import Console
from sim_board import ROOT
from soak import in_part
from trace_icrisat import device_of

from host.events import Kind, Outcome
from host.rollup import covered_seconds

DATA = ROOT.parent / "shared" / "data" / "icrisat_loadcells" / "load_cells.csv"
# Of the one with most impulses (docs/icrisat.md) the days with the longest outage.
SOME = in_part(["F-2-157"], [])
FROM, UNTIL = "2018-02-24", "2018-03-03"
FULL_CHAIN_S = 330  # a reading at least every 300 s, and the start of the board


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("icrisat")


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    """The series that are replayed."""
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there: this test replays real series from it")
    if not SOME:
        return DATA
    path = folder / "cells.csv"
    with DATA.open(encoding="utf-8", newline="") as whole, path.open("w", newline="") as part:
        rows = csv.DictReader(whole)
        kept = csv.DictWriter(part, rows.fieldnames or [])
        kept.writeheader()
        kept.writerows(
            row for row in rows if row["sector"] in SOME and FROM <= row["timestamp"] < UNTIL
        )
    return path


@pytest.fixture(scope="module")
def cells(data: Path) -> dict[str, list[Sample]]:
    return read_cells(data)


@pytest.fixture(scope="module")
def outcomes(data: Path, folder: Path) -> dict[str, Outcome]:
    """What the host derived of each cell; every reading made is stored."""
    return replay_cells(data, folder / "run", Console(quiet=True))


def test_outages_are_lost_coverage_and_never_a_collection(
    outcomes: dict[str, Outcome], cells: dict[str, list[Sample]]
) -> None:
    for sector, cell in cells.items():
        outcome = outcomes[device_of(sector)]
        assert not any(e.kind is Kind.COLLECTION for e in outcome.events)
        outages = [(a.t, b.t) for a, b in gaps(cell, SUPPLY_GAP_S)]
        assert max(b - a for a, b in outages) > 43 * 3600
        for a, b in outages:
            seen = covered_seconds(outcome.covered, a, b)
            assert seen <= FULL_CHAIN_S
            for e in outcome.events:
                if e.t < b - 60 and e.t_end > a + 60:
                    assert e.kind is Kind.UNATTRIBUTED, (sector, e)
        whole = cell[-1].t - cell[0].t
        lost = whole - covered_seconds(outcome.covered, cell[0].t, cell[-1].t)
        off = sum(b - a for a, b in outages)
        assert off - 60 * len(outages) <= lost <= off + FULL_CHAIN_S * (len(outages) + 1)


def test_waterings_are_deposits(
    outcomes: dict[str, Outcome], cells: dict[str, list[Sample]]
) -> None:
    for sector, cell in cells.items():
        outcome = outcomes[device_of(sector)]
        deposits = [e for e in outcome.events if e.kind is Kind.DEPOSIT]
        found = waterings(cell)
        assert len(found) >= in_part(3, 8)
        for sample, kg in found:
            # The list names the first row of an hour in which the weight went up.
            near = [e for e in deposits if -1800 <= e.t - sample.t <= 4 * 3600]
            assert near, (sector, sample)
            assert sum(e.grams for e in near) >= 450, (sector, kg)


def test_impulses_that_return_are_not_booked(
    outcomes: dict[str, Outcome], cells: dict[str, list[Sample]]
) -> None:
    """Neither up nor down; on one noisy cell the level after it is another by 0.34 kg."""
    seen = 0
    for sector, cell in cells.items():
        for sample, off in impulses(cell):
            seen += 1
            for e in outcomes[device_of(sector)].events:
                if abs(e.t - sample.t) <= 2100 and e.kind is not Kind.UNATTRIBUTED:
                    assert e.grams < abs(off) / 3, (sector, sample, off, e)
    assert seen >= in_part(3, 15)


def test_the_booked_change_is_the_change_of_the_series(
    outcomes: dict[str, Outcome], cells: dict[str, list[Sample]]
) -> None:
    """Within 1 e; what the physics played here drifts by is nothing."""
    for sector, cell in cells.items():
        sums = outcomes[device_of(sector)].sums
        assert sums.imbalance() == 0
        e_g, drift_g = 50, 0
        booked = sums.deposited - sums.collected - sums.removed + sums.drift + sums.unattributed
        change = cell[-1].grams - cell[0].grams
        assert abs(sums.opening - cell[0].grams) <= e_g
        assert abs(booked - change) <= e_g + drift_g, (sector, booked, change)

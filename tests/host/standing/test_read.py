"""What a store holds of lifts and calibrations, as evidence."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from hauls import Board, Haul
from host_job import qingyun
from sim_board import ROOT

from host.common.local_days import clock
from host.hazard import register
from host.readings.messages import Weighed
from host.reconcile import gains
from host.reports.figure_trace import lines
from host.reports.trace import Trace
from host.rollup import day_bounds
from host.standing import read
from host.standing.model import Kind
from host.store import Store

DAYS = [dt.date(2026, 3, n) for n in range(2, 14)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve days at two sites, whose wet bins a truck lifts that shows 2 % too much."""
    shutil.copytree(ROOT / "registry", tmp_path / "registry")
    store = Store(tmp_path / "q.db", create=True)
    rows = []
    for device, site, tare in (("qy-fs01", "fs-01", 13_100), ("qy-jt01", "jt-01", 12_700)):
        board = Board(device, site)
        for n, date in enumerate(DAYS):
            kg = 40 + n
            board.day(date, [Haul("w2", tare, kg * 1000)])
            t = clock(day_bounds(date)[0] + 36_000 + (10 if site == "fs-01" else 25))
            rows.append(f"沪A12345,{t},{kg * 1.02:.2f},kg,{site},湿垃圾")
        board.store(store)
    store.close()
    text = "车牌号,称重时间,净重,单位,点位,品类\n" + "\n".join(rows) + "\n"
    (tmp_path / "lifts.csv").write_text(text)
    place = "--db", str(tmp_path / "q.db"), "--registry", str(tmp_path / "registry")
    file = str(tmp_path / "lifts.csv")
    done = qingyun("transfers", "import", "--kind", "lifts", "--by", "李", file, *place)
    assert done.returncode == 0, done.stderr
    return tmp_path


def found(folder: Path, store: Store) -> read.Found:
    registered = register.load(folder / "registry")
    until = day_bounds(DAYS[-1])[1]
    each = read.platforms(store, registered, ["fs-01"], DAYS[0], until)
    return next(f for f in each if f.bin.channel == "w2")


def test_lifts_of_a_truck_with_its_gain_taken_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(folder / "q.db")
    assert not found(folder, store).known.of(Kind.LIFT, 0, 1 << 40)  # too few platforms
    monkeypatch.setattr(gains, "_LEAST_PLATFORMS", 2)
    lifted = found(folder, store).known.of(Kind.LIFT, 0, 1 << 40)
    store.close()
    assert len(lifted) == len(DAYS)
    assert all(abs(w.off_g) < 30 and w.load_g >= 39_950 for w in lifted)
    assert lifted[0].source.startswith("qy-fs01/w2/aaaaaaaa/")
    assert lifted[0].source.endswith((" L1-2", " L1-1"))


def test_a_lift_is_traced_with_its_ticket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gains, "_LEAST_PLATFORMS", 2)
    tickets = "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位,车牌号\n"
    tickets += "B7,湿垃圾厂,2026-03-02 12:00,湿垃圾,9081,9000,81,kg,沪A12345\n"
    (folder / "tickets.csv").write_text(tickets)
    place = "--db", str(folder / "q.db"), "--registry", str(folder / "registry")
    file = str(folder / "tickets.csv")
    done = qingyun("transfers", "import", "--kind", "ticket", "--by", "李", file, *place)
    assert done.returncode == 0, done.stderr
    store = Store(folder / "q.db")
    registry = register.load(folder / "registry").known
    traced = Trace(store, folder / "registry", registry)
    told = [text for _, text in lines(traced, "standing:fs-01-2")]
    store.close()
    lifts = [i for i, text in enumerate(told) if text.startswith("lift 2026-03-")]
    assert len(lifts) == len(DAYS)
    assert told[lifts[0] + 1].startswith("reading qy-fs01 life aaaaaaaa seq ")
    names = {told[i + 2] for i in lifts}
    assert len(names) == len(DAYS) and all("qingyun trace lift:L1-" in x for x in names)
    ticket = told[lifts[0] + 3]
    assert ticket.startswith("ticket 湿垃圾厂/B7@") and ticket.endswith(" ticket:湿垃圾厂/B7")


def test_evidence_begins_with_the_calibration(folder: Path) -> None:
    store = Store(folder / "q.db")
    stream = store.database.query("SELECT id FROM stream WHERE device='qy-fs01'")[0][0]
    seqs = store.database.query("SELECT count(*) FROM day WHERE stream=?", (stream,))
    assert seqs[0][0] == len(DAYS)
    half = next(iter(store.readings("qy-fs01", *day_bounds(DAYS[6]))))
    before = Weighed("w2", 0, "k-1", "2026-03-01", 0, 21_000.0)
    after = Weighed("w2", half.seq, "k-2", "2026-03-08", 0, 20_990.0)
    store.calibrations.note(stream, [before, after], 0)
    made = found(folder, store)
    store.close()
    assert (made.calibration, made.counts_per_kg) == ("k-2", 20_990.0)
    assert made.begin == half.t and len(made.known.of(Kind.BARE, 0, 1 << 40)) == 6
    assert sorted(made.collected) == DAYS  # what was reported is of every day

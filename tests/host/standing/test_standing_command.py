"""qingyun standing, by the command line: a board of simulated cells, with a fault planted."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from pathlib import Path

import pytest
from bench_standing import air, platform
from host_job import qingyun
from sim_board import ROOT

from host.common.local_days import DAY_S, LOCAL, clock
from host.hazard import register
from host.readings.messages import Reading, Weighed
from host.standing import kept
from host.store import Batch, Store

START = 1_772_294_400  # 2026-03-01 00:00 in Shanghai
DAYS, ONSET = 31, 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of one platform whose zero moves by 2 e on the 21st, and what trucks weighed there
    and at no other place."""
    path = tmp_path_factory.mktemp("standing")
    shutil.copytree(ROOT / "registry", path / "registry")
    luck = random.Random(9)  # noqa: S311
    around = air.make(luck, START, DAYS, 4_000)
    moved = platform.Planted("zero", START + ONSET * DAY_S, -100.0)
    told = platform.make(luck, around, moved, "aaaaaaaa", 77)
    bins = (path / "registry/bins.csv").read_text()
    assert ",12.4," in bins
    kg = told.platform.tare_g / 1000
    (path / "registry/bins.csv").write_text(bins.replace(",12.4,", f",{kg:g},", 1))
    store = Store(path / "q.db", create=True)
    readings = [
        Reading(s.life, s.seq, 0, s.t, None,
                {"w1": s.grams or 0, "c1": round(100 * around.air[around.at(s.t)])},
                {} if s.q is None else {"w1": s.q})
        for s in told.samples
    ]  # fmt: skip
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), readings[-1].t or 0)
    store.compact()
    store.close()
    return path


def run(folder: Path, *args: str, code: int = 0, command: str = "standing") -> str:
    place = "--db", str(folder / "q.db"), "--registry", str(folder / "registry")
    done = qingyun(*command.split(), *args, *place)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_zero_that_moved_with_its_evidence(folder: Path) -> None:
    told = json.loads(run(folder, "fs-01", "--month", "2026-03", "--json", "--evidence"))
    mine = next(p for p in told["platforms"] if p["channel"] == "w1")
    at_zero = next(f for f in mine["findings"] if f["quantity"] == "zero")
    assert (at_zero["verdict"], at_zero["cause"]) == ("beyond", "cell")
    assert abs(at_zero["value"] + 100) < 35  # 25 g of dust go on a day after it
    assert 1 < at_zero["standard_uncertainty"] < 15
    assert at_zero["limit"] == 50
    onset = START + ONSET * DAY_S
    assert clock(onset - DAY_S) < at_zero["since"] <= clock(onset + DAY_S)
    assert mine["advice"] == "calibration due" and mine["days"] == []
    span = next(f for f in mine["findings"] if f["quantity"] == "span")
    assert span["verdict"] == "not enough evidence" and "0 lifts" in span["because"]
    creep = next(f for f in mine["findings"] if f["quantity"] == "creep")
    assert creep["verdict"] == "within" and creep["weighings"] >= 6
    assert {w["kind"] for w in mine["evidence"]} == {"bare", "return"}
    assert all(w["standard_uncertainty_g"] > 0 for w in mine["evidence"])
    store = Store(folder / "q.db")
    weights = {f"qy-fs01/w1/{r.life}/{r.seq}": r.values["w1"]
               for r in store.readings("qy-fs01", START, START + DAYS * DAY_S)}  # fmt: skip
    store.close()
    bares = [w for w in mine["evidence"] if w["kind"] == "bare"]
    assert len(bares) > 20 and all(weights[w["source"]] == w["off_g"] for w in bares)


def test_as_it_was_before(folder: Path) -> None:
    """The same day by day, whatever came later."""
    out = run(folder, "fs-01", "--to", "2026-03-20")
    assert "not enough evidence" in out and "calibration due" not in out


def test_a_month_that_is_not_over_is_told_up_to_today(folder: Path) -> None:
    today = dt.datetime.now(LOCAL).date()
    told = json.loads(run(folder, "fs-01", "--month", f"{today:%Y-%m}", "--json"))
    assert str(today) in json.dumps(told)
    assert f"standing at the end of {today}" in run(folder, "--month", f"{today:%Y-%m}")


def test_what_an_office_keeps(folder: Path, tmp_path: Path) -> None:
    for name in ("s.xlsx", "s.html", "s.json"):
        run(folder, "--month", "2026-03", "--out", str(tmp_path / name))
    text = (tmp_path / "s.html").read_text()
    for word in (
        "秤台现状",
        "需校准",
        "零点",
        "空秤台",
        "管理数据，非贸易结算用",
        "qy-fs01/w1/aaaaaaaa/",
    ):
        assert word in text
    assert (tmp_path / "s.xlsx").stat().st_size > 5_000


def test_kept_traced_and_due(folder: Path) -> None:
    """What is kept is what the command tells; from it down to the readings."""
    name = "fs-01-1"
    computed = run(folder, f"standing:{name}", command="trace")
    assert "computed now: nothing was kept" in computed
    assert "nothing was kept: run qingyun standing --keep" in run(folder, command="calibration due")
    out = run(folder, "--keep", "--month", "2026-03")
    assert "as of the end of 2026-03-31: 1 calibration due, " in out
    for older, option in (("--month", "2026-02"), ("--to", "2026-03-30")):
        said = run(folder, "--keep", older, option, code=2)  # the page would go back to it
        assert f"{older}: expected 2026-03-31 or later, of which standings are kept" in said
    told = run(folder, f"standing:{name}", command="trace")
    assert [x for x in told.splitlines() if "kept at" not in x] == [
        x for x in computed.splitlines() if "computed now" not in x
    ]
    assert "nothing came since" in told and "  zero: beyond (cell): -" in told
    lines = told.splitlines()
    bares = [i for i, x in enumerate(lines) if x.startswith("  bare platform 2026-03-")]
    doc = json.loads(run(folder, "fs-01", "--month", "2026-03", "--json", "--evidence"))
    mine = next(p for p in doc["platforms"] if p["bin"] == name)
    assert len(bares) == sum(w["kind"] == "bare" for w in mine["evidence"]) > 20
    assert all("qy-fs01 life aaaaaaaa seq " in lines[i + 1] for i in bares)
    assert mine["evidence_counts"]["quiet"] == sum("  quiet hours" in x for x in lines) > 10
    assert "bins.csv:2: fs-01-1," in told
    due = run(folder, command="calibration due")
    assert "qy-fs01 w1" in due and "zero -" in due and "2026-03-2" in due
    assert " days passed since and are not in it" in due
    assert "jt-01-1" not in due and "not enough evidence" in due
    assert "jt-01-1" in run(folder, "--unknown", command="calibration due")
    assert "fs-01-1" not in run(folder, "--town", "九亭镇", command="calibration due")


def test_what_came_since_it_was_kept(folder: Path, tmp_path: Path) -> None:
    """Readings of a day that was read, and a calibration; not those of later days."""
    shutil.copytree(folder, tmp_path / "f")
    run(tmp_path / "f", "--keep", "--month", "2026-03")
    store = Store(tmp_path / "f/q.db")
    known = register.load_any(tmp_path / "f/registry").known

    def since() -> kept.Since:
        store.compact()
        found = kept.heads(store, known)
        return kept.came_since(store, found)["fs-01-1"]

    assert not since()
    for n, day in ((1, DAYS), (2, 5)):
        late = Reading("aaaaaaaa", 900_000 + n, n, START + day * DAY_S + 7, None, {"w1": 1}, {})
        store.add(Batch(readings=[("qy-fs01", "fs-01", late)]), late.t or 0)
        assert since().readings == n - 1
    stream = store.database.query("SELECT id FROM stream WHERE device='qy-fs01'")[0][0]
    store.calibrations.note(stream, [Weighed("w1", 0, "k-2", "2026-04-01", 0, 1.0)], 1 << 33)
    assert since().recalibrated
    store.close()
    assert "calibrated since" in run(tmp_path / "f", command="calibration due")
    told = run(tmp_path / "f", "standing:fs-01-1", command="trace")
    assert "came since, and not in it: 1 readings of its board and that time, another" in told
    file = tmp_path / "f/registry/bins.csv"
    file.write_text(file.read_text().replace("fs-01-1,fs-01,qy-fs01,w1,", "fs-01-1,fs-01,,,", 1))
    out = run(tmp_path / "f", "standing:fs-01-1", command="trace", code=2)
    assert "expected a bin of bins.csv on a scale, found 'fs-01-1'" in out


def test_a_calibration_of_the_night_is_not_in_it(folder: Path, tmp_path: Path) -> None:
    """Told after the last day and before that was computed; another life with the same is none."""
    shutil.copytree(folder, tmp_path / "f")
    store = Store(tmp_path / "f/q.db")
    known = register.load_any(tmp_path / "f/registry").known
    (stream,) = store.database.query("SELECT id FROM stream WHERE device='qy-fs01'")[0]
    until = START + DAYS * DAY_S

    def note(name: str, seq: int, received: int) -> None:
        by = Weighed("w1", seq, name, "2026-03-01", 0, 1.0)
        store.calibrations.note(stream, [by], received)

    def recalibrated() -> bool:
        return kept.came_since(store, kept.heads(store, known))["fs-01-1"].recalibrated

    note("k-0", 0, until + 1)  # told late, and in what was computed
    note("k-1", 3, until + 2)
    run(tmp_path / "f", "--keep", "--month", "2026-03")
    assert "k-1" in run(tmp_path / "f", command="calibration due") and not recalibrated()
    made = kept.heads(store, known)[0].made
    life = "bbbbbbbb"
    again = Reading(life, 0, 0, until + 9, None, {"w1": 1}, {})
    store.add(Batch(readings=[("qy-fs01", "fs-01", again)]), made + 1)
    store.compact()
    (stream,) = store.database.query("SELECT id FROM stream WHERE life=?", (life,))[0]
    note("k-1", 0, made + 1)
    assert not recalibrated()
    note("k-2", 5, until + 3 * DAY_S)
    assert recalibrated()
    store.close()
    assert "calibrated since" in run(tmp_path / "f", command="calibration due")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "SITE: expected one with a platform"),
        (("--month", "2026-03", "--from", "2026-03-01"), "--month: expected without"),
        (("--from", "2026-03-09", "--to", "2026-03-02"), "--from: expected a day up to 2026-03-02"),
        (("--month", "March"), "--month: expected YYYY-MM"),
        (("--out", "s.pdf"), "--out: expected a name ending in"),
        (("--to", "2098-01-01"), "--to: expected a day up to today ("),
        (("--month", "2098-01"), "--month: expected one that has begun by "),
        (("--keep", "fs-01"), "--keep: expected alone, or with --month or --to"),
        (("--keep", "--to", "2098-01-01"), "--to: expected a day that is over"),
    ],
)
def test_bad_input_is_one_line(folder: Path, args: tuple[str, ...], told: str) -> None:
    out = run(folder, *args, code=2)
    assert told in out and len(out.strip().splitlines()) == 1

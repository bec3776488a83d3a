"""qingyun standing, by the command line: a board of simulated cells, with a fault planted."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from bench_standing import air, platform
from host_job import qingyun
from sim_board import ROOT

from host.common.local_days import DAY_S, clock
from host.readings.messages import Reading
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


def run(folder: Path, *args: str, code: int = 0) -> str:
    place = "--db", str(folder / "q.db"), "--registry", str(folder / "registry")
    done = qingyun("standing", *args, *place)
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


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "SITE: expected one with a platform"),
        (("--month", "2026-03", "--from", "2026-03-01"), "--month: expected without"),
        (("--from", "2026-03-09", "--to", "2026-03-02"), "--from: expected a day up to 2026-03-02"),
        (("--month", "March"), "--month: expected YYYY-MM"),
        (("--out", "s.pdf"), "--out: expected a name ending in"),
    ],
)
def test_bad_input_is_one_line(folder: Path, args: tuple[str, ...], told: str) -> None:
    out = run(folder, *args, code=2)
    assert told in out and len(out.strip().splitlines()) == 1

"""How long a board may be silent follows from how often it says that it reports."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from broker import Broker
from host_job import Ingester, qingyun
from series import T0
from sim_board import ROOT
from simple_site import FILL, Row, SimpleSite

from host import registry
from host.events import Platform, Sample, Silences, derive
from host.events.fillonly import FillSample, watch
from host.hazard.ledger_posting import Seen
from host.hazard.measure import _silent as silent
from host.hazard.view import Weights
from host.hazard.view import _platform as view_of
from host.readings import births
from host.readings.messages import Birth, Rejected
from host.store import Batch, Store, report_intervals

LIFE = "9c4e01ab"
FALLS = (800, 800, 780, 300, 280, 900, 900, 200, 200)  # permille; two emptyings


BINS = """\
bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg
b1,hw-09,qy-hw09,,f1,干垃圾,240,12,wheelie,,
"""


def fills(every_s: int) -> list[FillSample]:
    return [FillSample(T0 + n * every_s, fill, LIFE, n, 0) for n, fill in enumerate(FALLS)]


def silences(*told: tuple[int, int]) -> Silences:
    return Silences({LIFE: told})


@pytest.mark.parametrize("every_s", [100, 300, 900, 3600, 86_400])
def test_emptyings_at_any_pace_that_is_told(every_s: int) -> None:
    found = watch(fills(every_s), None, silences((0, every_s)))
    assert [(e.before, e.after) for e in found.emptyings] == [(780, 300), (900, 200)]
    assert found.covered == [(T0, T0 + 8 * every_s)]


def test_without_a_word_silence_is_a_gap() -> None:
    silent = watch(fills(900))
    assert [e for e in silent.emptyings if not e.doubt] == []
    assert silent.covered == []
    told = watch(fills(900), None, silences((T0, 300))).emptyings
    assert [e for e in told if not e.doubt] == []


def test_a_change_holds_from_when_it_is_told() -> None:
    told = silences((T0, 300), (T0 + 7200, 3600))
    assert silences((T0, 3600)).longest(LIFE, T0 - 1) == told.longest(LIFE, T0 + 7199) == 660
    assert told.longest(LIFE, T0 + 7200) == 2 * 3600 + 60
    assert told.longest("00000000", T0 + 9000) == 660
    assert silences((T0, 10)).longest(LIFE, T0) == 660


def test_a_scale_that_reports_each_half_hour() -> None:
    """As much of the day is measured as with any other."""
    grams = (0, 2000, 2000, 5500, 5500)
    rows = [Sample(T0 + 1800 * n, g, None, LIFE, n, 0) for n, g in enumerate(grams)]
    platform = Platform(0, False)
    assert derive(platform, rows).covered == []
    slow = replace(platform, silences=silences((T0, 1800)))
    assert derive(slow, rows).covered == [(T0, T0 + 4 * 1800)]


@pytest.mark.each_engine
def test_what_births_tell_is_kept_where_it_changes(store: Store) -> None:
    for boot, every_s in enumerate((300, 300, 900, None, 900)):
        birth = Birth(LIFE, boot, T0 + boot, 1, 0, b"{}", every_s=every_s)
        store.add(Batch(births=[("qy-fs01", "fs-01", birth)]), T0)
    told = report_intervals.of_devices(store.database)
    assert told == {"qy-fs01": {LIFE: ((0, 300), (T0 + 2, 900))}}
    assert report_intervals.of_devices(store.database, "qy-fs01") == told
    assert report_intervals.of_devices(store.database, "qy-jt01") == {}
    assert report_intervals.latest(store.database) == {"qy-fs01": 900}


@pytest.mark.each_engine
def test_older_firmware_is_left_as_it_was(store: Store) -> None:
    """What a board tells after an update over the air is not true of the time before it."""
    for boot, every_s in enumerate((None, None, 3600)):
        birth = Birth(LIFE, boot, T0 + boot, 1, 0, b"{}", every_s=every_s)
        store.add(Batch(births=[("qy-fs01", "fs-01", birth)]), T0)
    assert report_intervals.of_devices(store.database)["qy-fs01"] == {LIFE: ((T0 + 2, 3600),)}


@pytest.mark.parametrize("every_s", [0, 86_401, 1e300, True, "300", -5])
def test_a_birth_that_tells_nonsense(every_s: object) -> None:
    body = {"life": LIFE, "boot": 0, "up": 5, "every_s": every_s}
    with pytest.raises(Rejected, match=r"every_s: expected a whole number from 1 to 86400"):
        births.birth(json.dumps(body).encode(), T0)


@pytest.mark.parametrize(
    "settings", [{}, {"report": {"every_s": 1800}}, {"power": {"mode": "cycle"}}]
)
def test_a_real_board_is_worth_the_same(
    settings: dict[str, object], tmp_path: Path, broker: Broker
) -> None:
    """Bins without a scale: always awake, seldom reporting, asleep for most of the time."""
    site = SimpleSite(tmp_path)
    site.configure(channels=[FILL], **settings)
    (tmp_path / "bins.csv").write_text(BINS, encoding="utf-8")
    levels = ((0, 800), (2, 600), (4, 300), (6, 950), (8, 600), (10, 250), (12, 950), (14, 950))
    rows: list[Row] = [(h * 3600, "f1", mm) for h, mm in levels]
    site.trace(rows)
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        assert site.board(broker.address).launch().wait(300) == 0, site.log()[-2000:]
        assert ingester.wait_for(20)
    done = qingyun(
        *("rollup", "--db", site.db, "--registry", tmp_path),
        *("--date", "2026-03-03", "--out", tmp_path),
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "daily.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["estimated_collections"] == "2"
    assert float(row["estimated_kg"]) > 60


def silent_min(seen: Seen, now: int) -> float | None:
    """What the rule `silent` measures of one platform."""
    view = SimpleNamespace(platforms=[view_of(Weights.of(seen), now)])
    scene: Any = SimpleNamespace(view=view, now=now)
    ((_, value, _),) = silent(scene)
    return value


def test_a_store_whose_scales_report_seldom_raises_no_alarm() -> None:
    """Until twice its interval and a minute have passed."""
    bin_ = registry.load(ROOT / "registry").platforms()[-1]
    rows = [Sample(T0 + 1800 * n, 20_000, None, LIFE, n, 0) for n in range(3)]
    for told, minutes in ((silences(), 40.0), (silences((T0, 1800)), 0.0)):
        seen = Seen(bin_, derive(Platform(0, False), rows), rows, silences=told)
        assert silent_min(seen, T0 + 3600 + 2400) == minutes
    assert silent_min(seen, T0 + 3600 + 3720) == 62.0

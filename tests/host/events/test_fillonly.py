"""Bins without a scale: emptyings by fill, masses estimated and kept apart."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_board import ROOT

from host import registry, reports, rollup
from host.events.fillonly import (
    BLIND_S,
    CAME_BACK,
    IN_A_GAP,
    MUCH_LEFT,
    ONCE,
    OVER,
    PARTLY,
    SMALL,
    FillSample,
    FillState,
    provisional,
    watch,
)
from host.events.silences import Silences
from host.readings.messages import Reading
from host.rollup import density
from host.store import Batch, Store

T0 = int(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC).timestamp())  # 00:00 in Shanghai
DATE = dt.date(2026, 3, 3)


SCALE = {"coverage"}  # of the bin beside it, which has a scale without readings
BLIND = -1  # what a sensor says of waste that is too near


def series(*fills: int | None, every: int = 300) -> list[FillSample]:
    return [
        FillSample(T0 + every * i, None if f == BLIND else f, "aaaaaaaa", i, 0, f == BLIND)
        for i, f in enumerate(fills)
    ]


def emptied(*fills: int | None, every: int = 300) -> list[tuple[int, int]]:
    found = watch(series(*fills, every=every)).emptyings
    return [(e.before, e.after) for e in found if not e.doubt]


def doubted(*fills: int | None, every: int = 300) -> list[tuple[int, int, str]]:
    found = watch(series(*fills, every=every)).emptyings
    return [(e.before, e.after, e.doubt) for e in found if e.doubt]


def test_a_fall_that_stays_is_an_emptying() -> None:
    assert emptied(700, 710, 20, 25, 30) == [(700, 25)]
    e = watch(series(700, 710, 20, 25, 30)).emptyings[0]
    assert (e.t, e.t_end, e.seq) == (T0 + 300, T0 + 600, 1)


def test_what_is_no_emptying() -> None:
    assert emptied(700, 700, 0, 690, 700) == []  # lifted and put back; or a false echo
    assert emptied(300, 300, 900, 300, 300) == []  # a bag under the sensor
    assert emptied(800, 800, 600, 600, 600) == []  # pressed down
    assert emptied(150, 150, 0, 0, 0) == []  # too little to tell
    assert doubted(150, 150, 0, 0, 0) == [(150, 0, SMALL)]
    assert doubted(70, 70, 0, 0, 0) == []
    assert doubted(240, 240, 0, 90, 120) == [(240, 0, SMALL)]  # filled again already
    assert emptied(800, 800, None, None, 800, 800) == []


def test_a_fall_across_a_gap_may_be_anything() -> None:
    samples = series(700, 700, 10, 10, 10)
    later = [FillSample(s.t + 3_600 * (s.seq > 1), s.fill, s.life, s.seq, 0) for s in samples]
    (found,) = watch(later).emptyings
    assert (found.before, found.after, found.doubt) == (700, 10, IN_A_GAP)
    assert found.hidden == 300  # more may have come before it was emptied


def test_an_over_full_bin_is_blind() -> None:
    full = [600, 800, 925]
    assert emptied(*full, BLIND, BLIND, BLIND, 60, 60) == [(1000, 60)]
    (found,) = watch(series(*full, BLIND, BLIND, BLIND, 60, 60)).emptyings
    assert found.hidden == OVER
    # As long as the time without a distance is no gap, the emptying stands on what was before.
    assert emptied(*full, BLIND, 60, 60) == [(800, 60)]
    # A hand before the sensor, a broken sensor of an empty bin, one that echoes in between.
    assert emptied(300, 300, 900, BLIND, 300, 300) == []
    assert emptied(100, 100, *[BLIND] * 20, 100, 100) == []
    assert emptied(*full, BLIND, BLIND, None, BLIND, 60, 60) == [(1000, 60)]


def test_a_sensor_that_stays_blind_is_not_believed_for_ever() -> None:
    found = watch(series(800, 925, *[BLIND] * 400))
    assert found.covered == [(T0, T0 + 300 * 2 + BLIND_S)]
    assert found.fullest == 1000


def test_an_old_sensor_shows_far_when_too_near() -> None:
    far = [800, 925, *[60] * 6, 987, 987]
    assert emptied(*far) == []
    assert doubted(*far) == [(800, 60, CAME_BACK)]
    assert emptied(*far, 987, 60, 60) == [(987, 60)]
    assert emptied(*far, *[60] * 6, 980, 980, 970, 60, 60) == [(970, 60)]
    # It is filled again bit by bit, or a hand is before the sensor for one reading.
    assert emptied(800, 925, 60, 60, 300, 500, 700, 900, 900) == [(800, 60)]
    assert emptied(800, 925, 60, 60, 900, 60, 300, 300, 300) == [(800, 60)]
    # After a gap that was too short to fill the bin, and after a longer one.
    for gap_s, n in ((1800, 0), (7200, 1)):
        samples = series(*far)
        later = [replace(s, t=s.t + gap_s * (s.seq > 7)) for s in samples]
        assert len([e for e in watch(later).emptyings if not e.doubt]) == n


def test_hands_leave_more_than_a_truck() -> None:
    (truck,) = watch(series(800, 800, 150, 150)).emptyings
    (hands,) = watch(series(800, 800, 250, 250)).emptyings
    assert (truck.doubt, truck.unsure, hands.doubt, hands.unsure) == ("", "", "", MUCH_LEFT)


def test_half_of_it_gone_is_no_emptying_and_told() -> None:
    assert emptied(800, 800, 500, 500, 480) == []
    assert doubted(800, 800, 500, 500, 480) == [(800, 500, PARTLY)]
    assert doubted(800, 800, 500, 800, 800) == []
    assert emptied(800, 800, 500, 500, 60, 60) == [(500, 60)]
    assert doubted(800, 800, 500, 60, 60, 60) == [(800, 500, PARTLY)]


def test_a_fill_seen_once_before_a_fall_is_not_believed_nor_hidden() -> None:
    after_a_gap = [replace(s, t=s.t + 1800 * (s.seq > 1)) for s in series(60, 60, 800, 60, 60)]
    (found,) = watch(after_a_gap).emptyings
    assert (found.before, found.after, found.doubt) == (800, 60, ONCE)


def test_what_may_have_come_before_a_late_look() -> None:
    slow = Silences({"aaaaaaaa": ((0, 3600),)})
    (found,) = watch(series(300, 450, 50, 50, every=3600), None, slow).emptyings
    assert (found.before, found.hidden) == (300, 300)
    (found,) = watch(series(300, 450, 50, 50)).emptyings
    assert (found.before, found.hidden) == (300, 0)


def test_several_a_day() -> None:
    assert emptied(500, 500, 0, 0, 300, 600, 650, 40, 40) == [(500, 0), (600, 40)]


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.just(BLIND), st.integers(0, 1050)), max_size=60),
    st.integers(0, 60),
    st.randoms(use_true_random=False),
)
def test_order_repetition_and_split(fills: list[int | None], cut: int, draw: random.Random) -> None:
    samples = series(*fills)
    whole = watch(samples).emptyings
    mixed = samples + draw.choices(samples, k=5) if samples else []
    draw.shuffle(mixed)
    assert watch(mixed).emptyings == whole
    state = FillState()
    parts = [watch(part, state).emptyings for part in (samples[:cut], samples[cut:])]
    assert parts[0] + parts[1] + provisional(state) == whole
    assert all(e.before > e.after >= 0 for e in whole)


def test_mass_by_hand() -> None:
    # 0.240 m³ x 70 % x 175 kg/m³ = 29.4 kg; ± 12.6 kg by the density (100..250), and
    # ± 2.1 kg for each fill.
    grams, off = density.estimate(density.Density(100, 175, 250), 240, 700)
    assert grams == 29_400
    assert off == int((12_600**2 + 2 * 2_100**2) ** 0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example registry with one more board at fs-01: bins without a scale."""
    out = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", out)
    with (out / "devices.csv").open("a") as file:
        file.write("qy-fill1,fs-01\n")
    with (out / "bins.csv").open("a") as file:
        file.write("fs-01-f1,fs-01,qy-fill1,,f1,干垃圾,240,,wheelie,,\n")
        file.write("fs-01-f2,fs-01,qy-fill1,,f2,有害垃圾,120,9.3,wheelie,,\n")
    return out


def test_estimates_stand_beside_what_was_measured(folder: Path, tmp_path: Path) -> None:
    known = registry.load(folder)
    assert [b.bin for b in known.fill_only()] == ["fs-01-f1", "fs-01-f2"]
    assert len(known.platforms()) == 10
    store = Store(tmp_path / "q.db", create=True)
    fills = [720] * 4 + [20] * 4
    made = [
        Reading("bbbbbbbb", i, 0, T0 + 300 * i, None, {"f1": f, "f2": f}, {})
        for i, f in enumerate(fills)
    ]
    store.add(Batch(readings=[("qy-fill1", "fs-01", r) for r in made]), T0)
    rows = rollup.roll(store, known, DATE, densities=density.load(folder)).rows
    dry = next(r for r in rows if (r.site, r.stream) == ("fs-01", "干垃圾"))
    assert (dry.estimated_g, dry.estimated_collections) == (29_400, 1)
    assert (dry.collected_g, dry.collections, dry.bins, dry.covered_s) == (0, 0, 1, 0)
    harmful = next(r for r in rows if (r.site, r.stream) == ("fs-01", "有害垃圾"))
    assert (harmful.estimated_g, harmful.estimated_collections) == (0, 1)  # no density
    lines = reports.district_lines(DATE, rows)
    totals = {(x[1], x[2], x[4]): x[3] for x in lines}
    assert totals["松江区", "清运量（投放点实测）", "t"] == "—"
    assert totals["松江区", reports.ESTIMATED, "t"] == "0.029400"
    note = next(str(x[6]) for x in lines if x[2] == reports.ESTIMATED)
    assert "估算值 ±0.01294" in note
    assert "不计入" in note


def rolled(
    folder: Path, tmp_path: Path, fills: list[int], date: dt.date = DATE
) -> tuple[rollup.DailyRow, list[tuple[object, ...]]]:
    """干垃圾 of fs-01 on a day, and the lines of the district; a reading each 300 s from the day's
    first second on."""
    store = Store(tmp_path / "q.db", create=True)
    made = [
        Reading(
            *("bbbbbbbb", i, 0, T0 + 300 * i, None),
            {} if f == BLIND else {"f1": f},
            {"f1": "blind"} if f == BLIND else {},
        )
        for i, f in enumerate(fills)
    ]
    store.add(Batch(readings=[("qy-fill1", "fs-01", r) for r in made]), T0)
    rows = rollup.roll(store, registry.load(folder), date, densities=density.load(folder)).rows
    store.close()
    row = next(r for r in rows if (r.site, r.stream) == ("fs-01", "干垃圾"))
    return row, reports.district_lines(date, rows)


def test_the_figures_of_an_over_full_bin(folder: Path, tmp_path: Path) -> None:
    """Into the night, over midnight: the emptying belongs to the day on which it began."""
    fills = [*range(100, 950, 10), *[BLIND] * 230, *[50] * 10]
    row, _ = rolled(folder, tmp_path, fills)
    assert (row.estimated_collections, set(row.flags), row.full) == (
        0,
        SCALE | {"fill"},
        1,
    )  # blind for 17 h
    (tmp_path / "q.db").unlink()
    fills = [*range(100, 950, 5), *[BLIND] * 50, *[50] * 80]
    row, _ = rolled(folder, tmp_path, fills)
    assert (row.estimated_collections, set(row.flags), row.full) == (1, SCALE, 1)
    # 240 l x 95 % x 175 kg/m³; ± 75 kg/m³, ± 5 points twice, and 240 l x 25 % x 250 kg/m³.
    assert row.estimated_g == 39_900
    assert row.estimated_off_g == int((17_100**2 + 2 * 2_100**2) ** 0.5) + 15_000


def test_what_is_in_doubt_is_in_the_uncertainty(folder: Path, tmp_path: Path) -> None:
    row, lines = rolled(folder, tmp_path, [*[790] * 20, *[60] * 20, *[990] * 260])
    assert (row.estimated_collections, row.estimated_g) == (0, 0)
    assert set(row.flags) == SCALE | {"doubt"}
    # 240 l x 73 % x 175 kg/m³ are 30.660 kg; ± 13.140 kg by the density, ± 2.1 kg for each fill.
    assert row.estimated_off_g == 30_660 + int((13_140**2 + 2_969**2) ** 0.5)
    (line,) = [x for x in lines if x[2] == reports.ESTIMATED and x[1] == "松江区"]
    assert (line[3], line[6]) == ("0.000000", "估算值 ±0.044131 t，0 次，不计入实测清运量")


def test_an_office_has_its_own_densities(folder: Path) -> None:
    text = "stream,low_kg_m3,typical_kg_m3,high_kg_m3\n干垃圾,90,110,130\n"
    (folder / "densities.csv").write_text(text, encoding="utf-8")
    assert density.load(folder) == {"干垃圾": density.Density(90, 110, 130)}
    (folder / "densities.csv").write_text(text.replace("110", "210"), encoding="utf-8")
    with pytest.raises(registry.RegistryError, match=r"densities.csv:2: typical_kg_m3: expected"):
        density.load(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,fs-01,qy-fill1,,,干垃圾,240,,wheelie,,", "channel: expected w followed by a number"),
        ("x,fs-01,qy-fill1,,g1,干垃圾,240,,wheelie,,", "fill_channel: expected f followed"),
        ("x,fs-01,qy-fill1,,f1,干垃圾,240,,wheelie,,", "fill_channel: expected a value not used"),
        ("x,fs-01,qy-fill1,,f3,干垃圾,,,wheelie,,", "volume_l: expected a number from 1"),
        ("x,fs-01,qy-fill1,,f3,干垃圾,240,,platform,,", "container: expected wheelie"),
        ("x,fs-01,qy-fill1,w1,f3,干垃圾,240,,wheelie,150,0.05", "tare_kg: expected a number"),
    ],
)
def test_mistakes_in_such_a_line(folder: Path, line: str, said: str) -> None:
    with (folder / "bins.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(registry.RegistryError, match=said):
        registry.load(folder)

"""What is usually lost on the way: from the trips, within what is registered."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from bench_reconcile import district

from host.reconcile import losses, robust
from host.reconcile.groups import by_stream, groups, streams_of
from host.reconcile.losses import ASSUMED, Bounds
from host.reconcile.model import Kind, Load
from host.reconcile.month import Reconciled, reconcile
from host.registry import RegistryError

WET, DRY = "湿垃圾", "干垃圾"
DAY = dt.date(2026, 3, 31)


@pytest.fixture(scope="module")
def made() -> district.District:
    """A month in which nothing is wrong that the district's maker knows of."""
    return district.make(10, 12, 1, 7_003)


def done(
    made: district.District, loads: list[Load], bounds: Mapping[str, Bounds] = ASSUMED
) -> Reconciled:
    return reconcile(
        made.collections, made.lifts, loads, measured=made.measured, town_of=made.town_of,
        start=district.START, end=made.end, bounds=bounds,
    )  # fmt: skip


def scaled(loads: list[Load], share: float) -> list[Load]:
    """Wet loads of which so much less arrives."""
    return [w._replace(grams=round(w.grams * (1 - share))) if w.stream == WET else w for w in loads]


def test_water_that_may_be_lost_closes(made: district.District) -> None:
    """The mean of the trips, and its uncertainty; a month of the stream closes by it and not by the
    masses as they are."""
    found = done(made, scaled(made.loads, 0.02))
    loss = found.losses[WET]
    known = done(made, made.loads).losses[WET]
    assert loss.share == pytest.approx(known.share + 0.02, abs=0.002) and loss.n > 30
    assert 0.0005 < loss.error < 0.01
    loads = scaled(made.loads, 0.02)
    wet = groups(found, made.collections, loads, by_stream(streams_of(loads)), lambda _: True)[
        (WET,)
    ]
    assert wet.arrives is not None and wet.trucks is not None
    assert wet.arrives.grams == pytest.approx(wet.trucks.grams * (1 - loss.share), rel=1e-6)
    assert not [f for f in found.findings if f.kind is Kind.STREAM_LOSS]


def test_more_than_may_be_is_named_and_does_not_close(made: district.District) -> None:
    """All trucks together: no other truck tells of it, what is registered does."""
    loads = scaled(made.loads, 0.09)
    found = done(made, loads)
    assert found.losses[WET].share == ASSUMED[WET].high
    assert found.losses[WET].beyond > 0.02
    named = [f for f in found.findings if f.kind is Kind.STREAM_LOSS]
    assert [f.subject for f in named] == [WET] and named[0].value < -0.08
    wet = groups(found, made.collections, loads, by_stream(streams_of(loads)), lambda _: True)[
        (WET,)
    ]
    assert wet.verdicts[1] is False
    wider = done(made, loads, bounds=dict(ASSUMED) | {WET: Bounds(0.0, 0.2)})
    assert not [f for f in wider.findings if f.kind is Kind.STREAM_LOSS]


def test_of_too_few_trips_it_is_what_may_be(made: district.District) -> None:
    first = made.loads[:3]
    loss = done(replace(made, lifts=made.lifts[:300]), first).losses[WET]
    assert loss.n == 0 and loss.share == pytest.approx(0.025)
    # 95 % of a rectangle from -1 to 6 %.
    assert 1.96 * loss.error == pytest.approx(0.95 * 0.035, rel=1e-3)


def test_the_order_changes_nothing(made: district.District) -> None:
    loads = list(made.loads)
    random.Random(3).shuffle(loads)  # noqa: S311
    assert done(made, loads).losses == done(made, made.loads).losses


def test_rows_of_the_registry(tmp_path: Path) -> None:
    assert losses.load(tmp_path, DAY) == ASSUMED
    file = tmp_path / losses.FILE
    head = "stream,low_percent,high_percent,from,source\n"
    file.write_text(
        head + "湿垃圾,0,8,2026-01-01,称重试验\n湿垃圾,0,12,2026-06-01,夏季\n", encoding="utf-8"
    )
    assert losses.load(tmp_path, DAY)[WET] == Bounds(0.0, 0.08)
    assert losses.load(tmp_path, dt.date(2026, 7, 1))[WET] == Bounds(0.0, 0.12)
    assert losses.load(tmp_path, DAY)[DRY] == ASSUMED[DRY]
    for row, said in (
        ("湿,0,8,,x", "stream: expected one of"),
        ("湿垃圾,a,8,,x", "low_percent: expected a number from -20 to 50"),
        ("湿垃圾,5,4,,x", "high_percent: expected a number from low_percent to 50"),
        ("湿垃圾,0,8,2026-02-30,x", "from: expected a date that there is"),
        ("湿垃圾,0,8,,", "source: expected a text"),
    ):
        file.write_text(head + row + "\n", encoding="utf-8")
        with pytest.raises(RegistryError, match="losses.csv:2: " + said):
            losses.load(tmp_path, DAY)
    twice = "湿垃圾,0,8,{0},x\n湿垃圾,0,12,{0},y\n"
    for since in ("", "2026-01-01"):  # which of two holds is nobody's guess
        file.write_text(head + twice.format(since), encoding="utf-8")
        with pytest.raises(RegistryError, match=r"losses\.csv:3: from: expected another day"):
            losses.load(tmp_path, DAY)


def test_of_five_trucks_their_own_trips_say_how_sure_the_median_is() -> None:
    """Of five values a median absolute deviation is often far from what it should be."""
    luck = random.Random(5)  # noqa: S311
    squares, told = 0.0, []
    for _ in range(400):
        means = [luck.gauss(0.08, 0.005) for _ in range(5)]
        errors = [0.005] * 5
        value, error = robust.median_of(means, errors, robust.beyond(means, errors))
        squares += (value - 0.08) ** 2
        told.append(error)
    true = math.sqrt(squares / len(told))
    assert all(0.95 * true <= e for e in told)
    assert sum(e <= 2 * true for e in told) >= 0.95 * len(told)
    assert sum(robust.middle([luck.gauss(0, 1) for _ in range(5)])[1] < 0.3 for _ in told) > 40

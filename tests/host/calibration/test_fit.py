"""The fit, what R 76 says of it, and what a mis-typed weight looks like."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from host.calibration.fit import Fit, NoFit, Point, judge, limit_e, line, suspects
from host.calibration.session import _calibration
from host.common.local_days import LOCAL

E, MAX, SCALE, ZERO = 0.05, 150.0, 21000.0, 84213


def points(*weights: float, scale: float = SCALE, c: float | None = None) -> list[Point]:
    """Points as a good platform gives them, some counts of noise in them."""
    noise = (7, -11, 3, 12, -9, 5)
    return [
        Point(kg, round(ZERO + scale * kg) + n, c) for kg, n in zip(weights, noise, strict=False)
    ]


@pytest.mark.parametrize(
    ("kg", "limit"), [(0, 0.5), (25, 0.5), (25.05, 1), (100, 1), (100.05, 1.5), (150, 1.5)]
)
def test_maximum_permissible_errors(kg: float, limit: float) -> None:
    assert limit_e(kg, E) == limit


def test_a_good_platform_passes() -> None:
    verdict = judge(points(0, 20, 50, 100), E, MAX, SCALE)
    assert verdict.passed and verdict.notes == []
    assert verdict.fit.counts_per_kg == pytest.approx(SCALE, rel=1e-5)
    assert all(abs(r.e) < 0.05 for r in verdict.residuals)


@pytest.mark.parametrize("weights", [(0, 20, 50, 100), (0, 20, 50), (0, 5, 20, 50, 100, 120)])
def test_each_single_wrong_weight_is_named(weights: tuple[float, ...]) -> None:
    good = points(*weights)
    for i, wrong in ((1, 25.0), (2, 5.5), (len(weights) - 1, 70.0)):
        typed = [*good]
        typed[i] = replace(good[i], kg=wrong)
        verdict = judge(typed, E, MAX, SCALE * 1.005)
        assert not verdict.passed
        assert verdict.notes[0].startswith(f"point {i + 1} does not fit: {wrong:g} kg was typed")
        (suspect,) = suspects(typed, E, SCALE * 1.005)
        assert suspect.kg == pytest.approx(good[i].kg, abs=0.01)


def test_three_points_of_a_platform_nobody_knows_yet() -> None:
    typed = points(0, 20, 50)
    typed[1] = replace(typed[1], kg=25)
    verdict = judge(typed, E, MAX, 5000.0)
    assert not verdict.passed
    assert verdict.notes[0].startswith("one of the points 2 (25 kg) or 3 (50 kg) does not fit")


def test_weights_that_changed_places() -> None:
    good = points(0, 20, 50, 100)
    typed = [good[0], replace(good[1], kg=50), replace(good[2], kg=20), good[3]]
    verdict = judge(typed, E, MAX, SCALE)
    assert verdict.notes[0] == "points 2 and 3 fit when 50 kg and 20 kg change places"


def test_two_points_prove_little() -> None:
    assert judge(points(0, 100), E, MAX, SCALE).passed
    wrong = [points(0)[0], replace(points(0, 100)[1], kg=10)]
    verdict = judge(wrong, E, MAX, SCALE)
    assert not verdict.passed
    assert "209998 counts per kg, 21000 until now" in verdict.notes[1]
    with pytest.raises(NoFit, match="two different weights"):
        line(points(20, 20))
    with pytest.raises(NoFit, match="make no difference"):
        line([Point(0, 5), Point(100, 6)])


def test_both_coefficients_from_two_temperatures(figure: Callable[[str], None]) -> None:
    true = Fit(ZERO, SCALE, 12.0, 190.0, -9.0)

    def at(c: float) -> list[Point]:
        out = []
        for kg, noise in ((0, 8), (20, -12), (50, 4), (100, -6)):
            warmer = c - 12
            span = SCALE * (1 - 9e-6 * warmer)
            out.append(Point(kg, round(ZERO + 190 * warmer + span * kg) + noise, c))
        return out

    verdict = judge(at(31.0), E, MAX, SCALE, at(8.0))
    assert verdict.passed
    assert verdict.fit.t_c == 31.0
    assert verdict.fit.zero_per_c == pytest.approx(190, abs=2)
    assert verdict.fit.span_ppm_per_c == pytest.approx(-9, abs=1.5)
    worst = max(
        abs(verdict.fit.kg(ZERO + 190 * (c - 12) + SCALE * (1 - 9e-6 * (c - 12)) * kg, c) - kg)
        for c in (-5, 8, 20, 31, 40)
        for kg in (0, 75, 150)
    )
    assert worst < 0.5 * E
    assert true.kg(ZERO + 190 * 8 + SCALE * (1 - 72e-6) * 50, 20) == pytest.approx(50)
    figure(f"temperature from sessions at 8 and 31 degC: at most {worst * 1000:.1f} g off, -5…40")
    with pytest.raises(NoFit, match="less than 5 apart"):
        judge(at(10), E, MAX, SCALE, at(12))
    with pytest.raises(NoFit, match="thermometer"):
        judge(at(10), E, MAX, SCALE, points(0, 20))


def test_its_day_is_that_of_shanghai(monkeypatch: pytest.MonkeyPatch) -> None:
    """At any moment at least one of these zones has another day."""
    found = points(0, 20, 50, 100)
    verdict = judge(found, E, MAX, SCALE)
    for zone in ("Etc/GMT+12", "Etc/GMT-14"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        before = dt.datetime.now(LOCAL).date()
        made = _calibration(verdict, found)["date"]
        assert made in (str(before), str(dt.datetime.now(LOCAL).date()))
    monkeypatch.undo()
    time.tzset()

"""Keys pressed at an instrument: no deposit, no collection, and told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from series import BIN, T0, Series

from host.events import Kind, Sample, derive
from host.events.balance import day_balance
from host.events.limits import FROZEN_N

DAY = 86_400


@pytest.mark.parametrize("key", ["tared", "zeroed", "unit"])
def test_a_key_is_no_event_and_flags_the_day(key: str) -> None:
    s = Series(40_000).rest(7200)
    s.samples.append(Sample(s.t + 5, None, key, "aaaaaaaa", len(s.samples), 0))
    s.t += 10
    s.rest(7200)
    out = derive(BIN, s.samples)
    assert out.events == [] and [f.kind for f in out.flags] == [key]
    balance = day_balance(BIN, out, T0, T0 + DAY)
    assert (balance.deposited, balance.collected, balance.unattributed) == (0, 0, 0)
    assert key in balance.flags  # however short it was


def test_a_bin_that_was_tared_and_emptied_meanwhile_is_no_collection_without_its_fill() -> None:
    s = Series(40_000).rest(600)
    for _ in range(3):
        s.samples.append(Sample(s.t + 5, None, "tared", "aaaaaaaa", len(s.samples), 0))
        s.t += 300
    s.grams = BIN.tare_g
    out = derive(BIN, s.rest(600).samples)
    assert {e.kind for e in out.events} == {Kind.UNATTRIBUTED}


def test_an_instrument_that_stands_at_one_division_all_night_is_not_frozen() -> None:
    s = Series(40_000).rest(300 * FROZEN_N * 3)
    assert [f.kind for f in derive(BIN, s.samples).flags] == ["frozen"]
    shown = replace(BIN, shown=True)
    out = derive(shown, s.samples)
    assert out.flags == [] and out.covered == derive(BIN, s.samples).covered
    s.step(2_000)
    assert [(e.kind, e.grams) for e in derive(shown, s.rest(9000).samples).events] == [
        (Kind.DEPOSIT, 2_000)
    ]

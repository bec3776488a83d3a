"""Steps of days as they are stored."""

from __future__ import annotations

import zlib

import msgspec
import pytest
from named_events import packed
from series import BIN, T0
from series import Series as Board

from host.common.local_days import bounds, local_day
from host.events import Sample, advance, fresh
from host.rollup import packing
from host.rollup.folds import Scale

DAY = local_day(T0)


def _two_days() -> list[list[Sample]]:
    board = Board(30_000)
    board.fill = 400
    for _ in range(9):
        board.step(2_000, 3_000)
    board.to(20, 3_000).to(13_500, 60).step(1_500, 80_000)
    t1 = bounds(DAY)[1]
    return [[s for s in board.samples if (s.t < t1) is first] for first in (True, False)]


def test_events_that_an_earlier_version_packed_are_read() -> None:
    """With the names of their fields, as 0.2.0 did."""
    first, _ = _two_days()
    _, outcome = advance(BIN, fresh(BIN), first)
    events = outcome.events
    assert len(events) > 5
    old = packed(events)
    assert packing.unpack(old) == packing.unpack(packing.pack(events)) == events
    assert len(packing.pack(events)) < 0.8 * len(old)


def test_a_damaged_row_is_no_other_event() -> None:
    first, _ = _two_days()
    _, outcome = advance(BIN, fresh(BIN), first)
    body = packing.pack(outcome.events)
    for i in range(8, 8 * len(body)):
        damaged = bytearray(body)
        damaged[i // 8] ^= 1 << i % 8
        with pytest.raises((zlib.error, msgspec.DecodeError)):
            packing.unpack(bytes(damaged))
    with pytest.raises(zlib.error):
        packing.unpack(body[:-1])


def test_a_stored_step_says_what_it_said_when_it_was_made() -> None:
    first, second = _two_days()
    fold = Scale(BIN)
    a = fold.step(None, DAY, first)
    b = fold.step(a, DAY + 1, second)
    made = [fold.figure(day, x, s, True) for day, x, s in ((DAY, None, [a, b]), (DAY + 1, a, [b]))]
    fold = Scale(BIN)
    read = [fold.figure(day, x, s, True) for day, x, s in ((DAY, None, [a, b]), (DAY + 1, a, [b]))]
    assert [(f.facts, f.events) for f in made] == [(f.facts, f.events) for f in read]
    assert made[0].events
    assert made[1].events

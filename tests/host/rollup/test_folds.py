"""Steps of days as they are stored."""

from __future__ import annotations

import zlib

import msgspec
from series import BIN, T0
from series import Series as Board

from host.common.local_days import bounds, local_day
from host.events import Sample, advance, fresh
from host.rollup.folds import Scale
from host.store.revision_writer import Step

DAY = local_day(T0)


def _two_days() -> list[list[Sample]]:
    board = Board(30_000)
    board.fill = 400
    for _ in range(9):
        board.step(2_000, 3_000)
    board.to(20, 3_000).to(13_500, 60).step(1_500, 80_000)
    t1 = bounds(DAY)[1]
    return [[s for s in board.samples if (s.t < t1) is first] for first in (True, False)]


def test_steps_of_an_earlier_version_give_the_same_figures() -> None:
    first, second = _two_days()
    fold = Scale(BIN)
    a = fold.step(None, DAY, first)
    b = fold.step(a, DAY + 1, second)
    _, outcome = advance(BIN, fresh(BIN), first)
    outcome.transitions = []
    packed = zlib.compressobj(1, wbits=12, memLevel=4)
    raw = msgspec.msgpack.encode((outcome, 400))
    old = Step(a.day, a.opens, a.state, packed.compress(raw) + packed.flush())
    assert old.found != a.found
    for end, steps in ((True, [a]), (False, [a, b])):
        now = fold.figure(DAY, None, steps, end)
        before = Scale(BIN).figure(DAY, None, [old, *steps[1:]], end)
        assert (now.facts, now.events, now.late) == (before.facts, before.events, before.late)
        assert now.facts[1] == 18_000, "deposited, g"


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

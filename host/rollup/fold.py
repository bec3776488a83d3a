"""The days of one bin, each from a checkpoint at its beginning.

A step is what a day's readings did: the state after them and what became certain with
them. The figures of a day follow from its step and those after it, up to the first whose
state can tell nothing of that day any more; where there is none, from the provisional end.
So readings that come late are gone through for their own day, and for the days after it
only until the state is what it was before."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from ..common.local_days import local_day
from ..store.revision_writer import Facts, Step

Reading_contra = TypeVar("Reading_contra", contravariant=True)


class Stored(Protocol):
    """Where the steps of a bin stand."""

    def before(self, day: int, /) -> Step | None:
        """The last step of a day before that one."""

    def after(self, day: int, /) -> Step | None:
        """The first step of a day after that one."""


class Nothing:
    """Where there are none yet."""

    def before(self, _day: int, /) -> Step | None:
        return None

    def after(self, _day: int, /) -> Step | None:
        return None


class Fold(Protocol[Reading_contra]):
    """What makes steps of the readings of a kind of bin, and figures of steps."""

    def step(self, before: Step | None, day: int, readings: Sequence[Reading_contra]) -> Step:
        """What a day's readings do; before: the step they follow on."""

    def figure(self, day: int, before: Step | None, steps: Sequence[Step], end: bool) -> Figure:
        """What a day came to. steps: from that day on, up to the first that closes it; end:
        none does, and nothing follows."""

    def silent(self, day: int, before: int) -> Facts:
        """What a day comes to of which nothing was told; before: grams that were there."""


class Figure:
    """What a day came to; events: as they are stored, empty where none began. late: when
    the last of them ended."""

    def __init__(self, facts: Facts, events: bytes, late: int) -> None:
        self.facts, self.events, self.late = facts, events, late

    @property
    def closing(self) -> int:
        return int(self.facts[5] or 0)


class Chain:
    """The steps of one bin: those that are stored, and over them those made now."""

    def __init__(self, fold: Fold[Any], stored: Stored) -> None:
        self._fold = fold
        self._stored = stored
        self._seen: dict[int, Step] = {}
        self._before: dict[int, int | None] = {}  # what was answered, by what was asked
        self._after: dict[int, int | None] = {}
        self.made: dict[int, Step | None] = {}  # None: the day has none any more
        self._days: list[int] = []  # of those made

    def before(self, day: int) -> Step | None:
        """The last step of a day before that one."""
        return self._next(day, self._before, self._stored.before, -1)

    def after(self, day: int) -> Step | None:
        """The first step of a day after that one."""
        return self._next(day, self._after, self._stored.after, 1)

    def at(self, day: int) -> Step | None:
        """The step of a day."""
        found = self.after(day - 1)
        return found if found is not None and found.day == day else None

    def _next(
        self, day: int, cache: dict[int, int | None], ask: Callable[[int], Step | None], way: int
    ) -> Step | None:
        """From the day on that way: whichever is nearer of those stored and those made."""
        while True:
            if day not in cache:
                step = ask(day)
                cache[day] = None if step is None else step.day
                if step is not None:
                    self._seen[step.day] = step
            near = cache[day]
            i = bisect_right(self._days, day) if way > 0 else bisect_left(self._days, day) - 1
            made = self._days[i] if 0 <= i < len(self._days) else None
            if made is None or (near is not None and way * near < way * made):
                return None if near is None else self._seen[near]
            if (step := self.made[made]) is not None:
                return step
            day = made  # it has none any more: go on behind it

    def _put(self, day: int, step: Step | None) -> None:
        if day not in self.made:
            insort(self._days, day)
        self.made[day] = step

    def absorb(self, dirty: Iterable[int], read: Callable[[int], Sequence[Any]]) -> set[int]:
        """Go through the readings of these days, and of those after them as far as the
        state is another than before; the days whose figures may be others now."""
        todo = sorted(set(dirty), reverse=True)
        affected: set[int] = set()
        while todo:
            day = todo.pop()
            last = self.before(day)
            since = min(day, local_day(last.opens)) if last else day
            changed = True
            while changed:
                old = self.at(day)
                if readings := read(day):
                    last = self._fold.step(last, day, readings)
                    self._put(day, last)
                elif old is not None:
                    self._put(day, None)
                affected.update(range(since, day + 1))
                after = last.state if last else b""
                changed = after != old.state if old else bool(readings)
                following = self.after(day)
                if following is not None and (not todo or following.day < todo[-1]):
                    day = following.day
                elif todo and changed:
                    day = todo.pop()
                else:
                    break
        return affected

    def figure(self, day: int, t1: int) -> Figure:
        """What a day came to that ends at t1, by everything that is known."""
        steps = []
        step = self.after(day - 1)
        while step is not None:
            steps.append(step)
            if step.opens >= t1:
                break
            step = self.after(step.day)
        return self._fold.figure(day, self.before(day), steps, step is None)

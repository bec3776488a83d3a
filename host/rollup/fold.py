"""The days of one bin, each computed from a checkpoint at its beginning.

A step holds what a day's readings did: the state after them and the events that became
certain. The figures of a day follow from its step and later ones, up to the first whose state
no longer depends on that day; where there is none, from the provisional end. So late readings
are computed for their own day, and for later days only until the state is as before."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from ..common.local_days import local_day
from ..store.revision_writer import Facts, Step

Reading_contra = TypeVar("Reading_contra", contravariant=True)


class Stored(Protocol):
    """Stored steps of a bin."""

    def before(self, day: int, /) -> Step | None:
        """The step of the last day before `day` that has one."""

    def after(self, day: int, /) -> Step | None:
        """The step of the first day after `day` that has one."""


class Nothing:
    """No stored steps."""

    def before(self, _day: int, /) -> Step | None:
        return None

    def after(self, _day: int, /) -> Step | None:
        return None


class Fold(Protocol[Reading_contra]):
    """Computes steps from readings, and figures from steps, for one kind of bin."""

    def step(self, before: Step | None, day: int, readings: Sequence[Reading_contra]) -> Step:
        """The step of a day; before: the step before it, None for the first."""

    def figure(self, day: int, before: Step | None, steps: Sequence[Step], end: bool) -> Figure:
        """The figures of a day. steps: from that day on, up to the first that closes it;
        end: no step closes it, so its end is provisional."""

    def silent(self, day: int, before: int) -> Facts:
        """The figures of a day without readings; before: net g at its beginning."""


class Figure:
    """The figures of a day. events: as they are stored; empty where none began. late: when
    the last of them ended (Unix seconds)."""

    def __init__(self, facts: Facts, events: bytes, late: int) -> None:
        self.facts, self.events, self.late = facts, events, late

    @property
    def closing(self) -> int:
        return int(self.facts[5] or 0)


class Chain:
    """The steps of one bin: stored ones, and those computed now in their place."""

    def __init__(self, fold: Fold[Any], stored: Stored) -> None:
        self._fold = fold
        self._stored = stored
        self._seen: dict[int, Step] = {}
        self._before: dict[int, int | None] = {}  # day asked for -> day of the answer
        self._after: dict[int, int | None] = {}
        self.made: dict[int, Step | None] = {}  # None: the day has no step any more
        self._days: list[int] = []  # days in made, rising

    def before(self, day: int) -> Step | None:
        """The step of the last day before `day` that has one."""
        return self._next(day, self._before, self._stored.before, -1)

    def after(self, day: int) -> Step | None:
        """The step of the first day after `day` that has one."""
        return self._next(day, self._after, self._stored.after, 1)

    def at(self, day: int) -> Step | None:
        """The step of a day; None where it has none."""
        step = self.after(day - 1)
        return step if step is not None and step.day == day else None

    def _next(
        self, day: int, cache: dict[int, int | None], ask: Callable[[int], Step | None], way: int
    ) -> Step | None:
        """The nearest step after (way 1) or before (way -1) a day, stored or made."""
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
            day = made  # this day has no step any more: look behind it

    def _put(self, day: int, step: Step | None) -> None:
        if day not in self.made:
            insort(self._days, day)
        self.made[day] = step

    def absorb(self, dirty: Iterable[int], read: Callable[[int], Sequence[Any]]) -> set[int]:
        """Compute the steps of dirty days, and of later days while their start state differs.

        read: the readings of a day. Returns the days whose figures may differ now."""
        dirty_days = sorted(set(dirty), reverse=True)
        affected: set[int] = set()
        while dirty_days:
            first = dirty_days.pop()
            last = self.before(first)
            since = min(first, local_day(last.opens)) if last else first
            day: int | None = first
            while day is not None:
                last, changed = self._compute(day, last, read(day))
                affected.update(range(since, day + 1))
                day = self._following(day, dirty_days) if changed else None
        return affected

    def _compute(
        self, day: int, before: Step | None, readings: Sequence[Any]
    ) -> tuple[Step | None, bool]:
        """Make the step of a day anew: the last step up to that day, and whether the state
        after it changed."""
        old, last = self.at(day), before
        if readings:
            last = self._fold.step(before, day, readings)
            self._put(day, last)
        elif old is not None:
            self._put(day, None)
        state = last.state if last else b""
        return last, state != old.state if old else bool(readings)

    def _following(self, day: int, dirty_days: list[int]) -> int | None:
        """The next day that has a step or is last in dirty_days, which loses it."""
        step = self.after(day)
        if step is not None and (not dirty_days or step.day < dirty_days[-1]):
            return step.day
        return dirty_days.pop() if dirty_days else None

    def figure(self, day: int, t1: int) -> Figure:
        """The figures of a day that ends at t1 (Unix seconds), by all steps known."""
        steps = []
        step = self.after(day - 1)
        while step is not None:
            steps.append(step)
            if step.opens >= t1:
                break
            step = self.after(step.day)
        return self._fold.figure(day, self.before(day), steps, step is None)

"""The revisions of one bin: its days are computed anew, and figures that differ are kept.

Computed are days whose readings changed, the days after them while their start state differs
(see fold), and all days of a bin whose registry row, corrections or engine version changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..common.local_days import bounds
from ..store import revision_writer
from ..store.database import Database
from ..store.day_revisions import FIRST
from ..store.revision_writer import Entry, PlatformRecord, Touch, Work
from . import packing, restatement_reasons
from .fold import Chain, Figure, Fold, Nothing


class BinReadings(Struct, frozen=True):
    """Readings of one bin. days: all local days that have any; of: those of a day, in the
    form that the bin's fold takes."""

    days: Callable[[], list[int]]
    of: Callable[[int], Sequence[Any]]


class Task(Struct, frozen=True):
    """What to bring up to date.

    record: as stored. current: the record's device and made_with as they are now. touches:
    of the board's days. last: the last day that is due. computed: Unix seconds of this
    update. full: compute every day anew."""

    record: PlatformRecord
    current: PlatformRecord
    touches: Sequence[Touch]
    last: int
    computed: int
    full: bool

    @property
    def void(self) -> bool:
        """Whether no stored step holds any more."""
        return self.full or self.record.made_with != self.current.made_with


def revise(db: Database, task: Task, fold: Fold[Any], readings: BinReadings) -> Work:
    """Steps and figures to be written of a bin."""
    until = max(task.record.booked, task.last)
    stored = revision_writer.Steps(db, task.record)
    chain = Chain(fold, Nothing() if task.void else stored)
    dirty = readings.days() if task.void else [t.day for t in task.touches]
    affected = chain.absorb(dirty, readings.of)
    if task.void:
        held = revision_writer.held(db, task.record, 0, until)
        affected |= set(held)
    else:
        affected |= _due_now(stored, task)
        held = revision_writer.held(db, task.record, min(affected, default=until + 1), until)
    days = sorted(day for day in affected if day <= until)
    work = Work(replace(task.current, booked=until), task.void, chain.made)
    work.entries = _Revisions(db, task, fold, chain).of(days, held)
    return work


def _due_now(stored: revision_writer.Steps, task: Task) -> set[int]:
    """Days after the last booked one up to the last with a step that was made already."""
    first = task.record.booked + 1
    days = stored.days(first, task.last)
    return set(range(first, days[-1] + 1)) if days else set()


class _Revisions:
    """Entries of a bin's days whose figures are new or differ from those held."""

    def __init__(self, db: Database, task: Task, fold: Fold[Any], chain: Chain) -> None:
        self._db, self._task, self._fold, self._chain = db, task, fold, chain
        old, new = task.record.made_with, task.current.made_with
        why = restatement_reasons.changed(old, new) or restatement_reasons.FULL
        self._reason_of_all = why if task.void else ""

    def of(self, days: Sequence[int], held: dict[int, Entry]) -> list[Entry]:
        """days: rising; held: day -> its latest revision."""
        entries: list[Entry] = []
        closing, previous = 0, -1  # g at the end of the day before
        for day in days:
            if day - 1 != previous:
                closing = self._closing_before(day, entries)
            figure = self._chain.figure(day, bounds(day)[1])
            entry = self._entry(day, figure, held.get(day), closing)
            if entry is not None:
                entries.append(entry)
            closing, previous = figure.closing, day
        return entries

    def _entry(self, day: int, figure: Figure, held: Entry | None, opening: int) -> Entry | None:
        """The revision of a day; None where its figures are those held, or nothing was told
        of it and nothing is held."""
        task, figures = self._task, (figure.facts, figure.events)
        if held is None:
            if self._chain.at(day) is None:
                silent = self._fold.silent(day, opening), b""
                if figures == silent:
                    return None
            return Entry(day, 1, task.computed, FIRST, *figures)
        if held.facts == figure.facts and packing.is_same(held.events, figure.events):
            return None
        reason = self._reason_of_all or restatement_reasons.of(day, held, figure, task.touches)
        return Entry(day, held.revision + 1, task.computed, reason, *figures)

    def _closing_before(self, day: int, made: Sequence[Entry]) -> int:
        """Grams at the end of the last day before `day` that has figures."""
        record = self._task.record
        before = revision_writer.last_before(self._db, record, day) if record.id else None
        if made and (before is None or made[-1].day >= before.day):
            before = made[-1]
        return int(before.facts[5] or 0) if before is not None else 0

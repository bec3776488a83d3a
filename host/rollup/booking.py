"""Bringing the book up to date: what is dirty is computed anew, and nothing else.

Dirty are days whose readings were touched since they were booked, the days after them as
far as the state is another (see fold), and bins that are others than those their steps
were made with. What comes to the same figures as before is not written again."""

from __future__ import annotations

import datetime as dt
import gc
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ..common.local_days import bounds, day_of, local_day
from ..registry import Bin, Registry
from ..store import Columns, Store, revision_writer
from ..store.day_revisions import FIRST
from ..store.revision_writer import Account, Entry, Touch, Work
from . import restatement_reasons
from .fold import Chain, Fold, Nothing
from .folds import Filled, Scale
from .scales import fills_of, platforms_of

TOGETHER = 200  # bins in one transaction
CREW_FROM = 400  # bins that are worth other processes
_AT_ONCE = 8  # boards that one of them is given at once
Watched = Callable[[Sequence[Bin]], Iterable[Bin]]


@dataclass(frozen=True)
class Done:
    """bins: looked at; computed: days of bins that were gone through anew; revisions:
    figures written."""

    bins: int = 0
    computed: int = 0
    revisions: int = 0


def update_figures(
    store: Store,
    known: Registry,
    last: dt.date,
    watched: Watched = iter,
    *,
    only: Iterable[Bin] | None = None,
    full: bool = False,
    now: int | None = None,
    jobs: int | None = None,
) -> Done:
    """Bring the figures of each bin up to a day, and of all days that were booked before;
    only: of the boards of these bins. full: from the first reading on. jobs: processes,
    as many as there are cores; a few bins need only this one."""
    store.compact()
    computed = int(time.time()) if now is None else now
    boards = None if only is None else {b.device for b in only}
    while True:
        run = _Run(store, known, day_of(last), computed, full=full)
        found = run.all(watched, boards, jobs or os.cpu_count() or 1)
        if found is not None:
            return found
        full = False  # somebody else wrote meanwhile: what is left is dirty


# Bins of a board, what is to be written of it, days that were gone through.
Made = tuple[list[Bin], list[Work], int]


class Readings:
    """Those of one board, read once for all its bins."""

    def __init__(self, store: Store, device: str) -> None:
        self._store, self._device = store, device
        self._days: dict[int, Columns] = {}
        self._whole = False

    def of(self, day: int) -> Columns:
        if day not in self._days:
            t0, t1 = bounds(day)
            self._days[day] = (
                Columns() if self._whole else self._store.columns(self._device, t0, t1)
            )
        return self._days[day]

    def days(self) -> list[int]:
        """Every day that has any."""
        if not self._whole:
            every = self._store.columns(self._device, 0, 1 << 40)
            t = every.t  # in order
            one = not t or local_day(t[0]) == local_day(t[-1])
            days = dict.fromkeys(map(local_day, t[:1] if one else t))
            self._days, self._whole = {day: every.part(*bounds(day)) for day in days}, True
        return sorted(day for day, found in self._days.items() if len(found))


class _Run:
    def __init__(
        self, store: Store, known: Registry, last: int, computed: int, *, full: bool
    ) -> None:
        self._store, self._db = store, store.database
        self._last, self._computed, self._full = last, computed, full
        self._stamp = revision_writer.stamp(self._db)
        self._registry = known
        self._accounts = revision_writer.accounts(self._db)
        self._on_board = _by_device(self._accounts.values())
        self._touched = revision_writer.touched(self._db)
        self._platforms = platforms_of(known)
        self._corrected = store.calibrations.corrected()
        self._boards: dict[str, list[Bin]] = defaultdict(list)
        for bin_ in (*known.platforms(), *known.fill_only()):
            self._boards[bin_.device].append(bin_)
        self._known = {b.bin for bins in self._boards.values() for b in bins}
        self._days = 0

    def all(self, watched: Watched, boards: set[str] | None, jobs: int) -> Done | None:
        """None: somebody else has written figures meanwhile."""
        todo = [
            bin_
            for device, bins in self._boards.items()
            if boards is None or device in boards
            for bin_ in bins
            if self._is_due(bin_)
        ]
        works: list[Work] = []
        taken: list[int] = []
        written = 0
        steps = iter(watched(todo) if todo else ())
        with closing(self._computed_boards(todo, jobs)) as found:
            for bins, more, days in found:
                for _ in bins:
                    next(steps)
                works += more
                taken += [t.id for t in self._touched.get(bins[0].device, ())]
                self._days += days
                written += sum(len(work.entries) for work in more)
                if len(works) >= TOGETHER:
                    if not self._write(works, taken):
                        return None
                    works, taken = [], []
        if works and not self._write(works, taken):
            return None
        next(steps, None)
        return Done(len(todo), self._days, written)

    def _computed_boards(self, todo: Sequence[Bin], jobs: int) -> Generator[Made, None, None]:
        """Board by board what is to be written; many of them by several processes."""
        boards = [list(bins) for _, bins in groupby(todo, key=lambda b: b.device)]
        if jobs < 2 or len(todo) < CREW_FROM:
            yield from map(self.board, boards)
            return
        tasks = [(bins, self._accounts_of(bins), self._touched_of(bins)) for bins in boards]
        args = self._store.where, self._registry, self._last, self._computed, self._full
        spawn = get_context("spawn")
        with ProcessPoolExecutor(jobs, spawn, initializer=_begin, initargs=args) as crew:
            try:
                yield from crew.map(_board, tasks, chunksize=_AT_ONCE)
            finally:
                crew.shutdown(cancel_futures=True)

    def board(self, bins: list[Bin]) -> Made:
        """What is to be written of bins of one board."""
        device, before = bins[0].device, self._days
        readings = Readings(self._store, device)
        works = [*self._left(device), *(self._bin(bin_, readings) for bin_ in bins)]
        return bins, works, self._days - before

    def given(self, accounts: Sequence[Account], touched: dict[str, list[Touch]]) -> _Run:
        """Of what is booked only this, as whoever asks has seen it."""
        self._accounts, self._touched = {a.bin: a for a in accounts}, touched
        self._on_board = _by_device(accounts)
        return self

    def _accounts_of(self, bins: Sequence[Bin]) -> list[Account]:
        here = self._on_board.get(bins[0].device, [])
        moved = [a for b in bins if (a := self._accounts.get(b.bin)) and a.device != b.device]
        return [*here, *moved]

    def _touched_of(self, bins: Sequence[Bin]) -> dict[str, list[Touch]]:
        return {d: self._touched[d] for d in (bins[0].device,) if d in self._touched}

    def _write(self, works: list[Work], taken: list[int]) -> bool:
        done = revision_writer.write(self._db, self._stamp, works, taken)
        self._stamp += 1
        return done

    def _account(self, bin_: Bin) -> Account:
        return self._accounts.get(bin_.bin) or Account(bin_.bin, bin_.device)

    def _is_due(self, bin_: Bin) -> bool:
        if self._full or bin_.device in self._touched:
            return True
        account = self._account(bin_)
        return account.booked < self._last or account.made_with != self._with(bin_)

    def _left(self, board: str) -> list[Work]:
        """Bins of a board that are not in the registry now: were they to come back, their
        steps would not know of what is taken now."""
        return [
            Work(replace(a, made_with=""), void=True)
            for a in self._on_board.get(board, ())
            if a.bin not in self._known and a.made_with
        ]

    def _with(self, bin_: Bin) -> str:
        """What the figures of a bin depend on beside its readings."""
        made: dict[str, Any] = {k: getattr(bin_, k) for k in ("device", "channel", "fill_channel")}
        if bin_.channel:
            platform = self._platforms[bin_.bin]
            made |= {k: getattr(platform, k) for k in platform.__dataclass_fields__}
            made |= self._corrected.get((bin_.device, bin_.channel), {})
        return restatement_reasons.made_with(made)

    def _bin(self, bin_: Bin, readings: Readings) -> Work:
        account, made_with = self._account(bin_), self._with(bin_)
        void = self._full or account.made_with != made_with
        until = max(account.booked, self._last)
        made = replace(account, device=bin_.device, made_with=made_with, booked=until)
        fold: Fold[Any] = Scale(self._platforms[bin_.bin]) if bin_.channel else Filled()
        stored = revision_writer.Steps(self._db, account)
        chain = Chain(fold, Nothing() if void else stored)
        touches = self._touched.get(bin_.device, [])
        read = self._reader(bin_, readings)
        affected = chain.absorb(readings.days() if void else [t.day for t in touches], read)
        first, why = 0, ""
        if void:
            why = (
                restatement_reasons.changed(account.made_with, made_with)
                or restatement_reasons.FULL
            )
        else:
            if days := stored.days(account.booked + 1, self._last):
                affected |= set(range(account.booked + 1, days[-1] + 1))
            first = min(affected, default=until + 1)
        held = revision_writer.held(self._db, account, first, until)
        affected = {day for day in affected if day <= until}
        if void:
            affected |= set(held)
        work = Work(made, void, chain.made)
        closing, at = 0, -1
        for day in sorted(affected):
            if at != day - 1:
                closing = self._closing_before(account, day, work.entries)
            figure = chain.figure(day, bounds(day)[1])
            new = figure.facts, figure.events
            old = held.get(day)
            if old is None:
                if chain.at(day) is not None or new != (fold.silent(day, closing), b""):
                    work.entries.append(Entry(day, 1, self._computed, FIRST, *new))
            elif (old.facts, old.events) != new:
                reason = why or restatement_reasons.of(day, old, figure, touches)
                work.entries.append(Entry(day, old.revision + 1, self._computed, reason, *new))
            closing, at = figure.closing, day
        return work

    def _reader(self, bin_: Bin, readings: Readings) -> Callable[[int], Any]:
        correct = None
        if (bin_.device, bin_.channel) in self._corrected:
            correct = self._store.calibrations.corrector(bin_.device, bin_.channel)

        def read(day: int) -> Any:
            self._days += 1
            rows = readings.of(day)
            if not bin_.channel:
                return fills_of(rows.rows(), bin_.fill_channel)
            return rows.series(bin_.channel, bin_.fill_channel, correct)

        return read

    def _closing_before(self, account: Account, day: int, made: Sequence[Entry]) -> int:
        before = revision_writer.last_before(self._db, account, day) if account.id else None
        if made and (before is None or made[-1].day >= before.day):
            before = made[-1]
        return int(before.facts[5] or 0) if before is not None else 0


def _by_device(accounts: Iterable[Account]) -> dict[str, list[Account]]:
    out: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        out[account.device].append(account)
    return out


# In a process of the crew


_run: _Run


def _begin(where: Path | str, known: Registry, last: int, computed: int, full: bool) -> None:
    global _run  # noqa: PLW0603  one for each process
    _run = _Run(Store(where), known, last, computed, full=full)
    gc.freeze()  # what is here stays; what is made has no cycles to look for
    gc.set_threshold(100_000)


def _board(task: tuple[list[Bin], list[Account], dict[str, list[Touch]]]) -> Made:
    bins, accounts, touched = task
    return _run.given(accounts, touched).board(bins)

"""Brings the stored figures of bins up to date: only dirty days are computed.

A day is dirty if its readings, its start state (see fold) or its bin's configuration changed
since its figures were computed. Figures that stay the same are not written again."""

from __future__ import annotations

import datetime as dt
import gc
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import structs

from ..common.local_days import bounds, day_of, local_day
from ..events import Platform, Silences, fillonly
from ..registry import Bin, Registry
from ..store import Columns, Store, report_intervals, revision_writer
from ..store.revision_writer import PlatformRecord, Touch, Work
from . import restatement_reasons
from .bin_revisions import BinReadings, Task, revise
from .fold import Fold
from .folds import Filled, Scale
from .scales import fills_of, platforms_of
from .weight_series import WeightSeries

TOGETHER = 200  # bins in one transaction
CREW_FROM = 400  # fewer bins need only this process
# Of a platform, what its figures depend on: all but what its board tells of itself.
_OF_PLATFORM = [k for k in Platform.__dataclass_fields__ if k not in ("silences", "shown")]
_AT_ONCE = 8  # boards that a process takes at once
# Passes bins on while a progress display counts them.
Progress = Callable[[Sequence[Bin]], Iterable[Bin]]


@dataclass(frozen=True)
class Done:
    """Counts of an update. bins: examined; computed: days of bins computed anew; revisions:
    figures written."""

    bins: int = 0
    computed: int = 0
    revisions: int = 0


def update_figures(
    store: Store,
    registry: Registry,
    last: dt.date,
    progress: Progress = iter,
    *,
    only: Iterable[Bin] | None = None,
    full: bool = False,
    now: int | None = None,
    jobs: int | None = None,
    steps: int | None = None,
) -> Done:
    """Bring the figures of each bin up to date, up to the day `last` and further where later
    days have figures.

    progress: passes bins on, for a progress display. only: bins of the boards of these. full:
    compute every day from the first reading on. now: Unix seconds, for tests. jobs:
    processes, by default one per core. steps: of the compaction before, at most."""
    store.compact(steps=steps)
    computed = int(time.time()) if now is None else now
    boards = None if only is None else {b.device for b in only}
    while True:
        run = _Run(store, registry, day_of(last), computed, full=full)
        done = run.all(progress, boards, jobs or os.cpu_count() or 1)
        if done is not None:
            return done
        full = False  # another process wrote figures meanwhile: what is left is dirty


# Bins of a board, what is to be written of them, days that were computed.
Made = tuple[list[Bin], list[Work], int]


class BoardReadings:
    """Readings of one board, read once for all its bins."""

    def __init__(self, store: Store, device: str) -> None:
        self._store, self._device = store, device
        self._days: dict[int, Columns] = {}
        self._series: dict[int, WeightSeries] = {}
        self._whole = False

    def of(self, day: int) -> Columns:
        """The readings of a local day (number as in local_days)."""
        if day not in self._days:
            t0, t1 = bounds(day)
            self._days[day] = (
                Columns() if self._whole else self._store.columns(self._device, t0, t1)
            )
        return self._days[day]

    def series(self, day: int) -> WeightSeries:
        if day not in self._series:
            self._series[day] = WeightSeries(self.of(day))
        return self._series[day]

    def days(self) -> list[int]:
        """Every local day that has readings; reads all of them."""
        if not self._whole:
            every = self._store.columns(self._device, 0, 1 << 40)
            t = every.t  # in order
            one = not t or local_day(t[0]) == local_day(t[-1])
            days = dict.fromkeys(map(local_day, t[:1] if one else t))
            self._days, self._whole = {day: every.part(*bounds(day)) for day in days}, True
        return sorted(day for day, columns in self._days.items() if len(columns))


class _Run:
    """bare: nothing of any board is read before beginning() or given()."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        last: int,
        computed: int,
        *,
        full: bool,
        bare: bool = False,
    ) -> None:
        self._store, self._db = store, store.database
        self._last, self._computed, self._full = last, computed, full
        self.stamp = revision_writer.stamp(self._db)
        self._registry = registry
        self._records = {} if bare else revision_writer.platform_records(self._db)
        self._on_board = revision_writer.by_device(self._records.values())
        self.touched = {} if bare else revision_writer.touched(self._db)
        self._platforms = platforms_of(registry)
        self._corrected = store.calibrations.corrected()
        self._told = report_intervals.of_devices(self._db)
        self._boards: dict[str, list[Bin]] = defaultdict(list)
        for bin_ in (*registry.platforms(), *registry.fill_only()):
            self._boards[bin_.device].append(bin_)
        self._known = {b.bin for bins in self._boards.values() for b in bins}
        self._days = 0

    def all(self, progress: Progress, boards: set[str] | None, jobs: int) -> Done | None:
        """Update all bins that are due; None where another process wrote figures meanwhile."""
        due_bins = self.due([d for d in self._boards if boards is None or d in boards])
        works: list[Work] = []
        taken: list[int] = []
        written = 0
        steps = iter(progress(due_bins) if due_bins else ())
        with closing(self._computed_boards(due_bins, jobs)) as made:
            for bins, more, days in made:
                for _ in bins:
                    next(steps)
                works += more
                taken += [t.id for t in self.touched.get(bins[0].device, ())]
                self._days += days
                written += sum(len(work.entries) for work in more)
                if len(works) >= TOGETHER:
                    if not self._write(works, taken):
                        return None
                    works, taken = [], []
        if works and not self._write(works, taken):
            return None
        next(steps, None)
        return Done(len(due_bins), self._days, written)

    def due(self, boards: Iterable[str] | None = None) -> list[Bin]:
        """Bins whose figures may be others now, of all boards or these, board by board."""
        mine = self._boards if boards is None else boards
        return [b for device in mine for b in self._boards.get(device, ()) if self._is_due(b)]

    def _computed_boards(self, due_bins: Sequence[Bin], jobs: int) -> Generator[Made, None, None]:
        """What is to be written, board by board; several processes share many boards."""
        boards = [list(bins) for _, bins in groupby(due_bins, key=lambda b: b.device)]
        if jobs < 2 or len(due_bins) < CREW_FROM:
            yield from map(self.board, boards)
            return
        tasks = [(bins, self._records_of(bins), self._touched_of(bins)) for bins in boards]
        args = self._store.where, self._registry, self._last, self._computed, self._full
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  many boards alone
        from multiprocessing import get_context  # noqa: PLC0415

        spawn = get_context("spawn")
        with ProcessPoolExecutor(jobs, spawn, initializer=_begin, initargs=args) as crew:
            try:
                yield from crew.map(_board, tasks, chunksize=_AT_ONCE)
            finally:
                crew.shutdown(cancel_futures=True)

    def board(self, bins: list[Bin]) -> Made:
        """What is to be written of the bins of one board."""
        device, before = bins[0].device, self._days
        readings = BoardReadings(self._store, device)
        works = [*self.left([device]), *(self._bin(bin_, readings) for bin_ in bins)]
        days, self._days = self._days - before, before  # whoever asks adds them up
        return bins, works, days

    def beginning(self, boards: Sequence[str], *, full: bool) -> _Run:
        """Use what the store has of these boards now."""
        self._full, bins = full, [b.bin for d in boards for b in self._boards.get(d, ())]
        records = revision_writer.platform_records(self._db, bins)
        return self.given(list(records.values()), revision_writer.touched(self._db, boards))

    def given(self, records: Sequence[PlatformRecord], touched: dict[str, list[Touch]]) -> _Run:
        """Use these records and touches, as the calling process has read them."""
        self._records, self.touched = {a.bin: a for a in records}, touched
        self._on_board = revision_writer.by_device(records)
        return self

    def _records_of(self, bins: Sequence[Bin]) -> list[PlatformRecord]:
        present = self._on_board.get(bins[0].device, [])
        moved = [a for b in bins if (a := self._records.get(b.bin)) and a.device != b.device]
        return [*present, *moved]

    def _touched_of(self, bins: Sequence[Bin]) -> dict[str, list[Touch]]:
        return {d: self.touched[d] for d in (bins[0].device,) if d in self.touched}

    def _write(self, works: list[Work], taken: list[int]) -> bool:
        done = revision_writer.write(self._db, self.stamp, works, taken)
        self.stamp += 1
        return done

    def _record(self, bin_: Bin) -> PlatformRecord:
        return self._records.get(bin_.bin) or PlatformRecord(bin_.bin, bin_.device)

    def _is_due(self, bin_: Bin) -> bool:
        if self._full or bin_.device in self.touched:
            return True
        record = self._record(bin_)
        return record.booked < self._last or record.made_with != self._with(bin_)

    def left(self, boards: Iterable[str]) -> list[Work]:
        """Bins of boards that the registry no longer has: their steps become void, because
        readings taken from now on would be missing in them if the bins came back."""
        return [
            Work(structs.replace(a, made_with=""), void=True)
            for board in boards
            for a in self._on_board.get(board, ())
            if a.bin not in self._known and a.made_with
        ]

    def _with(self, bin_: Bin) -> str:
        """What the figures of a bin depend on apart from its readings, as JSON."""
        made: dict[str, Any] = {k: getattr(bin_, k) for k in ("device", "channel", "fill_channel")}
        if bin_.channel:
            platform = self._platforms[bin_.bin]
            made |= {k: getattr(platform, k) for k in _OF_PLATFORM}
            if platform.shown:  # came later: what was made without it stays as it is
                made["shown"] = True
            made |= self._corrected.get((bin_.device, bin_.channel), {})
        return restatement_reasons.made_with(made, None if bin_.channel else fillonly.RULES)

    def _bin(self, bin_: Bin, readings: BoardReadings) -> Work:
        record = self._record(bin_)
        current = structs.replace(record, device=bin_.device, made_with=self._with(bin_))
        touches = self.touched.get(bin_.device, [])
        task = Task(record, current, touches, self._last, self._computed, self._full)
        told = self._told.get(bin_.device, {})
        fold: Fold[Any]
        if bin_.channel:
            platform = self._platforms[bin_.bin]
            fold = Scale(replace(platform, silences=Silences(told)) if told else platform)
        else:
            fold = Filled(Silences(told))
        read = self._reader(bin_, readings)
        return revise(self._db, task, fold, BinReadings(readings.days, read))

    def _reader(self, bin_: Bin, readings: BoardReadings) -> Callable[[int], Any]:
        correct = None
        if (bin_.device, bin_.channel) in self._corrected:
            correct = self._store.calibrations.corrector(bin_.device, bin_.channel)

        def read(day: int) -> Any:
            self._days += 1
            if not bin_.channel:
                return fills_of(readings.of(day).rows(), bin_.fill_channel)
            return readings.series(day).of(bin_.channel, bin_.fill_channel, correct)

        return read


_run: _Run  # of a process of the pool


def _begin(where: Path | str, registry: Registry, last: int, computed: int, full: bool) -> None:
    global _run  # noqa: PLW0603  one for each process
    _run = _Run(Store(where), registry, last, computed, full=full, bare=True)
    gc.freeze()  # objects made so far stay; those made later have no cycles
    gc.set_threshold(100_000)


def _board(task: tuple[list[Bin], list[PlatformRecord], dict[str, list[Touch]]]) -> Made:
    bins, records, touched = task
    return _run.given(records, touched).board(bins)

"""The readings of a board as columns, in order of time: what a day's body holds, undone once
for all of its channels."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..common.local_days import date_of, local_day
from ..events.sample_columns import Series, breaks_of, in_order
from ..events.sample_columns import series as in_their_order
from . import chunk
from .calibrations import Correct
from .database import Database, StoreError
from .model import Row


@dataclass
class Columns:
    """All of one length. values: None where a reading has none; q: index → reasons."""

    t: list[int] = field(default_factory=list)
    boot: list[int] = field(default_factory=list)
    life: list[str] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    stream: list[int] = field(default_factory=list)
    values: dict[str, list[int | None]] = field(default_factory=dict)
    q: dict[int, dict[str, str]] = field(default_factory=dict)
    _breaks: list[int] | None = None
    _sure: bool = False

    def __len__(self) -> int:
        return len(self.t)

    def part(self, t0: int, t1: int) -> Columns:
        """Those with t0 <= t < t1."""
        a, b = bisect_left(self.t, t0), bisect_left(self.t, t1)
        if a == 0 and b == len(self):
            return self
        return Columns(
            *(self.t[a:b], self.boot[a:b], self.life[a:b], self.seq[a:b], self.stream[a:b]),
            {name: column[a:b] for name, column in self.values.items()},
            {i - a: reasons for i, reasons in self.q.items() if a <= i < b},
        )

    def rows(self) -> Iterator[Row]:
        """Reading by reading."""
        names = list(self.values)
        table = zip(*self.values.values(), strict=True) if names else iter([()] * len(self))
        heads = zip(self.stream, self.life, self.seq, self.boot, self.t, strict=True)
        for i, (head, row) in enumerate(zip(heads, table, strict=True)):
            values = {n: v for n, v in zip(names, row, strict=True) if v is not None}
            yield Row(*head, values, self.q.get(i, {}))

    def series(self, channel: str, fill_channel: str, correct: Correct | None) -> Series:
        """One weight channel, with the fill sensor that looks into the same bin: the
        readings that tell of it, as corrections have it."""
        if self._breaks is None:
            self._breaks = breaks_of(self.t, self.life, self.boot)
            self._sure = in_order(self.t, self.life, self.seq, self.boot)
        q = {i: why for i, reasons in self.q.items() if (why := reasons.get(channel)) is not None}
        grams = self.values.get(channel) or [None] * len(self)
        if correct:
            cells = zip(self.stream, self.seq, grams, strict=True)
            grams = [g if g is None else correct(s, n, g) for s, n, g in cells]
        fill = self.values.get(fill_channel)
        if fill and (bad := [i for i, reasons in self.q.items() if fill_channel in reasons]):
            fill = fill.copy()
            for i in bad:
                fill[i] = None
        made = Series(self.t, grams, q, self.life, self.seq, self.boot, fill, self._breaks)
        if None in grams and not all(i in q for i, g in enumerate(grams) if g is None):
            made = made.of([i for i, g in enumerate(grams) if g is not None or i in q])
        return made if self._sure else in_their_order(iter(made))


def columns(db: Database, archived: Path, device: str, t0: int, t1: int) -> Columns:
    """Dated readings of a board with t0 <= t < t1, in order of time, those of archived days
    too. What is not compacted yet is not among them."""
    lives: dict[int, str] = dict(db.query("SELECT id, life FROM stream WHERE device=?", (device,)))
    first, last = local_day(max(t0, 0)), local_day(t1 - 1)
    has_archive = db.query("SELECT 1 FROM archive LIMIT 1")
    whole = Columns()
    for stream, life in lives.items():
        for day, body in db.query(
            "SELECT day, body FROM day WHERE stream=? AND day BETWEEN ? AND ? ORDER BY day",
            (stream, first, last),
        ):
            try:
                _append(whole, stream, life, chunk.day_columns(bytes(body)))
            except StoreError as error:
                raise StoreError(f"{device} life {life} {date_of(day)}: {error}") from None
        if has_archive:
            from . import archive  # noqa: PLC0415  only where there is one

            rows = list(archive.read(db, archived, stream, first, last))
            if rows:
                _append(whole, stream, life, chunk.columns_of(rows))
    return _sorted(whole, t0, t1)


def _append(whole: Columns, stream: int, life: str, day: chunk.Day) -> None:
    n, more = len(whole), len(day.seq)
    for name in whole.values.keys() - day.values.keys():
        whole.values[name] += [None] * more
    for name, column in day.values.items():
        if n == 0:
            whole.values[name] = column
        else:
            whole.values.setdefault(name, [None] * n).extend(column)
    whole.t += day.at
    whole.boot += day.boot
    whole.seq += day.seq
    whole.life += [life] * more
    whole.stream += [stream] * more
    whole.q |= {n + i: reasons for i, reasons in day.q.items()}


def _sorted(whole: Columns, t0: int, t1: int) -> Columns:
    """In order of time and within t0 <= t < t1."""
    t = whole.t
    if not t:
        return whole
    if in_order(t, whole.life, whole.seq, whole.boot) and t0 <= t[0] and t[-1] < t1:
        return whole
    keys = list(zip(t, whole.boot, whole.life, whole.seq, strict=True))
    keep = sorted((i for i, at in enumerate(t) if t0 <= at < t1), key=keys.__getitem__)

    def taken(column: list[Any]) -> list[Any]:
        return [column[i] for i in keep]

    return Columns(
        *(taken(whole.t), taken(whole.boot), taken(whole.life)),
        *(taken(whole.seq), taken(whole.stream)),
        {name: taken(column) for name, column in whole.values.items()},
        {n: whole.q[i] for n, i in enumerate(keep) if i in whole.q},
    )

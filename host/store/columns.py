"""The readings of a board as columns, in order of time: what a day's body holds, undone once
for all of its channels."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import le, lt
from pathlib import Path
from typing import Any

from ..common.local_days import date_of, local_day
from . import chunk
from .database import Database, StoreError
from .model import Row


@dataclass
class Columns:
    """All of one length. values: None where a reading has none; q: index → reasons. rising: one
    day of one life, known to be in order."""

    t: list[int] = field(default_factory=list)
    boot: list[int] = field(default_factory=list)
    life: list[str] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    stream: list[int] = field(default_factory=list)
    values: dict[str, list[int | None]] = field(default_factory=dict)
    q: dict[int, dict[str, str]] = field(default_factory=dict)
    rising: bool = False

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

    @cached_property
    def in_order(self) -> bool:
        """Whether these are surely in the order of readings, each once: all of one life,
        whose numbers only rise, and neither time nor start ever falls. Asked for when the
        columns are whole."""
        if self.rising:
            return True
        if not self.t or self.life.count(self.life[0]) != len(self):
            return not self.t
        rising = all(map(lt, self.seq, self.seq[1:]))
        return (
            rising and all(map(le, self.t, self.t[1:])) and all(map(le, self.boot, self.boot[1:]))
        )


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
    whole.rising = day.rising and n == 0
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
    if whole.in_order and t0 <= t[0] and t[-1] < t1:
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

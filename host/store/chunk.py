"""Readings of one stream as bytes: column by column, in order of seq.

A chunk of arrivals is a few readings as they came. A chunk of a day is all of one stream
and local day; there each column holds differences and the whole is compressed, some ten
bytes a reading. Both: msgpack of [names, seq, boot, t, up, at, q, values of each name];
q: index → {channel: reason}. t: as dated by the board, None where it was not; at: the time
it is taken to be of."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import msgspec

from ..readings.messages import Values
from .database import StoreError

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode
_LEVEL = 6


class Stored(msgspec.Struct):
    """One reading of a stream. at is None while nothing tells its time."""

    seq: int
    boot: int
    t: int | None
    up: int | None
    at: int | None
    values: dict[str, int]
    q: dict[str, str]


def of_arrivals(readings: Sequence[Values]) -> bytes:
    """Readings as they came, in order of seq."""
    first = readings[0]
    if len(readings) == 1:
        q = {0: first.q} if first.q else {}
        alone = [[v] for v in first.values.values()]
        head = [[first.seq], [first.boot], [first.t], [first.up], None, q]
        return _encode([list(first.values), *head, *alone])
    names: tuple[str, ...]
    columns: list[Any]
    if len(orders := {tuple(r.values) for r in readings}) == 1:  # as a rule all have the same
        names = orders.pop()
        columns = list(zip(*(r.values.values() for r in readings), strict=True))
    else:
        names = tuple(dict.fromkeys(name for r in readings for name in r.values))
        columns = [[r.values.get(name) for r in readings] for name in names]
    return _encode(
        [
            names,
            [r.seq for r in readings],
            [r.boot for r in readings],
            [r.t for r in readings],
            [r.up for r in readings],
            None,
            {i: r.q for i, r in enumerate(readings) if r.q},
            *columns,
        ]
    )


def arrivals(raw: bytes) -> list[Stored]:
    """What of_arrivals() was given; at is not known yet."""
    names, seq, boot, t, up, _, q, *columns = _decode(raw)
    return _rows(names, (seq, boot, t, up, [None] * len(seq)), q, columns)


def of_day(rows: Sequence[Stored]) -> bytes:
    """All readings of a stream and day, in order of seq."""
    names = sorted({name for r in rows for name in r.values})
    at = [r.at for r in rows]
    # As a rule the time is the one that the board gave: then it is not written twice.
    given = None if all(r.t == r.at for r in rows) else _delta_encode([r.t for r in rows])
    ups = [r.up for r in rows]
    return zlib.compress(
        _encode(
            [
                names,
                _delta_encode([r.seq for r in rows]),
                _delta_encode([r.boot for r in rows]),
                given,
                None if not any(up is not None for up in ups) else ups,
                _delta_encode(at),
                {i: r.q for i, r in enumerate(rows) if r.q},
                *(_delta_encode([r.values.get(name) for r in rows]) for name in names),
            ]
        ),
        _LEVEL,
    )


@dataclass
class Day:
    """The readings of a day that have a time, as columns, in order of seq. rising: surely neither
    time nor start ever falls, and the numbers rise."""

    seq: list[int]
    boot: list[int]
    at: list[int]
    values: dict[str, list[int | None]]
    q: dict[int, dict[str, str]]
    rising: bool = False


def day(raw: bytes) -> list[Stored]:
    """What of_day() was given."""
    names, seq, boot, t, up, at, q, *columns = _undone(raw)
    times = _delta_decode(at)
    given = times if t is None else _delta_decode(t)
    ups = up if up is not None else [None] * len(times)
    values = [_delta_decode(c) for c in columns]
    return _rows(names, (_delta_decode(seq), _delta_decode(boot), given, ups, times), q, values)


def day_columns(raw: bytes) -> Day:
    """The same as columns, of a day with a date."""
    names, seq, boot, _, _, at, q, *columns = _undone(raw)
    values = {name: _delta_decode(c) for name, c in zip(names, columns, strict=True)}
    reasons = {int(i): why for i, why in q.items()}
    rising = min(seq[1:], default=1) > 0 and min(boot, default=0) >= 0 and min(at, default=0) >= 0
    seq, boot, at = (list(accumulate(c)) for c in (seq, boot, at))
    return Day(seq, boot, at, values, reasons, rising)


def _undone(raw: bytes) -> list[Any]:
    try:
        return _decode(zlib.decompress(raw))
    except (zlib.error, msgspec.DecodeError) as error:
        text = f"the readings of a day are damaged: {error}"
        raise StoreError(f"{text}; qingyun restore puts a backup in its place") from None


def columns_of(rows: Sequence[Stored]) -> Day:
    """Rows with a time as columns."""
    names = {name: None for r in rows for name in r.values}
    return Day(
        [r.seq for r in rows],
        [r.boot for r in rows],
        [r.at for r in rows if r.at is not None],
        {name: [r.values.get(name) for r in rows] for name in names},
        {i: r.q for i, r in enumerate(rows) if r.q},
    )


def _rows(
    names: list[str],
    heads: tuple[Any, ...],
    q: dict[int, dict[str, str]],
    columns: list[list[Any]],
) -> list[Stored]:
    table = zip(*columns, strict=True) if columns else [()] * len(heads[0])
    out = [
        Stored(
            *(seq, boot, t, up, at),
            {n: v for n, v in zip(names, row, strict=True) if v is not None},
            {},
        )
        for (seq, boot, t, up, at), row in zip(zip(*heads, strict=True), table, strict=True)
    ]
    for i, reasons in q.items():
        out[int(i)].q = reasons
    return out


def _delta_encode(values: list[int | None]) -> list[int | None]:
    """Each value as its difference to the one before; None stays None."""
    last = 0
    out: list[int | None] = []
    for v in values:
        if v is None:
            out.append(None)
        else:
            out.append(v - last)
            last = v
    return out


def _delta_decode(values: list[int | None]) -> list[int | None]:
    try:
        return list(accumulate(values))
    except TypeError:  # some reading has none
        return _with_gaps(values)


def _with_gaps(values: list[int | None]) -> list[int | None]:
    last = 0
    out: list[int | None] = []
    for v in values:
        if v is None:
            out.append(None)
        else:
            last += v
            out.append(last)
    return out

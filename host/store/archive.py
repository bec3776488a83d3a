"""Old days as Parquet: one file a day, a line for each channel of a reading.

Every file has the same columns, whatever channels its day had, so that a folder of days is read
as one table by anything. A day is written beside, made durable and renamed; then one transaction
notes the file and lets go of the rows, if they are still the same. Killed in between, it is
written again. What arrives for a day that was archived stands in the store as ever: whoever
reads gets both.

Version 0.1 gave each channel of a day a column. Its files are read too, until they are written
anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import chunk
from .chunk import Stored
from .database import Database, StoreError

_ROWS = 100_000  # lines in a row group: what is read for one board
_SCHEMA = pa.schema(
    {
        "stream": pa.int32(),
        "device": pa.string(),
        "life": pa.string(),
        "channel": pa.string(),
        "seq": pa.int64(),
        "boot": pa.int32(),
        "t": pa.int64(),
        "up": pa.int64(),
        "at": pa.int64(),
        "value": pa.int32(),
        "q": pa.string(),
    }
)
_WORDS = ("device", "life", "channel", "q")
_WIDE_HEAD = ("seq", "boot", "t", "up", "at", "q")
_reasons = msgspec.json.Decoder(dict[str, str]).decode

# A stream, and its readings of a day.
Part = tuple[int, list[Stored]]
Columns = dict[str, list[Any]]


def due(db: Database, before: int) -> list[int]:
    """Days before that one which still have rows in the store and no file yet."""
    return [
        row[0]
        for row in db.query(
            "SELECT DISTINCT day FROM day WHERE day>=0 AND day<? "
            "AND day NOT IN (SELECT day FROM archive) ORDER BY day",
            (before,),
        )
    ]


def move(db: Database, folder: Path, day: int) -> int:
    """Put a day into its file and let go of its rows; how many readings it has."""
    query = "SELECT stream, n, body FROM day WHERE day=? ORDER BY stream"
    rows = db.query(query, (day,))
    name = f"day={day}.parquet"
    parts = ((stream, chunk.day(bytes(body))) for stream, _, body in rows)
    total = _write(folder / name, parts, _names(db))
    with db.transaction():
        if db.query(query, (day,)) != rows:
            return 0  # added to meanwhile: the next call takes it
        db.many("INSERT INTO archive (day, file, n) VALUES (?,?,?)", [(day, name, total)])
        db.many("DELETE FROM day WHERE day=? AND stream=?", [(day, row[0]) for row in rows])
        db.many(
            "UPDATE stream SET archived = archived + ? WHERE id=?",
            [(n, stream) for stream, n, _ in rows],
        )
    return total


def of_version_0_1(db: Database, folder: Path) -> list[int]:
    """Days whose file has a column for each channel."""
    rows = db.query("SELECT day, file FROM archive ORDER BY day")
    there = [(day, folder / name) for day, name in rows if (folder / name).exists()]
    return [day for day, path in there if _is_wide(pq.read_schema(path))]


def rewrite(db: Database, folder: Path, day: int) -> int:
    """Write the file of a day anew; how many readings it has. Until the last moment the old one
    is there."""
    ((name, total),) = db.query("SELECT file, n FROM archive WHERE day=?", (day,))
    path = folder / name
    streams = sorted(set(_picked(path, None, ["stream"]).column("stream").to_pylist()))
    parts = ((stream, list(_of_file(path, stream))) for stream in streams)
    return _write(path, parts, _names(db), expected=total)


def _names(db: Database) -> dict[int, tuple[str, str]]:
    """Stream → device and life."""
    return {
        i: (device, life) for i, device, life in db.query("SELECT id, device, life FROM stream")
    }


def _write(
    path: Path,
    parts: Iterable[Part],
    names: dict[int, tuple[str, str]],
    expected: int | None = None,
) -> int:
    """Write a file and make it durable; how many readings it has. expected: StoreError where it
    is another number, and the file stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    total = 0
    plain = [name for name in _SCHEMA.names if name not in _WORDS]
    with pq.ParquetWriter(
        part,
        _SCHEMA,
        compression="zstd",
        use_dictionary=list(_WORDS),
        column_encoding=dict.fromkeys(plain, "DELTA_BINARY_PACKED"),
    ) as writer:
        columns: Columns = {name: [] for name in _SCHEMA.names}
        for stream, readings in parts:
            total += len(readings)
            _add(columns, (stream, *names[stream]), readings)
            if len(columns["seq"]) >= _ROWS:
                writer.write_table(pa.table(columns, schema=_SCHEMA))
                columns = {name: [] for name in _SCHEMA.names}
        writer.write_table(pa.table(columns, schema=_SCHEMA))
    if expected not in (None, total):
        part.unlink()
        raise StoreError(f"{path}: expected {expected} readings, found {total}")
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)
    return total


def _add(columns: Columns, whose: tuple[int, str, str], readings: list[Stored]) -> None:
    """Add readings channel by channel, in order of seq: like values beside each other take little
    room. A reading without any channel has one line without one."""
    channels = sorted({name for r in readings for name in (*r.values, *r.q)})
    nothing = [r for r in readings if not r.values and not r.q]
    _lines(columns, whose, None, nothing)
    for channel in channels:
        said = [r for r in readings if channel in r.values or channel in r.q]
        _lines(columns, whose, channel, said)


def _lines(
    columns: Columns, whose: tuple[int, str, str], channel: str | None, readings: list[Stored]
) -> None:
    for name, same in zip(("stream", "device", "life", "channel"), (*whose, channel), strict=True):
        columns[name] += [same] * len(readings)
    for name in ("seq", "boot", "t", "up", "at"):
        columns[name] += [getattr(r, name) for r in readings]
    columns["value"] += [r.values.get(channel) for r in readings]  # type: ignore[arg-type]
    columns["q"] += [r.q.get(channel) for r in readings]  # type: ignore[arg-type]


def seqs(db: Database, folder: Path, stream: int, wanted: Sequence[int]) -> set[int]:
    """Those of a few seqs of a stream that stand in archived days; every file is looked into."""
    which = (pc.field("stream") == stream) & pc.field("seq").isin(wanted)
    found: set[int] = set()
    for (name,) in db.query("SELECT file FROM archive ORDER BY day"):
        found.update(_picked(folder / name, which, ["seq"]).column("seq").to_pylist())
    return found


def _picked(path: Path, which: pc.Expression | None, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, filters=which, partitioning=None)
    except FileNotFoundError:
        raise StoreError(f"{path}: an archived day is not there") from None
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None


def read(db: Database, folder: Path, stream: int, first: int, last: int) -> Iterator[Stored]:
    """Readings of a stream on archived days from first to last."""
    for (name,) in db.query(
        "SELECT file FROM archive WHERE day BETWEEN ? AND ? ORDER BY day", (first, last)
    ):
        yield from _of_file(folder / name, stream)


def _is_wide(schema: pa.Schema) -> bool:
    return "channel" not in schema.names


def _of_file(path: Path, stream: int) -> Iterator[Stored]:
    """Readings of a stream, in order of seq."""
    table = _picked(path, pc.field("stream") == stream)
    return _of_wide(table) if _is_wide(table.schema) else _of_long(table)


def _of_long(table: pa.Table) -> Iterator[Stored]:
    heads = ("seq", "boot", "t", "up", "at", "channel", "value", "q")
    columns = [table.column(name).to_pylist() for name in heads]
    readings: dict[int, Stored] = {}
    for seq, boot, t, up, at, channel, value, why in zip(*columns, strict=True):
        reading = readings.get(seq)
        if reading is None:
            reading = readings[seq] = Stored(seq, boot, t, up, at, {}, {})
        if channel is not None:
            if value is not None:
                reading.values[channel] = value
            if why is not None:
                reading.q[channel] = why
    return iter([readings[seq] for seq in sorted(readings)])


def _of_wide(table: pa.Table) -> Iterator[Stored]:
    for row in table.to_pylist():
        seq, boot, t, up, at, q = (row.pop(key) for key in _WIDE_HEAD)
        row.pop("stream")
        row.pop("day", None)
        values = {key: v for key, v in row.items() if v is not None}
        yield Stored(seq, boot, t, up, at, values, _reasons(q) if q else {})

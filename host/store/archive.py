"""Old days as Parquet: one file a day, sorted by board, readable by anything.

A day is written beside, made durable and renamed; then one transaction notes the file and
lets go of the rows, if they are still the same. Killed in between, it is written again.
What arrives for a day that was archived stands in the store as ever: whoever reads gets
both."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import chunk
from .chunk import Stored
from .database import Database, StoreError

_ROWS = 50_000  # in a row group: what is read for one board
_HEAD = ("seq", "boot", "t", "up", "at", "q")
_json = msgspec.json.Encoder().encode
_reasons = msgspec.json.Decoder(dict[str, str]).decode


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
    found = [(stream, r) for stream, _, body in rows for r in chunk.day(bytes(body))]
    _write(folder / name, found)
    with db.transaction():
        if db.query(query, (day,)) != rows:
            return 0  # added to meanwhile: the next call takes it
        db.many("INSERT INTO archive (day, file, n) VALUES (?,?,?)", [(day, name, len(found))])
        db.many("DELETE FROM day WHERE day=? AND stream=?", [(day, row[0]) for row in rows])
        db.many(
            "UPDATE stream SET archived = archived + ? WHERE id=?",
            [(n, stream) for stream, n, _ in rows],
        )
    return len(found)


def _write(path: Path, found: list[tuple[int, Stored]]) -> None:
    names = sorted({name for _, r in found for name in r.values})
    table = pa.table(
        {
            "stream": pa.array([s for s, _ in found], pa.int32()),
            "seq": pa.array([r.seq for _, r in found], pa.int64()),
            "boot": pa.array([r.boot for _, r in found], pa.int32()),
            "t": pa.array([r.t for _, r in found], pa.int64()),
            "up": pa.array([r.up for _, r in found], pa.int64()),
            "at": pa.array([r.at for _, r in found], pa.int64()),
            "q": pa.array([_json(r.q).decode() if r.q else None for _, r in found], pa.string()),
            **{n: pa.array([r.values.get(n) for _, r in found], pa.int32()) for n in names},
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    plain = [name for name in table.column_names if name != "q"]
    pq.write_table(
        *(table, part),
        row_group_size=_ROWS,
        compression="zstd",
        use_dictionary=["q"],
        column_encoding=dict.fromkeys(plain, "DELTA_BINARY_PACKED"),
    )
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)


def seqs(db: Database, folder: Path, stream: int, wanted: Sequence[int]) -> set[int]:
    """Those of a few seqs of a stream that stand in archived days; every file is looked into."""
    which = (pc.field("stream") == stream) & pc.field("seq").isin(wanted)
    found: set[int] = set()
    for (name,) in db.query("SELECT file FROM archive ORDER BY day"):
        found.update(_table(folder / name, which, ["seq"]).column("seq").to_pylist())
    return found


def _table(path: Path, which: pc.Expression, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, filters=which)
    except FileNotFoundError:
        raise StoreError(f"{path}: an archived day is not there") from None
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None


def read(db: Database, folder: Path, stream: int, first: int, last: int) -> Iterator[Stored]:
    """Readings of a stream on archived days from first to last."""
    for (name,) in db.query(
        "SELECT file FROM archive WHERE day BETWEEN ? AND ? ORDER BY day", (first, last)
    ):
        for row in _table(folder / name, pc.field("stream") == stream).to_pylist():
            seq, boot, t, up, at, q = (row.pop(key) for key in _HEAD)
            del row["stream"]
            values = {key: v for key, v in row.items() if v is not None}
            yield Stored(seq, boot, t, up, at, values, _reasons(q) if q else {})

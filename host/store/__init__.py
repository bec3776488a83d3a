"""The store: SQLite in WAL mode, every reading once however often it arrives.

Deduplication and completeness are one thing: the intervals of seq already stored for
each (device, life), kept in the same transaction as the readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from host.messages import Birth, Reading
from host.store import spans

# user_version n: the first n of these were run.
STEPS = ("schema.sql", "figures.sql", "hazard.sql")
VERSION = len(STEPS)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


class StoreError(Exception):
    """The store cannot be used; one line."""


@dataclass(frozen=True)
class Refused:
    """A message, or a part of one, for the quarantine. reading: (device, site, life, seq)
    where it is known: it counts as taken then, so that the board lets go of it."""

    topic: str
    payload: bytes
    reason: str
    reading: tuple[str, str, str, int] | None = None


@dataclass
class Batch:
    """What is committed together. readings and births with their (device, site)."""

    readings: list[tuple[str, str, Reading]] = field(default_factory=list)
    births: list[tuple[str, str, Birth]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """What became of a batch; confirmed: (device, site, life, seq without a gap up to)."""

    stored: int
    duplicates: int
    quarantined: int
    confirmed: list[tuple[str, str, str, int]]


@dataclass(frozen=True)
class Row:
    """One stored reading. values: channel → g, permille, 0.01 °C or 0/1."""

    stream: int
    life: str
    seq: int
    boot: int
    t: int
    values: dict[str, int]
    q: dict[str, str]


@dataclass(frozen=True)
class StreamStatus:
    """What is stored of one life of one board."""

    device: str
    site: str
    life: str
    readings: int
    missing: int
    first_t: int | None
    last_t: int | None
    undated: int
    boots: int


class Store:
    """An open database. Only one thread uses it; several processes may."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.exists():
            raise StoreError(f"{path}: no such database; expected one made by qingyun ingest")
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._migrate(path)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path}: cannot be opened: {error}") from None

    def _migrate(self, path: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version <= VERSION:
            raise StoreError(f"{path}: expected schema {VERSION}, found {version}")
        for n, step in enumerate(STEPS[version:], version + 1):
            sql = files("host.store").joinpath(step).read_text()
            self._db.executescript(f"BEGIN IMMEDIATE;{sql}PRAGMA user_version={n};COMMIT;")

    @property
    def connection(self) -> sqlite3.Connection:
        """For the other modules of this package, which hold the rest of the SQL."""
        return self._db

    def close(self) -> None:
        self._db.close()

    # Writing

    def add(self, batch: Batch, received: int) -> Counts:
        """Commit a batch, all or nothing; sqlite3.OperationalError leaves nothing behind."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            counts = self._add(batch, received)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return counts

    def _add(self, batch: Batch, received: int) -> Counts:
        ids: dict[tuple[str, str], int] = {}
        owners = {(d, r.life): s for d, s, r in batch.readings}
        owners |= {(d, b.life): s for d, s, b in batch.births}
        named = [x.reading for x in batch.refused if x.reading]
        owners |= {(d, life): s for d, s, life, _ in named}
        for (device, life), site in owners.items():
            ids[device, life] = self._stream(device, site, life)
        held = {stream: self.spans(stream) for stream in ids.values()}
        before = {stream: spans.contiguous(held[stream], self._floor(stream)) for stream in held}
        for device, _, birth in batch.births:
            self._birth(ids[device, birth.life], birth, received)
        rows = []
        for device, _, r in batch.readings:
            stream = ids[device, r.life]
            if spans.add(held[stream], r.seq):
                t = self._dated(stream, r) if r.t is None else r.t
                body = _encode(r.values | {"q": r.q} if r.q else r.values)
                rows.append((stream, r.seq, r.boot, t, r.up, received, body))
        self._db.executemany(
            "INSERT INTO reading (stream, seq, boot, t, up, received, body) VALUES (?,?,?,?,?,?,?)",
            rows,
        )
        changed = {row[0] for row in rows}
        for device, _, life, number in named:
            if spans.add(held[ids[device, life]], number):
                changed.add(ids[device, life])
        for stream in changed:
            self._write_spans(stream, held[stream])
        self._db.executemany(
            "INSERT INTO quarantine (received, topic, reason, payload) VALUES (?,?,?,?)",
            [(received, x.topic, x.reason, x.payload) for x in batch.refused],
        )
        confirmed = []
        # A board that has just said hello is told even what it was told before.
        asked = {(device, birth.life) for device, _, birth in batch.births}
        for (device, life), site in owners.items():
            stream = ids[device, life]
            seq = spans.contiguous(held[stream], self._floor(stream))
            if seq is not None and (seq != before[stream] or (device, life) in asked):
                confirmed.append((device, site, life, seq))
        duplicates = len(batch.readings) - len(rows)
        return Counts(len(rows), duplicates, len(batch.refused), confirmed)

    def _stream(self, device: str, site: str, life: str) -> int:
        self._db.execute(
            "INSERT OR IGNORE INTO stream (device, site, life) VALUES (?,?,?)", (device, site, life)
        )
        row = self._db.execute(
            "SELECT id FROM stream WHERE device=? AND life=?", (device, life)
        ).fetchone()
        return int(row[0])

    def _write_spans(self, stream: int, held: spans.Spans) -> None:
        self._db.execute("DELETE FROM span WHERE stream=?", (stream,))
        self._db.executemany(
            "INSERT INTO span (stream, lo, hi) VALUES (?,?,?)", [(stream, *s) for s in held]
        )

    def _floor(self, stream: int) -> int:
        row = self._db.execute("SELECT floor FROM stream WHERE id=?", (stream,)).fetchone()
        return int(row[0])

    def _birth(self, stream: int, birth: Birth, received: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO birth (stream, boot, up, t, received, body) "
            "VALUES (?,?,?,?,?,?)",
            (stream, birth.boot, birth.up, birth.t, received, birth.body),
        )
        self._db.execute(
            "UPDATE stream SET floor=? WHERE id=? AND floor<?", (birth.first, stream, birth.first)
        )
        if birth.t is not None:
            # The start of this boot is known now: what came from it undated gets its date.
            self._db.execute(
                "UPDATE reading SET t=? + up WHERE stream=? AND boot=? AND t IS NULL",
                (birth.t - birth.up, stream, birth.boot),
            )

    def _dated(self, stream: int, r: Reading) -> int | None:
        row = self._db.execute(
            "SELECT t - up FROM birth WHERE stream=? AND boot=? AND t IS NOT NULL "
            "ORDER BY id DESC LIMIT 1",
            (stream, r.boot),
        ).fetchone()
        return int(row[0]) + r.up if row and r.up is not None else None

    # Reading

    def spans(self, stream: int) -> spans.Spans:
        """The intervals of seq stored of a stream, in order."""
        return self._db.execute(
            "SELECT lo, hi FROM span WHERE stream=? ORDER BY lo", (stream,)
        ).fetchall()

    def readings(self, device: str, t0: int, t1: int) -> Iterator[Row]:
        """Dated readings of a board with t0 <= t < t1, in order of time.

        No reading is later than the next of the same start: where a board's clock was
        ahead and was put right, what it dated too late gets the time of what follows,
        so that the order in which things happened stays."""
        cursor = self._db.execute(
            "SELECT stream, life, seq, boot, at, body FROM ("
            " SELECT s.id AS stream, s.life, r.seq, r.boot, r.body, min(r.t) OVER ("
            "  PARTITION BY r.stream, r.boot ORDER BY r.seq"
            "  ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS at"
            " FROM stream s JOIN reading r ON r.stream = s.id"
            " WHERE s.device=? AND r.t IS NOT NULL"
            ") WHERE at>=? AND at<? ORDER BY at, boot, life, seq",
            (device, t0, t1),
        )
        for stream, life, seq, boot, t, body in cursor:
            values = _decode(body)
            q = values.pop("q", {})
            yield Row(stream, life, seq, boot, t, values, q)

    def quarantine(self, limit: int) -> Sequence[tuple[int, int, str, str, int, bytes]]:
        """The latest entries: (id, received, topic, reason, bytes, the first 80 of them)."""
        return self._db.execute(
            "SELECT id, received, topic, reason, length(payload), substr(payload, 1, 80) "
            "FROM quarantine ORDER BY id DESC LIMIT ?",
            (limit,),
        ).fetchall()

    def quarantined(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM quarantine").fetchone()[0])

    def status(self) -> Iterable[StreamStatus]:
        """One entry for each life of each board."""
        streams = self._db.execute(
            "SELECT s.id, s.device, s.site, s.life, count(r.id), min(r.t), max(r.t), "
            "count(r.id) - count(r.t), count(DISTINCT r.boot) "
            "FROM stream s LEFT JOIN reading r ON r.stream = s.id GROUP BY s.id "
            "ORDER BY s.device, s.id"
        ).fetchall()
        for id_, device, site, life, n, first, last, undated, boots in streams:
            lost = spans.missing(self.spans(id_))
            yield StreamStatus(device, site, life, n, lost, first, last, undated, boots)

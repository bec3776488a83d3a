"""The store: every reading once however often it arrives, in its day whenever it arrives.

In: batches of readings, births and refused messages, each in one transaction (writing).
Between: arrivals move into days (days). Out: the readings of a board by time (reading).
Two engines below, one SQL (database)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from ..common.store_address import whole
from . import card_ids, days, deferred, growth, quarantine, reading, writing
from .calibrations import Calibrations
from .columns import Columns, columns
from .database import Busy, Database, Sqlite, StoreError
from .growth import Growth
from .model import Batch, Counts, Refused, Row, StreamStatus
from .schema import AFTER, STEPS, VERSION
from .streams import Streams
from .turns import Turns

__all__ = [
    "STEPS",
    "VERSION",
    "Batch",
    "Busy",
    "Columns",
    "Counts",
    "Refused",
    "Row",
    "Store",
    "StoreError",
    "StreamStatus",
]

_DAYS_IN_PART = 28
_log = logging.getLogger("qingyun.store")


def open_database(where: Path | str, *, create: bool) -> Database:
    """The engine that a --db names: a file, or postgresql://…"""
    if str(where).startswith(("postgresql:", "postgres:")):
        from .postgres import Postgres  # noqa: PLC0415  only where it is used

        return Postgres(whole(str(where) if isinstance(where, Path) else where))
    return Sqlite(Path(where), create=create)


def schema_version(where: Path | str) -> int:
    """The schema of a database, which stays as it is. StoreError where there is none; where it
    is no store, each engine has its own errors."""
    database = open_database(where, create=False)
    try:
        return _schema_version(database)
    finally:
        database.close()


def _schema_version(database: Database) -> int:
    return int(database.query("SELECT version FROM schema_version")[0][0])


class Store:
    """An open database. Only one thread uses it; several processes may."""

    def __init__(self, where: Path | str, *, create: bool = False) -> None:
        self._where = where
        self._db = open_database(where, create=create)
        self._migrate(create)
        self.calibrations = Calibrations(self._db)
        self._growth = Growth(self._db)
        streams = Streams(self._db)
        self._writer = writing.Writer(self._db, streams, self.calibrations, self._growth)

    def _migrate(self, create: bool) -> None:
        """Run the steps that are missing, each whole or not at all."""
        if create and not self._db.has_table("schema_version"):
            _log.info("%s: a new database", self._where)
        while (version := self._version(create)) < VERSION:
            with self._db.transaction():
                if self._version(create) == version:  # else another process was faster
                    self._step(version)

    def _version(self, create: bool) -> int:
        db = self._db
        if not db.has_table("schema_version"):
            if db.has_table("stream") or not create:
                raise StoreError(f"{self._where}: expected a store of schema {VERSION}")
            return 0
        version = _schema_version(db)
        if not 0 <= version <= VERSION:
            raise StoreError(f"{self._where}: expected schema {VERSION}, found {version}")
        return version

    def _step(self, version: int) -> None:
        db = self._db
        if version == 0:
            db.script("CREATE TABLE schema_version (version INTEGER NOT NULL)")
            db.many("INSERT INTO schema_version (version) VALUES (?)", [(0,)])
        name, kept = STEPS[version]
        schema = Path(__file__).with_name(name).read_text("utf-8")
        for what, spelling in db.types.items():
            schema = schema.replace("{" + what + "}", spelling)
        db.script(schema)
        if version == 0:
            db.part("day", "day", _DAYS_IN_PART)
        for table in kept:
            db.only_add(table)
        if name in AFTER:
            AFTER[name](db)
        db.many("UPDATE schema_version SET version=?", [(version + 1,)])

    @property
    def where(self) -> Path | str:
        """What it was opened with; another process may open it too."""
        return self._where

    @property
    def database(self) -> Database:
        """For the modules beside this one that keep a table of their own."""
        return self._db

    def close(self) -> None:
        self._db.close()

    def add(self, batch: Batch, received: int) -> Counts:
        """Commit a batch, all or nothing; Busy leaves nothing behind."""
        try:
            with self._db.transaction():
                return writing.add(self._writer, batch, received)
        except BaseException:
            self._writer.forget()
            raise

    def take_back(self, id_: int, batch: Batch, received: int) -> Counts:
        """Commit what a message in quarantine says, and remove it from there, all or nothing."""
        try:
            with self._growth.lifted(), self._db.transaction():
                owners = {(device, r.life): site for device, site, r in batch.readings}
                self._growth.begin(received)
                streams = self._writer.streams.get(owners, self._growth)
                for (device, life), stream in streams.items():
                    seqs = [r.seq for d, _, r in batch.readings if (d, r.life) == (device, life)]
                    quarantine.release(self._db, self.archived, stream, seqs)
                self._writer.streams.save(streams.values())
                quarantine.remove(self._db, id_)
                return writing.add(self._writer, batch, received)
        except BaseException:
            self._writer.forget()
            raise

    def kept(self, **only: Any) -> Iterator[quarantine.Kept]:
        """Messages in quarantine, whole; only: as quarantine.kept() takes it."""
        return quarantine.kept(self._db, **only)

    def deferred_by_board(self) -> dict[str, tuple[int, int]]:
        """Board → messages and bytes that wait to be understood."""
        return deferred.waiting(self._db)

    def first_deferred(self) -> list[deferred.Row]:
        """Those to be taken up next."""
        return deferred.first(self._db)

    def life(self, stream: int) -> str:
        """The life of a stream."""
        return str(self._db.query("SELECT life FROM stream WHERE id=?", (stream,))[0][0])

    def waiting(self) -> int:
        """Messages among the arrivals."""
        return int(self._db.query("SELECT count(*) FROM arrival")[0][0])

    def compact(self, now: int | None = None, steps: int | None = None) -> int:
        """Move arrivals into their days, so many steps at most; how many were moved. Other
        processes have their turn to write between steps."""
        moved, seen, turns = 0, set[int](), Turns(self._db)
        while steps is None or steps > 0:
            with self._db.transaction():
                at = int(time.time()) if now is None else now
                n, more = days.compact(self._db, at, seen)
            moved += n
            if not more:
                break
            steps = None if steps is None else steps - 1
            if steps != 0:
                turns.give()
        return moved

    def forget_cards(self, before: int) -> int:
        """Remove ids of cards received before that Unix second; how many."""
        return card_ids.forget(self._db, before)

    def crowded_boards(self, day: int, least: int) -> set[str]:
        """Boards with more than so many readings of a local day."""
        return days.crowded_boards(self._db, day, least)

    def readings(self, device: str, t0: int, t1: int) -> Iterator[Row]:
        """Dated readings of a board with t0 <= t < t1, in order of time."""
        return reading.readings(self._db, self.archived, device, t0, t1)

    def columns(self, device: str, t0: int, t1: int) -> Columns:
        """The same as columns, which is several times as fast."""
        return columns(self._db, self.archived, device, t0, t1)

    @property
    def archived(self) -> Path:
        """The folder of archived days: beside a file, else below the working directory."""
        where = str(self._where)
        return Path("qingyun.archive") if "://" in where else Path(f"{where}.archive")

    def archive_files(self) -> list[str]:
        """Names of the files that archived days stand in."""
        return [str(row[0]) for row in self._db.query("SELECT file FROM archive")]

    def archive(self, before: int) -> Iterator[tuple[int, int]]:
        """Move each day before that one into a file; (day, readings) as they are done."""
        from . import archive  # noqa: PLC0415  pyarrow is large

        for day in archive.due(self._db, before):
            yield day, archive.move(self._db, self.archived, day)

    def archive_anew(self) -> Iterator[tuple[int, int]]:
        """Write each file of version 0.1 anew; (day, readings) as they are done."""
        from . import archive  # noqa: PLC0415

        for day in archive.of_version_0_1(self._db, self.archived):
            yield day, archive.rewrite(self._db, self.archived, day)

    def status(self) -> Iterable[StreamStatus]:
        """One entry for each life of each board."""
        return reading.status(self._db)

    def devices(self) -> list[str]:
        """Every board that this database has heard of."""
        return reading.devices(self._db)

    def dated(self, first: int, last: int) -> int:
        """Readings of the days from first to last; those among the arrivals are in none yet."""
        return reading.dated(self._db, first, last)

    def span(self) -> tuple[int, int] | None:
        """The first and the last day that has readings."""
        return reading.span(self._db)

    def quarantine(self, limit: int) -> Sequence[tuple[int, int, str, str, int, bytes]]:
        """The latest entries: (id, received, topic, reason, bytes, the first 80 of them)."""
        return [
            (*row[:5], bytes(row[5]))
            for row in self._db.query(
                "SELECT id, received, topic, reason, length(payload), substr(payload, 1, 80) "
                "FROM quarantine ORDER BY id DESC LIMIT ?",
                (limit,),
            )
        ]

    def quarantined(self) -> int:
        """How many messages are in quarantine."""
        return int(self._db.query("SELECT count(*) FROM quarantine")[0][0])

    def refused_over(self) -> dict[str, int]:
        """Board → messages that were refused and not kept (see quarantine.put)."""
        return quarantine.over(self._db)

    def over_limits(self) -> dict[str, dict[str, int]]:
        """Board → what → readings or births that went over a limit of a day (see growth)."""
        return growth.over(self._db)

    @property
    def full(self) -> Set[str]:
        """Boards of which nothing is taken for the rest of the day of the last add()."""
        return self._growth.full

    @property
    def brief(self) -> Set[str]:
        """Boards that have said all that is kept of their births on that day."""
        return self._growth.brief

"""The streams under write: ids, intervals of seq, floors, kept in memory between batches.

What is in memory is true as long as nobody else has written; a store asks before each batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from . import seq_intervals
from .database import Database
from .growth import LIVES, Growth

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[int]).decode
_AT_ONCE = 400  # names in one query

Key = tuple[str, str]  # device, life


@dataclass
class Stream:
    """One life of a board."""

    id: int
    floor: int = 0
    confirm: bool = False
    held: seq_intervals.Intervals = field(default_factory=list)
    boots: seq_intervals.Intervals = field(default_factory=list)

    def complete(self) -> int | None:
        """The seq up to which nothing is missing; None while the floor is."""
        return seq_intervals.contiguous(self.held, self.floor)


def pack(held: seq_intervals.Intervals) -> bytes:
    """Intervals as they stand in the table."""
    return _encode([n for span in held for n in span])


def unpack(raw: bytes) -> seq_intervals.Intervals:
    """pack() undone."""
    flat = _decode(raw)
    return list(zip(flat[::2], flat[1::2], strict=True))


class Streams:
    """get() within the transaction of a batch; forget() when it failed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[Key, Stream] = {}

    def forget(self) -> None:
        """Nothing in memory is certain any more."""
        self._known.clear()

    def get(self, owners: Mapping[Key, str], growth: Growth) -> dict[Key, Stream]:
        """The streams of a batch, made where they are new and their board may have one more
        today. owners: (device, life) → site."""
        if self._db.changed_elsewhere():
            self.forget()
        missing = [key for key in owners if key not in self._known]
        if missing:
            self._load(missing)
            new = [key for key in missing if key not in self._known]
            self._make(_with_room(new, growth), owners)
        return {key: self._known[key] for key in owners if key in self._known}

    def _make(self, new: list[Key], owners: Mapping[Key, str]) -> None:
        if new:
            self._db.many(
                "INSERT INTO stream (device, site, life, spans, boots) VALUES (?,?,?,?,?) "
                "ON CONFLICT (device, life) DO NOTHING",
                [(d, owners[d, life], life, pack([]), pack([])) for d, life in sorted(new)],
            )
            self._load(new)

    def _load(self, keys: Sequence[Key]) -> None:
        """Of a board only the lives that are asked for: it may have had thousands."""
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            pairs, args = self._db.pairs(some)
            # As a join: SQLite looks at every stream for (device, life) IN (VALUES …).
            rows = self._db.query(
                f"WITH wanted (d, l) AS ({pairs}) "  # noqa: S608
                "SELECT device, life, id, floor, confirm, spans, boots FROM wanted JOIN stream "
                f"ON device=d AND life=l ORDER BY id{self._db.locking()}",
                args,
            )
            for device, life, id_, floor, confirm, *raw in rows:
                held, boots = (unpack(bytes(r)) for r in raw)
                self._known[device, life] = Stream(id_, floor, bool(confirm), held, boots)

    def save(self, changed: Iterable[Stream]) -> None:
        """Write what a batch has changed."""
        rows = [(pack(s.held), pack(s.boots), s.floor, int(s.confirm), s.id) for s in changed]
        self._db.update("stream", "spans, boots, floor, confirm", rows, key="id")


def _with_room(new: list[Key], growth: Growth) -> list[Key]:
    """Those lives that may be new today."""
    taken = []
    for device, life in new:
        if growth.room(device, LIVES) > 0:
            growth.use(device, LIVES, 1)
            taken.append((device, life))
    return taken

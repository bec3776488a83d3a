"""What the store keeps of a day as plain rows and bytes, as balances and events."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ..events import Event, Kind
from ..events.balance import Balance
from ..events.fillonly import Emptying
from ..store.database import Database
from ..store.day_revisions import PlatformDay, event_bodies

_encode = msgspec.msgpack.Encoder().encode
_decode_events = msgspec.msgpack.Decoder(list[Event]).decode
_decode_emptyings = msgspec.msgpack.Decoder(list[Emptying]).decode


class _Happened(msgspec.Struct, gc=False):
    """Of an event, what a sum by the hour needs."""

    kind: Kind
    t: int
    grams: int


_decode_happened = msgspec.msgpack.Decoder(list[_Happened]).decode


def pack(happened: Sequence[Event] | Sequence[Emptying]) -> bytes:
    """Events of a platform, or emptyings of a bin without a scale; b"" for none. The same
    events are the same bytes."""
    return zlib.compress(_encode(happened), 1) if happened else b""


def unpack(body: bytes) -> list[Event]:
    """The events of a platform that were packed."""
    return _decode_events(zlib.decompress(body)) if body else []


def events(db: Database, rows: Iterable[PlatformDay]) -> dict[int, list[Event]]:
    """Id of a revision → the events that began in its day; of bins with a scale only."""
    ids = [r.id for r in rows if r.has_scale]
    bodies = event_bodies(db, ids)
    return {i: unpack(bodies.get(i, b"")) for i in ids}


def collections(db: Database, ids: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(id of a revision, Unix seconds, grams) of each collection that began in its day."""
    for id_, body in event_bodies(db, ids).items():
        for event in _decode_happened(zlib.decompress(body)):
            if event.kind is Kind.COLLECTION:
                yield id_, event.t, event.grams


def emptyings(db: Database, rows: Iterable[PlatformDay]) -> dict[int, list[Emptying]]:
    """Id of a revision → the emptyings that began in its day; of bins without a scale only."""
    ids = [r.id for r in rows if not r.has_scale]
    bodies = event_bodies(db, ids)
    return {i: _decode_emptyings(zlib.decompress(bodies[i])) if i in bodies else [] for i in ids}


def balance_of(row: PlatformDay) -> Balance:
    """The balance of a row, masses in grams."""
    return Balance(
        row.opening,
        row.deposited,
        row.collected,
        row.removed,
        row.unattributed,
        row.closing,
        row.limit,
        row.weighings,
        row.doubt,
        row.covered_s,
        tuple(row.flags.split()),
    )

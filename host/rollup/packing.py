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
# What stands in most events. It is part of the format: another text needs another first byte.
_COMMON = (
    b" kg gone in a gap (, and the fill fell with it kg gone at once, kg left; the bin was not seen"
    b" away kg more than when it was lifted collection returned removal unattributed"
    b"a step down of  kg, the bin not seen away\xa0\xbea step down of  kg that stayed\xc0\x92"
    b"\xc0\xc0\x00\x9b\xa7deposit\xce\x00\x95\xa8\xa0\xd9\x22"
    b"a step up of  kg that stayed\xc0\x92\xc0\xc0\x00"
)
_MARK = b"\1"  # first byte of events as arrays, compressed with _COMMON


class _Happened(msgspec.Struct, gc=False, array_like=True):
    """Of an event, what a sum by the hour needs: its first fields."""

    kind: Kind
    t: int
    t_end: int
    grams: int


_decode_happened = msgspec.msgpack.Decoder(list[_Happened]).decode


class _NamedEvidence(msgspec.Struct):
    """As 0.2.0 packed it, with names."""

    life: str
    seq: int
    t: int
    grams: int
    fill: int | None = None


class _NamedEvent(msgspec.Struct):
    kind: Kind
    t: int
    t_end: int
    grams: int
    before: _NamedEvidence
    after: _NamedEvidence
    note: str = ""
    why: str = ""
    bare: _NamedEvidence | None = None
    fill: tuple[int | None, int | None] = (None, None)
    doubt_g: int = 0


_decode_named = msgspec.msgpack.Decoder(list[_NamedEvent]).decode


def pack(happened: Sequence[Event] | Sequence[Emptying]) -> bytes:
    """Events of a platform, or emptyings of a bin without a scale; b"" for none. The same
    events are the same bytes."""
    if not happened:
        return b""
    if not isinstance(happened[0], Event):
        return zlib.compress(_encode(happened), 1)
    made = zlib.compressobj(6, wbits=12, memLevel=5, zdict=_COMMON)
    return _MARK + made.compress(_encode(happened)) + made.flush()


def unpack(body: bytes) -> list[Event]:
    """The events of a platform that were packed."""
    if not body:
        return []
    return _decode_events(_arrays(body))


def is_same(a: bytes, b: bytes) -> bool:
    """Whether two bodies have the same events, also where an earlier version packed one."""
    if a == b or not a or not b or a[:1] == b[:1]:
        return a == b
    try:
        return _arrays(a) == _arrays(b)
    except msgspec.DecodeError:  # one is emptyings: the bin has got a scale
        return False


def _arrays(body: bytes) -> bytes:
    """Events as msgpack of arrays."""
    if body[:1] == _MARK:
        made = zlib.decompressobj(zdict=_COMMON)
        raw = made.decompress(body[1:])
        if not made.eof:  # its checksum stands at the end
            raise zlib.error("events of a day: cut off")
        return raw
    named = _decode_named(zlib.decompress(body))
    return _encode([_plain(event) for event in named])


def _plain(value: msgspec.Struct) -> list[object]:
    """The values of a structure, and of those in it."""
    each = (getattr(value, name) for name in value.__struct_fields__)
    return [_plain(x) if isinstance(x, msgspec.Struct) else x for x in each]


def events(db: Database, rows: Iterable[PlatformDay]) -> dict[int, list[Event]]:
    """Id of a revision → the events that began in its day; of bins with a scale only."""
    ids = [r.id for r in rows if r.has_scale]
    bodies = event_bodies(db, ids)
    return {i: unpack(bodies.get(i, b"")) for i in ids}


def collections(db: Database, ids: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(id of a revision, Unix seconds, grams) of each collection that began in its day."""
    for id_, body in event_bodies(db, ids).items():
        for event in _decode_happened(_arrays(body)):
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

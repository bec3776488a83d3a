"""Writes a batch into the store: each reading once, however often it arrives.

The intervals of seq stored of each (device, life) give both deduplication and completeness.
They are kept in the same transaction as the readings. What goes over the limits of a board
(growth) is refused, and not confirmed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..common.local_days import local_day
from ..readings.messages import Birth, Reading, wire
from . import card_ids, chunk, deferred, growth, quarantine, report_intervals, seq_intervals
from .calibrations import Calibrations
from .database import Database
from .growth import Growth
from .model import Batch, Counts, Refused
from .streams import Key, Stream, Streams

_BIRTH_BYTES, _WEIGHED_BYTES = 200, 150  # what a birth and what it tells take beside its body


@dataclass
class Writer:
    """What a batch is written to; the two that remember something are told when it failed."""

    db: Database
    streams: Streams
    calibrations: Calibrations
    growth: Growth

    def forget(self) -> None:
        """Nothing in memory is certain any more."""
        self.streams.forget()
        self.growth.forget()


@dataclass
class _Writing:
    """A batch under way. over: readings refused because they go over a limit."""

    to: Writer
    received: int
    sites: dict[Key, str]
    known: Mapping[Key, Stream] = field(default_factory=dict)
    changed: dict[int, Stream] = field(default_factory=dict)
    over: list[Refused] = field(default_factory=list)

    def refuse(self, key: Key, what: str, readings: list[Reading]) -> None:
        device, life = key
        topic = f"qingyun/1/{self.sites[key]}/{device}/reading"
        why = growth.why(what)
        self.over += [Refused(topic, wire(life, r), why, sender=device) for r in readings]
        self.to.growth.over(device, what, len(readings))


def add(to: Writer, batch: Batch, received: int) -> Counts:
    """Write a batch within a transaction. received: Unix seconds."""
    lives: dict[Key, list[Reading]] = defaultdict(list)
    sites: dict[Key, str] = {}
    for device, site, reading in batch.readings:
        key = (device, reading.life)
        lives[key].append(reading)
        sites[key] = site
    sites |= {(device, birth.life): site for device, site, birth in batch.births}
    sites |= {(device, life): site for device, site, life, _ in _refused_readings(batch)}
    to.growth.begin(received)
    w = _Writing(to, received, sites)
    w.known = to.streams.get(sites, to.growth)
    before = {key: stream.complete() for key, stream in w.known.items()}
    _add_births(w, batch)
    stored = _add_readings(w, lives)
    _add_refused(w, batch)
    to.streams.save(w.changed.values())
    quarantine.put(to.db, [*batch.refused, *w.over], received)
    if batch.deferred or batch.taken_up:
        deferred.put(to.db, batch.deferred)
        deferred.remove(to.db, batch.taken_up)
    to.growth.save()
    duplicates = len(batch.readings) - stored - len(w.over)
    confirmed = _confirmed(w.known, before, sites, batch)
    return Counts(stored, duplicates, len(batch.refused) + len(w.over), confirmed)


def _refused_readings(batch: Batch) -> list[tuple[str, str, str, int]]:
    """(device, site, life, seq) of refused messages that name a reading."""
    return [x.reading for x in batch.refused if x.reading]


def _add_births(w: _Writing, batch: Batch) -> None:
    """Write birth messages. Of one over the limit only what needs no room is taken: from where
    on the board has readings, and whether it waits for the host."""
    for device, _, birth in batch.births:
        stream = w.known.get((device, birth.life))
        if stream is None:
            w.to.growth.over(device, growth.LIVES, 1)
            continue
        stream.floor = max(stream.floor, birth.first)
        stream.confirm = birth.confirm
        w.changed[stream.id] = stream
        size = len(birth.body) + _BIRTH_BYTES + _WEIGHED_BYTES * len(birth.weighed)
        if w.to.growth.room(device, growth.BIRTHS) < size:
            w.to.growth.over(device, growth.BIRTHS, 1)
            continue
        w.to.growth.use(device, growth.BIRTHS, size)
        _birth(w.to.db, stream, birth, w.received)
        w.to.calibrations.note(stream.id, birth.weighed, w.received)
        report_intervals.note(w.to.db, stream.id, birth, w.received)


def _add_readings(w: _Writing, lives: Mapping[Key, list[Reading]]) -> int:
    """Write readings that are not stored yet; their number."""
    stored, rows = 0, []
    for key, readings in lives.items():
        stream = w.known.get(key)
        if stream is None:
            w.refuse(key, growth.LIVES, readings)
            continue
        new = _new(w, key, stream, readings)
        if new:
            stored += len(new)
            for boot in {r.boot for r in new}:
                seq_intervals.add(stream.boots, boot)
            w.changed[stream.id] = stream
            body = chunk.of_arrivals(card_ids.set_apart(w.to.db, stream.id, new, w.received))
            w.to.growth.use(key[0], growth.READINGS, len(body))
            rows.append((stream.id, len(new), w.received, body))
    w.to.db.insert("arrival", "stream, n, received, body", rows)
    return stored


def _add_refused(w: _Writing, batch: Batch) -> None:
    """Count refused readings as taken, so that boards drop them."""
    for device, _, life, seq in _refused_readings(batch):
        stream = w.known.get((device, life))
        if stream and not _too_many_gaps(w.to.growth, device, stream, seq):
            n = len(stream.held) or 1
            if seq_intervals.add(stream.held, seq):
                w.changed[stream.id] = stream
                w.to.growth.use(device, growth.GAPS, len(stream.held) - n)


def _confirmed(
    known: Mapping[Key, Stream],
    before: Mapping[Key, int | None],
    sites: Mapping[Key, str],
    batch: Batch,
) -> list[tuple[str, str, str, int]]:
    """(device, site, life, seq) up to which nothing is missing, of boards that wait for it.

    A board that has just connected is told again what it was told before."""
    connected = {(device, birth.life) for device, _, birth in batch.births}
    confirmed = []
    for key, stream in known.items():
        seq = stream.complete() if stream.confirm else None
        if seq is not None and (seq != before[key] or key in connected):
            device, life = key
            confirmed.append((device, sites[key], life, seq))
    return confirmed


def _new(w: _Writing, key: Key, stream: Stream, readings: list[Reading]) -> list[Reading]:
    """Readings that are not stored yet and may be, in order of seq; their seqs are added to the
    held ones."""
    device, held = key[0], stream.held
    if w.to.growth.room(device, growth.READINGS) <= 0:
        w.refuse(key, growth.READINGS, [r for r in readings if not seq_intervals.has(held, r.seq)])
        return []
    readings = _of_days(w, key, stream, readings)
    if not readings:
        return []
    lo, hi = readings[0].seq, readings[-1].seq
    follows = hi - lo + 1 == len(readings) and (not held or lo > held[-1][1])
    # As a rule a board sends what follows, in order.
    if follows and all(r.seq == lo + i for i, r in enumerate(readings)):
        if held and held[-1][1] == lo - 1:
            held[-1] = (held[-1][0], hi)
            return readings
        if not _too_many_gaps(w.to.growth, device, stream, lo):
            w.to.growth.use(device, growth.GAPS, 1 if held else 0)
            held.append((lo, hi))
            return readings
    return _scattered(w, key, stream, readings)


def _scattered(w: _Writing, key: Key, stream: Stream, readings: list[Reading]) -> list[Reading]:
    """The same, reading by reading."""
    new, over = [], []
    for r in readings:
        n = len(stream.held) or 1
        if _too_many_gaps(w.to.growth, key[0], stream, r.seq):
            over.append(r)
        elif seq_intervals.add(stream.held, r.seq):
            new.append(r)
            w.to.growth.use(key[0], growth.GAPS, len(stream.held) - n)
    w.refuse(key, growth.GAPS, over)
    return sorted(new, key=lambda r: r.seq)


def _too_many_gaps(limits: Growth, device: str, stream: Stream, seq: int) -> bool:
    """Whether seq makes a gap that there is no room for."""
    if not stream.held:
        return False
    if limits.room(device, growth.GAPS) > 0 and len(stream.held) < growth.GAPS_OF_LIFE:
        return False
    return not seq_intervals.has(stream.held, seq) and seq_intervals.alone(stream.held, seq)


def _of_days(w: _Writing, key: Key, stream: Stream, readings: list[Reading]) -> list[Reading]:
    """Those that are of today and yesterday, undated, or of so few past days that their board
    may send them."""
    old = w.to.growth.yesterday
    if all(r.t is None or r.t >= old for r in readings):
        return readings
    taken, over = [], []
    for r in readings:
        past = r.t is not None and r.t < old and not seq_intervals.has(stream.held, r.seq)
        if past and not w.to.growth.use_day(key[0], local_day(r.t or 0)):
            over.append(r)
        else:
            taken.append(r)
    w.refuse(key, growth.DAYS, over)
    return taken


def _birth(db: Database, stream: Stream, birth: Birth, received: int) -> None:
    db.many(
        "INSERT INTO birth (stream, boot, up, t, received, body) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (stream, boot, up) DO NOTHING",
        [(stream.id, birth.boot, birth.up, birth.t, received, birth.body)],
    )

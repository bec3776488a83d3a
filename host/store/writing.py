"""One batch into the store: each reading once however often it arrives.

Deduplication and completeness are one thing: the intervals of seq already stored of each
(device, life), kept in the same transaction as the readings."""

from __future__ import annotations

from collections import defaultdict

from ..readings.messages import Birth, Reading
from . import chunk, seq_intervals
from .calibrations import Calibrations
from .database import Database
from .model import Batch, Counts
from .streams import Key, Stream, Streams


def add(
    db: Database, streams: Streams, calibrations: Calibrations, batch: Batch, received: int
) -> Counts:
    """Write a batch, within a transaction."""
    lives: dict[Key, list[Reading]] = defaultdict(list)
    owners: dict[Key, str] = {}
    for device, site, reading in batch.readings:
        key = (device, reading.life)
        lives[key].append(reading)
        owners[key] = site
    owners |= {(d, b.life): s for d, s, b in batch.births}
    named = [x.reading for x in batch.refused if x.reading]
    owners |= {(d, life): s for d, s, life, _ in named}
    known = streams.get(owners)
    before = {key: s.complete() for key, s in known.items()}
    changed: dict[int, Stream] = {}
    for device, _, birth in batch.births:
        stream = known[device, birth.life]
        _birth(db, stream, birth, received)
        calibrations.note(stream.id, birth.weighed, received)
        changed[stream.id] = stream
    stored, rows = 0, []
    for key, came in lives.items():
        stream = known[key]
        new = _new(stream.held, came)
        if new:
            stored += len(new)
            for boot in {r.boot for r in new}:
                seq_intervals.add(stream.boots, boot)
            changed[stream.id] = stream
            rows.append((stream.id, len(new), received, chunk.of_arrivals(new)))
    db.many("INSERT INTO arrival (stream, n, received, body) VALUES (?,?,?,?)", rows)
    for device, _, life, number in named:
        stream = known[device, life]
        if seq_intervals.add(stream.held, number):
            changed[stream.id] = stream
    streams.save(changed.values())
    db.many(
        "INSERT INTO quarantine (received, topic, reason, payload) VALUES (?,?,?,?)",
        [(received, x.topic, x.reason, x.payload) for x in batch.refused],
    )
    # A board that has just said hello is told even what it was told before.
    asked = {(device, birth.life) for device, _, birth in batch.births}
    confirmed = []
    for (device, life), stream in known.items():
        seq = stream.complete() if stream.confirm else None
        if seq is not None and (seq != before[device, life] or (device, life) in asked):
            confirmed.append((device, owners[device, life], life, seq))
    duplicates = len(batch.readings) - stored
    return Counts(stored, duplicates, len(batch.refused), confirmed)


def _new(held: seq_intervals.Spans, came: list[Reading]) -> list[Reading]:
    """Those of the readings that are not stored yet, in order of seq; held knows them then."""
    lo, hi = came[0].seq, came[-1].seq
    follows = hi - lo + 1 == len(came) and (not held or lo > held[-1][1])
    # As a rule a board sends what follows, in order.
    if follows and all(r.seq == lo + i for i, r in enumerate(came)):
        if held and held[-1][1] == lo - 1:
            held[-1] = (held[-1][0], hi)
        else:
            held.append((lo, hi))
        return came
    return sorted((r for r in came if seq_intervals.add(held, r.seq)), key=lambda r: r.seq)


def _birth(db: Database, stream: Stream, birth: Birth, received: int) -> None:
    db.many(
        "INSERT INTO birth (stream, boot, up, t, received, body) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (stream, boot, up) DO NOTHING",
        [(stream.id, birth.boot, birth.up, birth.t, received, birth.body)],
    )
    stream.floor = max(stream.floor, birth.first)
    stream.confirm = birth.confirm

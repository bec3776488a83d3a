"""Writes a batch into the store: each reading once, however often it arrives.

The intervals of seq stored of each (device, life) give both deduplication and completeness.
They are kept in the same transaction as the readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ..readings.messages import Birth, Reading
from . import chunk, quarantine, report_intervals, seq_intervals
from .calibrations import Calibrations
from .database import Database
from .model import Batch, Counts
from .streams import Key, Stream, Streams


def add(
    db: Database, streams: Streams, calibrations: Calibrations, batch: Batch, received: int
) -> Counts:
    """Write a batch within a transaction. received: Unix seconds."""
    lives: dict[Key, list[Reading]] = defaultdict(list)
    sites: dict[Key, str] = {}
    for device, site, reading in batch.readings:
        key = (device, reading.life)
        lives[key].append(reading)
        sites[key] = site
    sites |= {(device, birth.life): site for device, site, birth in batch.births}
    sites |= {(device, life): site for device, site, life, _ in _refused_readings(batch)}
    known = streams.get(sites)
    before = {key: stream.complete() for key, stream in known.items()}
    born = _add_births(db, calibrations, known, batch, received)
    stored, written = _add_readings(db, known, lives, received)
    streams.save({s.id: s for s in (*born, *written, *_add_refused(known, batch))}.values())
    quarantine.put(db, batch.refused, received)
    duplicates = len(batch.readings) - stored
    confirmed = _confirmed(known, before, sites, batch)
    return Counts(stored, duplicates, len(batch.refused), confirmed)


def _refused_readings(batch: Batch) -> list[tuple[str, str, str, int]]:
    """(device, site, life, seq) of refused messages that name a reading."""
    return [x.reading for x in batch.refused if x.reading]


def _add_births(
    db: Database,
    calibrations: Calibrations,
    known: Mapping[Key, Stream],
    batch: Batch,
    received: int,
) -> list[Stream]:
    """Write birth messages; their streams."""
    streams = []
    for device, _, birth in batch.births:
        stream = known[device, birth.life]
        _birth(db, stream, birth, received)
        calibrations.note(stream.id, birth.weighed, received)
        report_intervals.note(db, stream.id, birth, received)
        streams.append(stream)
    return streams


def _add_readings(
    db: Database, known: Mapping[Key, Stream], lives: Mapping[Key, list[Reading]], received: int
) -> tuple[int, list[Stream]]:
    """Write readings that are not stored yet; their number and their streams."""
    stored, streams, rows = 0, [], []
    for key, readings in lives.items():
        stream = known[key]
        new = _new(stream.held, readings)
        if new:
            stored += len(new)
            for boot in {r.boot for r in new}:
                seq_intervals.add(stream.boots, boot)
            streams.append(stream)
            rows.append((stream.id, len(new), received, chunk.of_arrivals(new)))
    db.many("INSERT INTO arrival (stream, n, received, body) VALUES (?,?,?,?)", rows)
    return stored, streams


def _add_refused(known: Mapping[Key, Stream], batch: Batch) -> list[Stream]:
    """Count refused readings as taken, so that boards drop them; the streams that changed."""
    readings = [(known[device, life], seq) for device, _, life, seq in _refused_readings(batch)]
    return [stream for stream, seq in readings if seq_intervals.add(stream.held, seq)]


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


def _new(held: seq_intervals.Intervals, readings: list[Reading]) -> list[Reading]:
    """Readings that are not stored yet, in order of seq; their seqs are added to held."""
    lo, hi = readings[0].seq, readings[-1].seq
    follows = hi - lo + 1 == len(readings) and (not held or lo > held[-1][1])
    # As a rule a board sends what follows, in order.
    if follows and all(r.seq == lo + i for i, r in enumerate(readings)):
        if held and held[-1][1] == lo - 1:
            held[-1] = (held[-1][0], hi)
        else:
            held.append((lo, hi))
        return readings
    return sorted((r for r in readings if seq_intervals.add(held, r.seq)), key=lambda r: r.seq)


def _birth(db: Database, stream: Stream, birth: Birth, received: int) -> None:
    db.many(
        "INSERT INTO birth (stream, boot, up, t, received, body) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (stream, boot, up) DO NOTHING",
        [(stream.id, birth.boot, birth.up, birth.t, received, birth.body)],
    )
    stream.floor = max(stream.floor, birth.first)
    stream.confirm = birth.confirm

"""What goes into the store and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from ..readings.messages import Birth, Reading


@dataclass(frozen=True)
class Refused:
    """A message, or a part of one, for the quarantine. reading: (device, site, life, seq)
    where it is known: it counts as taken then, so that the board lets go of it. sender: the
    board that the topic names. limited: so much a day is kept of one sender; not where the
    fault may be this machine's."""

    topic: str
    payload: bytes
    reason: str
    reading: tuple[str, str, str, int] | None = None
    sender: str = ""
    limited: bool = True


@dataclass
class Batch:
    """What is committed together. readings and births with their (device, site). deferred:
    (device, topic, payload) of messages that wait; taken_up: ids of those that no longer do."""

    readings: list[tuple[str, str, Reading]] = field(default_factory=list)
    births: list[tuple[str, str, Birth]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    deferred: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    taken_up: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """What became of a batch; confirmed: (device, site, life, seq without a gap up to) of
    those boards that wait for it."""

    stored: int
    duplicates: int
    quarantined: int
    confirmed: list[tuple[str, str, str, int]]

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.quarantined + other.quarantined,
            self.confirmed + other.confirmed,
        )


class Row(msgspec.Struct, frozen=True):
    """One stored reading, at the time it is believed to be of (Unix seconds).

    values: channel → g, permille, 0.01 °C or 0/1."""

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

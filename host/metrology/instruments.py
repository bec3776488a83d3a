"""Weighing instruments by their papers: what they are, and until when they are verified."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FILE = "instruments.csv"
COLUMNS = (
    *("device", "channel", "make", "model", "class", "max_kg", "e_kg", "serial"),
    *("verified", "verified_until"),
)
CLASSES = ("I", "II", "III", "IIII")  # OIML R 76-1, 3.2
_CHANNEL = re.compile(r"w[0-9]{1,2}")
SOON_D = 30  # a verification that ends within so many days is told


@dataclass(frozen=True)
class Instrument:
    """An instrument that a board reads at a channel, with one verification (检定); masses in g.
    verified, until: the first and the last day of that; None: it has none."""

    device: str
    channel: str
    make: str
    model: str
    accuracy: str
    max_g: int
    e_g: int
    serial: str
    verified: dt.date | None = None
    until: dt.date | None = None

    @property
    def place(self) -> tuple[str, str]:
        return self.device, self.channel

    @property
    def said(self) -> dict[str, str]:
        """What its board says of it in the birth message."""
        until = "" if self.until is None else str(self.until)
        texts = {"make": self.make, "model": self.model, "class": self.accuracy}
        texts |= {"serial": self.serial, "verified_until": until}
        return {key: text for key, text in texts.items() if text}

    def is_verified(self, day: dt.date) -> bool:
        """Whether the verification holds on a day."""
        return bool(self.verified and self.until) and self.verified <= day <= self.until  # type: ignore[operator]


def read(
    rows: Iterable[Any], devices: Container[str], weighed: Mapping[tuple[str, str], tuple[int, int]]
) -> Iterator[Instrument]:
    """Instruments from the rows of the file (registry.Row); RegistryError for the first mistake.

    weighed: (Max, e) in g of each platform, by device and channel."""
    seen: set[tuple[str, str, dt.date | None]] = set()
    for row in rows:
        if row.name("device") not in devices:
            raise row.fail("device", "a device of devices.csv")
        row.match("channel", _CHANNEL, "w followed by a number")
        made = _of_row(row)
        key = (*made.place, made.verified)
        row.unique("verified", seen, key)
        seen.add(key)
        for column, mine, its in zip(
            ("max_kg", "e_kg"),
            (made.max_g, made.e_g),
            weighed.get(made.place, (made.max_g, made.e_g)),
            strict=True,
        ):
            if mine != its:
                raise row.fail(column, f"{its / 1000:g}, as bins.csv has it for this platform")
        yield made


def _of_row(row: Any) -> Instrument:
    nothing = dt.date.min
    verified, until = row.date("verified", nothing), row.date("verified_until", nothing)
    if (verified == nothing) != (until == nothing):
        column = "verified" if verified == nothing else "verified_until"
        raise row.fail(column, "both days of the verification, or neither")
    if until < verified:
        raise row.fail("verified_until", f"a day from {verified} on")
    return Instrument(
        row.name("device"),
        row.text("channel"),
        row.optional("make"),
        row.optional("model"),
        row.one_of("class", CLASSES),
        row.thousandths("max_kg", "1", "8000"),
        row.thousandths("e_kg", "0.001", "10"),
        row.text("serial"),
        None if verified == nothing else verified,
        None if until == nothing else until,
    )


def by_place(named: Iterable[Instrument]) -> dict[tuple[str, str], list[Instrument]]:
    """(device, channel) → its instrument, once for each verification."""
    found: dict[tuple[str, str], list[Instrument]] = {}
    for i in named:
        found.setdefault(i.place, []).append(i)
    return found


def ending(
    instruments: Iterable[Instrument], today: dt.date
) -> list[tuple[Instrument, dt.date | None, bool]]:
    """(instrument, last day of its latest verification, whether that is over) of each place whose
    verification ends within SOON_D days, has ended, or never was (then None)."""
    latest = [
        max(here, key=lambda i: i.until or dt.date.min) for here in by_place(instruments).values()
    ]
    return [
        (i, i.until, i.until is None or i.until < today)
        for i in latest
        if i.until is None or (i.until - today).days <= SOON_D
    ]

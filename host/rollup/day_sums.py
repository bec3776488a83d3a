"""Days added up over all sites, and kept: a year of a district has 365 of them, and millions of
figures of platforms behind them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby

import msgspec

from ..common.local_days import DAY_S, date_of, day_of
from ..registry import WET, Registry
from ..store import Busy, Store, day_revisions
from ..store import day_sums as rows
from ..store.day_revisions import Closing
from .closing import RegistrySnapshot
from .days import DailyRow, days_of

SEEN = Decimal("0.9")  # least coverage of a day that shows whether a bin was cleared
_VERSION = 1  # another one whenever the same rows give other sums
_AT_ONCE = 4  # days added up while nobody else writes figures: about a second of a district


class StreamSum(msgspec.Struct, array_like=True, gc=False):
    """Grams; seconds of bin-time that were measured, and all of them."""

    collected_g: int = 0
    covered_s: int = 0
    whole_s: int = 0


class DaySum(msgspec.Struct, array_like=True, gc=False):
    """due: sites with deposits of wet waste and enough coverage to judge; cleared: those with a
    collection; fills, full: bins with a fill sensor, and those that were full; reporting: sites
    with readings."""

    streams: dict[str, StreamSum] = {}
    due: int = 0
    cleared: int = 0
    fills: int = 0
    full: int = 0
    reporting: int = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DaySum).decode


def sum_of(day: Iterable[DailyRow]) -> DaySum:
    """The rows of one day added up."""
    made = DaySum({})
    reporting = set()
    for r in day:
        stream = made.streams.setdefault(r.stream, StreamSum())
        stream.collected_g += r.collected_g
        stream.covered_s += r.covered_s
        stream.whole_s += r.bins * DAY_S
        made.fills += r.fills
        made.full += r.full
        if r.stream == WET and r.deposited_g > 0 and (r.coverage or 0) >= SEEN:
            made.due += 1
            made.cleared += r.collections > 0
        if r.covered_s:
            reporting.add(r.site)
    made.reporting = len(reporting)
    return made


def sums_of(store: Store, registry: Registry, span: Sequence[dt.date]) -> Iterator[DaySum]:
    """Of consecutive days, whose figures are up to date. What is not kept yet is added up, and
    kept where the store can be written."""
    kept = _kept(store, registry, span)
    for date in span:
        yield _decode(kept[day_of(date)])


def keep(store: Store, registry: Registry, last: dt.date) -> None:
    """Keep those of all days up to one, so that who asks for a year need not wait."""
    first = day_revisions.first_day(store.database)
    if first is not None:
        span = [date_of(day) for day in range(first, day_of(last) + 1)]
        _kept(store, registry, span)


def _kept(store: Store, registry: Registry, span: Sequence[dt.date]) -> dict[int, str]:
    if not span:
        return {}
    db = store.database
    held = rows.find(db, day_of(span[0]), day_of(span[-1]))
    closed = day_revisions.closings(db)
    now = _made_with(registry)
    of_month = {month: _closed_with(c) for month, c in closed.items()}
    wanted = {day_of(date): of_month.get(f"{date:%Y-%m}", now) for date in span}
    found = {day: body for day, (made, body) in held.items() if wanted[day] == made}
    missing = [date for date in span if day_of(date) not in found]
    for some in _consecutive(missing):
        made = _added(store, registry, some, wanted)
        found |= {day: body for day, _, body in made}
    return found


def _added(
    store: Store, registry: Registry, some: Sequence[dt.date], wanted: dict[int, str]
) -> list[tuple[int, str, str]]:
    def made() -> list[tuple[int, str, str]]:
        each = zip(some, days_of(store, registry, some), strict=True)
        sums = [(day_of(date), _encode(sum_of(day.rows)).decode()) for date, day in each]
        return [(day, wanted[day], body) for day, body in sums]

    try:
        with rows.keeping(store.database):
            found = made()
            rows.keep(store.database, found)
    except Busy:
        found = made()
    return found


def _consecutive(dates: Sequence[dt.date]) -> Iterator[list[dt.date]]:
    """Stretches of consecutive days, of _AT_ONCE at most."""
    for _, numbered in groupby(enumerate(dates), key=lambda n: day_of(n[1]) - n[0]):
        stretch = [date for _, date in numbered]
        for at in range(0, len(stretch), _AT_ONCE):
            yield stretch[at : at + _AT_ONCE]


def _made_with(registry: Registry) -> str:
    """What of a registry the sums follow from, as a hash."""
    bins = [(b.bin, b.site, b.stream, bool(b.channel)) for b in RegistrySnapshot(registry).bins]
    return _hash(_encode(bins))


def _closed_with(closed: Closing) -> str:
    return _hash(closed.registry, str(closed.last).encode())


def _hash(*parts: bytes) -> str:
    made = hashlib.sha256(str(_VERSION).encode())
    for part in parts:
        made.update(part)
    return made.hexdigest()[:24]

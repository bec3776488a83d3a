"""Figures that are more than a sum of ledger entries: waste used from earlier years, and
institutions that report and ship on time."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from ..alarms.rules import Rule
from ..common.local_days import LOCAL
from ..common.periods import Period
from ..rollup import DAY_S, day_bounds
from ..store import Store
from . import rules
from .entry import PRODUCED, TAKEN, Entry
from .register import SOCIAL, HazardStore, Register
from .stock import Stock, stock_of

UPSTREAM = "产生批次编码/出库批次编码"


def from_earlier(
    register: Register, live: Iterable[Entry], used: Iterable[Entry], year: int
) -> dict[int, Decimal]:
    """Month -> tonnes used in a year that were stored before it, first in, first out.

    A use names the 出库 or 产生 batches it came from. A month is absent if one of its uses
    names none that are known."""
    start = day_bounds(dt.date(year, 1, 1))[0]
    shares = _shares(register, live, start)
    grams: dict[int, int | None] = {}  # None: not known
    for e in used:
        when = dt.datetime.fromtimestamp(e.t, LOCAL)
        if when.year != year:
            continue
        names = re.split(r"[\s;；,，、]+", e.values.get(UPSTREAM, "").strip())
        named = [shares.get((e.institution, n)) for n in names]
        before = grams.get(when.month, 0)
        old, total = (sum(x[i] for x in named if x) for i in (0, 1))
        if before is None or None in named or not total:
            grams[when.month] = None
        else:
            grams[when.month] = before + round(e.grams * old / total)
    return {m: Decimal(g).scaleb(-6) for m, g in grams.items() if g is not None}


def _shares(
    register: Register, live: Iterable[Entry], start: int
) -> dict[tuple[str, str], tuple[int, int]]:
    """(institution, batch) → (g from before start, g in all) of each 出库 and 产生."""
    stock, shares = Stock(register), {}
    for e in live:
        if e.table == TAKEN:
            old = sum(lot.grams for lot in stock.shelf(e).lots if lot.t < start)
            shares[e.institution, e.batch] = min(e.grams, max(0, old)), e.grams
        elif e.table == PRODUCED:
            shares[e.institution, e.batch] = e.grams if e.t < start else 0, e.grams
        stock.apply(e)
    return shares


def units_on_time(
    store: Store, register: Register, live: list[Entry], year: int, as_of: dt.date
) -> dict[int, Decimal]:
    """Month -> count of 社会源 institutions on time at its end: every platform gave a good
    weight in the last day, and no waste is older than the `age` rules allow.

    A month is absent if no platform gave a weight in its last day, or it ends after as_of."""
    if register.folder is None or not (register.folder / "rules.csv").exists():
        return {}
    limits = [r for r in rules.load(register.folder) if r.kind == "age"]
    ends = {m: Period(year, m).last for m in range(1, 13)}
    counts = {}
    for m, last in ends.items():
        if last <= as_of:
            holding = [r for r in limits if r.holds(last)]
            count = _on_time(store, register, live, holding, day_bounds(last)[1])
            if count is not None:
                counts[m] = Decimal(count)
    return counts


def _on_time(
    store: Store, register: Register, live: list[Entry], limits: list[Rule], end: int
) -> int | None:
    """Institutions on time at end (Unix seconds); None where no platform gave a weight."""
    institutions = _social_stores(register)
    stores = [s for of_one in institutions.values() for s in of_one]
    online = {s.store: _online(store, register, s, end) for s in stores}
    if not any(any(platforms) for platforms in online.values()):
        return None
    stock = stock_of(register, (e for e in live if e.t < end))
    late = {s.store for s in stores if _late(register, stock, s, limits, end)}
    complete = {name for name, platforms in online.items() if platforms and all(platforms)}
    on_time = complete - late
    return sum(all(s.store in on_time for s in of_one) for of_one in institutions.values())


def _social_stores(register: Register) -> dict[str, list[HazardStore]]:
    """Institution -> its stores, of those that are 社会源."""
    stores: dict[str, list[HazardStore]] = defaultdict(list)
    for s in register.stores.values():
        if register.of(s.store).category == SOCIAL:
            stores[s.institution].append(s)
    return stores


def _online(store: Store, register: Register, s: HazardStore, end: int) -> list[bool]:
    """For each platform of a store: whether it gave a good weight in the day before end."""
    platforms = [(b.device, b.channel) for b in register.platforms(s.store)]
    heard = set()
    for device in {d for d, _ in platforms}:
        for r in store.readings(device, end - DAY_S, end):
            heard |= {(device, c) for c in r.values if r.q.get(c) in (None, "moving")}
    return [platform in heard for platform in platforms]


def _late(register: Register, stock: Stock, s: HazardStore, limits: list[Rule], end: int) -> bool:
    """Whether a store holds waste older at end (Unix seconds) than a limit allows."""
    return any(
        shelf.oldest is not None and (end - shelf.oldest) / 3600 / r.factor >= r.threshold
        for shelf in stock.of_store(s.store)
        for r in limits
        if rules.of_store(r, register, s) and rules.of_container(r, register, shelf.container)
    )

"""Figures that take more of the ledger than a sum: used from earlier years, units on time."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from ..common.local_days import LOCAL
from ..common.periods import Period
from ..rollup import DAY_S, day_bounds
from ..store import Store
from . import rules
from .entry import PRODUCED, TAKEN, Entry
from .register import SOCIAL, HazardStore, Register
from .stock import Books, books

UPSTREAM = "产生批次编码/出库批次编码"


def from_earlier(
    register: Register, live: Iterable[Entry], used: Iterable[Entry], year: int
) -> dict[int, Decimal]:
    """Tonnes used in a year that were put in before it, by month: first in, first out.

    A use says which 出库 (or 产生) it came from. A month with a use that does not is absent."""
    start = day_bounds(dt.date(year, 1, 1))[0]
    shares = _shares(register, live, start)
    found: dict[int, int | None] = {}
    for e in used:
        when = dt.datetime.fromtimestamp(e.t, LOCAL)
        if when.year != year:
            continue
        names = re.split(r"[\s;；,，、]+", e.said.get(UPSTREAM, "").strip())
        named = [shares.get((e.institution, n)) for n in names]
        before = found.get(when.month, 0)
        old, all_ = (sum(x[i] for x in named if x) for i in (0, 1))
        if before is None or None in named or not all_:
            found[when.month] = None
        else:
            found[when.month] = before + round(e.grams * old / all_)
    return {m: Decimal(g).scaleb(-6) for m, g in found.items() if g is not None}


def _shares(
    register: Register, live: Iterable[Entry], start: int
) -> dict[tuple[str, str], tuple[int, int]]:
    """(institution, batch) → (grams from before start, all grams) of what left or was made."""
    made, found = Books(register), {}
    for e in live:
        if e.table == TAKEN:
            old = sum(lot.grams for lot in made.shelf(e).lots if lot.t < start)
            found[e.institution, e.batch] = min(e.grams, max(0, old)), e.grams
        elif e.table == PRODUCED:
            found[e.institution, e.batch] = e.grams if e.t < start else 0, e.grams
        made.apply(e)
    return found


def units_on_time(
    store: Store, register: Register, live: list[Entry], year: int, as_of: dt.date
) -> dict[int, Decimal]:
    """Units of 社会源 at each month's end of which every platform has told a good weight
    within the last day, and nothing is older than the `age` rules let it be.

    A month in whose last day none of them said anything is absent."""
    if register.folder is None or not (register.folder / "rules.csv").exists():
        return {}
    limits = [r for r in rules.load(register.folder) if r.kind == "age"]
    whose: dict[str, list[HazardStore]] = defaultdict(list)
    for s in register.stores.values():
        if register.of(s.store).category == SOCIAL:
            whose[s.institution].append(s)
    found = {}
    for m in range(1, 13):
        last = Period(year, m).last
        if last > as_of:
            break
        end = day_bounds(last)[1]
        said = {s.store: _online(store, register, s, end) for x in whose.values() for s in x}
        if not any(any(x) for x in said.values()):
            continue
        held = books(register, (e for e in live if e.t < end))
        holding = [r for r in limits if r.holds(last)]
        count = 0
        for stores in whose.values():
            online = all(said[s.store] and all(said[s.store]) for s in stores)
            count += online and not any(_late(register, held, s, holding, end) for s in stores)
        found[m] = Decimal(count)
    return found


def _online(store: Store, register: Register, s: HazardStore, end: int) -> list[bool]:
    """Whether each platform told a good weight in the day before end."""
    wanted = [(b.device, b.channel) for b in register.platforms(s.store)]
    heard = set()
    for device in {d for d, _ in wanted}:
        for r in store.readings(device, end - DAY_S, end):
            heard |= {(device, c) for c in r.values if r.q.get(c) in (None, "moving")}
    return [w in heard for w in wanted]


def _late(
    register: Register, held: Books, s: HazardStore, limits: list[rules.Rule], end: int
) -> bool:
    """Whether something in a store is too old."""
    return any(
        shelf.oldest is not None and (end - shelf.oldest) / 3600 / r.factor >= r.threshold
        for shelf in held.of_store(s.store)
        for r in limits
        if r.of_store(register, s) and r.of_container(register, shelf.container)
    )

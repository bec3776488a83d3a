"""Figures from the ledger of hazardous waste and from weighbridge tickets."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from ..common.local_days import LOCAL
from ..common.periods import Period, days_of
from ..hazard import derived, ledger, papers
from ..hazard.entry import OUTSIDE, OWN, PRODUCED, STORED, TAKEN, Entry
from ..hazard.register import INDUSTRIAL, MEDICAL, SOCIAL, Register
from ..hazard.stock import stock_of
from ..rollup import day_bounds
from ..store import Store
from .catalog import Figure
from .series import Series, Source

VISIT_S = 2 * 3600  # entries within that time are one pickup
WITHIN_S = 48 * 3600
METHOD = {OWN: "自行利用/处置方式", OUTSIDE: "利用/处置方式"}


def _month(t: int) -> tuple[int, int]:
    d = dt.datetime.fromtimestamp(t, LOCAL)
    return d.year, d.month


def _unfinished(year: int, as_of: dt.date) -> int:
    over = as_of.year != year or as_of.day == days_of(year, as_of.month)
    return 0 if over else as_of.month


def tickets(store: Store, as_of: dt.date) -> Source:
    """The source of net masses (t) of tickets weighed and imported by the end of a day."""
    until = day_bounds(as_of)[1]
    imported = [x for x in papers.tickets(store, until) if x.t < until]

    def source(figure: Figure, year: int) -> Series | None:
        if "tickets" not in figure.sources or figure.mass != "net" or not figure.stream:
            return None
        sums: dict[int, int] = defaultdict(int)
        count = 0
        for x in imported:
            y, m = _month(x.t)
            if y == year and x.stream == figure.stream:
                sums[m] += x.grams
                count += 1
        if not sums:
            return None
        values = {m: Decimal(g).scaleb(-6) for m, g in sums.items()}
        notes = (f"{figure.name}：磅单{count}张，无磅单的月份不计",)
        unfinished = _unfinished(year, as_of)
        return Series(figure, year, values, origin="磅单", notes=notes, unfinished=unfinished)

    return source


def from_ledger(store: Store, register: Register, as_of: dt.date) -> Source:
    """The source of ledger figures: entries of registered institutions made and recorded by the
    end of a day; masses in t."""
    until = day_bounds(as_of)[1]
    recorded = [e for e in ledger.read(store) if e.recorded < until]
    live = [e for e in ledger.live(recorded) if e.t < until]

    def source(figure: Figure, year: int) -> Series | None:
        if figure.figure not in FIGURES or "ledger" not in figure.sources:
            return None
        if figure.figure == ON_TIME:
            entries = _of(register, live, (SOCIAL,))
            values = derived.units_on_time(store, register, entries, year, as_of)
        else:
            wanted, _, count = _FIGURES[figure.figure]
            entries = _of(register, live, wanted)
            values = count(register, entries, year, as_of)
        if not values:
            return None
        who = len({e.institution for e in entries} or _of_category(register, (SOCIAL,)))
        notes = (f"{figure.name}：台账只含登记的{who}家单位",)
        unfinished = _unfinished(year, as_of)
        return Series(figure, year, values, origin="台账", notes=notes, unfinished=unfinished)

    return source


Select = Callable[[list[Entry]], list[Entry]]
Count = Callable[[Register, list[Entry], int, dt.date], dict[int, Decimal]]


def _sum(entries: Iterable[Entry], year: int) -> dict[int, Decimal]:
    sums: dict[int, int] = defaultdict(int)
    for e in entries:
        y, m = _month(e.t)
        if y == year:
            sums[m] += e.grams
    return {m: Decimal(g).scaleb(-6) for m, g in sums.items()}


def _generated(entries: list[Entry]) -> list[Entry]:
    """产生 entries of institutions that have any, 入库 entries of the others."""
    books_it = {e.institution for e in entries if e.table == PRODUCED}
    return [e for e in entries if e.table == (PRODUCED if e.institution in books_it else STORED)]


def _by_method(pattern: str) -> Select:
    """Entries by the code of their method: R… used, D… disposed of, D1 landfilled."""
    method = re.compile(pattern)
    return lambda entries: [
        e for e in entries if e.table in METHOD and method.match(e.values.get(METHOD[e.table], ""))
    ]


def _moved(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.table in (STORED, TAKEN)]


def _taken(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.table == TAKEN]


def _added(select: Select) -> Count:
    return lambda _, entries, year, __: _sum(select(entries), year)


def _from_stock(
    register: Register, entries: list[Entry], year: int, _: dt.date
) -> dict[int, Decimal]:
    return derived.from_earlier(register, entries, _by_method(r"R\d")(entries), year)


def _stored(
    register: Register, entries: list[Entry], year: int, as_of: dt.date
) -> dict[int, Decimal]:
    """month -> stock in t at its end, from the first entry on."""
    if not entries:
        return {}
    tonnes = {}
    first = dt.datetime.fromtimestamp(entries[0].t, LOCAL).date()
    for m in range(1, 13):
        last = Period(year, m).last
        if first <= last <= as_of:
            end = day_bounds(last)[1]
            held = stock_of(register, (e for e in entries if e.t < end))
            tonnes[m] = Decimal(sum(s.grams for s in held.shelves.values())).scaleb(-6)
    return tonnes


def _visits(entries: list[Entry]) -> list[tuple[int, int | None]]:
    """(Unix seconds, seconds since the pickup before) of each pickup at an institution; None for
    the first."""
    visits = []
    last: dict[str, int] = {}
    for e in _taken(entries):
        before = last.get(e.institution)
        if before is None or e.t - before > VISIT_S:
            visits.append((e.t, None if before is None else e.t - before))
        last[e.institution] = e.t
    return visits


def _pickups(within: bool) -> Count:
    def count(_: Register, entries: list[Entry], year: int, __: dt.date) -> dict[int, Decimal]:
        """The first pickup has no interval: neither figure counts it."""
        numbers: dict[int, int] = defaultdict(int)
        for t, since in _visits(entries):
            y, m = _month(t)
            if y == year and since is not None:
                numbers[m] += not within or since <= WITHIN_S
        return {m: Decimal(n) for m, n in numbers.items()}

    return count


def _mass(categories: tuple[str, ...], select: Select) -> tuple[tuple[str, ...], Select, Count]:
    return categories, select, _added(select)


# Figure → categories of institutions, selection of their entries, count by month.
_FIGURES: dict[str, tuple[tuple[str, ...], Select, Count]] = {
    "hw_generated_t": _mass(INDUSTRIAL, _generated),
    "hw_used_t": _mass(INDUSTRIAL, _by_method(r"R\d")),
    "hw_used_from_stock_t": (INDUSTRIAL, list, _from_stock),
    "hw_disposed_t": _mass(INDUSTRIAL, _by_method(r"D\d")),
    "hw_landfilled_t": _mass(INDUSTRIAL, _by_method(r"D1(?!\d)")),
    "hw_stored_t": (INDUSTRIAL, _moved, _stored),
    "social_hw_generated_t": _mass((SOCIAL,), _generated),
    "medical_hw_generated_t": _mass((MEDICAL,), _generated),
    "medical_pickups": ((MEDICAL,), _taken, _pickups(False)),
    "medical_pickups_48h": ((MEDICAL,), _taken, _pickups(True)),
}


ON_TIME = "social_units_on_time"
FIGURES = (*_FIGURES, ON_TIME)


def rests_on(store: Store, register: Register, figure: str) -> list[Entry]:
    """The entries that a ledger figure counts, by time; KeyError for another figure."""
    if figure == ON_TIME:
        return _of(register, ledger.live(ledger.read(store)), (SOCIAL,))
    categories, select, _ = _FIGURES[figure]
    return select(_of(register, ledger.live(ledger.read(store)), categories))


def _of_category(register: Register, categories: tuple[str, ...]) -> set[str]:
    return {i.institution for i in register.institutions.values() if i.category in categories}


def _of(register: Register, live: list[Entry], categories: tuple[str, ...]) -> list[Entry]:
    whose = _of_category(register, categories)
    return [e for e in live if e.institution in whose]

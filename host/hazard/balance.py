"""Balance of a period per store and waste code: 期初贮存 + 入库 − 出库 − 期末贮存 = residual."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isqrt

from ..events import Sample
from ..metrology import r76
from .entry import STORED, TAKEN, Entry
from .ledger_posting import Seen
from .register import Register
from .stock import Shelf, stock_of


@dataclass
class StoreBalance:
    """Masses in g. opening, closing: as weighed where a scale stands, else as booked in the
    ledger. booked: stock by the ledger at the end. residual: what is missing; a gain is
    negative. limit: errors in service of all weighings (OIML R 76), added in quadrature."""

    store: str
    code: str
    opening: int = 0
    stored: int = 0
    taken: int = 0
    closing: int = 0
    booked: int = 0
    weighings: int = 0
    error_squares: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def residual(self) -> int:
        return self.opening + self.stored - self.taken - self.closing

    @property
    def limit(self) -> int:
        return isqrt(self.error_squares)

    @property
    def closes(self) -> bool:
        return abs(self.residual) <= self.limit


def gross_at(samples: Sequence[Sample], t: int) -> Sample | None:
    """The last good weight at rest up to t (Unix seconds); None where there is none."""
    for i in range(bisect_right(samples, t, key=lambda s: s.t) - 1, -1, -1):
        s = samples[i]
        if s.usable and s.q is None:
            return s
    return None


def balances(
    register: Register, live: Sequence[Entry], seen: Iterable[Seen], start: int, end: int
) -> list[StoreBalance]:
    """One for each store and code with stock or movement in start <= t < end (Unix seconds)."""
    platforms = {s.bin.bin: s for s in seen}
    before = stock_of(register, [e for e in live if e.t < start])
    after = stock_of(register, [e for e in live if e.t < end])
    moved: dict[str, list[Entry]] = defaultdict(list)
    for e in live:
        if start <= e.t < end and e.table in (STORED, TAKEN):
            moved[e.container].append(e)
    sums: dict[tuple[str, str], StoreBalance] = {}
    for name, shelf in sorted(after.shelves.items()):
        balance = sums.setdefault((shelf.store, shelf.code), StoreBalance(shelf.store, shelf.code))
        container = register.container(name)
        platform = platforms.get(container.bin) if container else None
        balance.booked += shelf.grams
        _add_moved(balance, moved[name], platform)
        _add_stock(balance, before.shelves.get(name), shelf, platform, (start, end))
    return [b for b in sums.values() if b.opening or b.stored or b.taken or b.closing]


def _add_moved(balance: StoreBalance, entries: Iterable[Entry], platform: Seen | None) -> None:
    """Add 入库 and 出库 of a container, and the errors of their weighings."""
    for e in entries:
        if e.table == STORED:
            balance.stored += e.grams
        else:
            balance.taken += e.grams
        if platform is not None and e.weighed:
            _add_error(balance, e.weighed.before_g, platform.bin.e_g)
            _add_error(balance, e.weighed.after_g, platform.bin.e_g)


def _add_stock(
    balance: StoreBalance,
    old: Shelf | None,
    new: Shelf,
    platform: Seen | None,
    period: tuple[int, int],
) -> None:
    """Add the stock of a container at the beginning and the end of the period."""
    opening, closing = old.grams if old else 0, new.grams
    if platform is None:
        balance.notes.append(f"{new.container}: 无秤，按台账")
    else:
        start, end = period
        first = _weighed_stock(balance, platform, start, old.carried_g if old else 0)
        last = _weighed_stock(balance, platform, end - 1, new.carried_g)
        if first is None:
            balance.notes.append(f"{new.container}: 期初无读数，按台账")
        opening = opening if first is None else first
        closing = closing if last is None else last
    balance.opening += opening
    balance.closing += closing


def _weighed_stock(balance: StoreBalance, platform: Seen, t: int, carried_g: int) -> int | None:
    """Waste on a platform at t in g, without the containers carried in; None: no reading."""
    sample = gross_at(platform.samples, t)
    if sample is None or sample.grams is None:
        return None
    _add_error(balance, sample.grams, platform.bin.e_g)
    return sample.grams - platform.bin.tare_g - carried_g


def _add_error(balance: StoreBalance, gross_g: int, e_g: int) -> None:
    balance.weighings += 1
    balance.error_squares += r76.in_service_g(gross_g, e_g) ** 2

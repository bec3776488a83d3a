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
from .stock import Shelf, books


@dataclass
class Balance:
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
    squares: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def residual(self) -> int:
        return self.opening + self.stored - self.taken - self.closing

    @property
    def limit(self) -> int:
        return isqrt(self.squares)

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
    register: Register, live: Sequence[Entry], seen: Iterable[Seen], t0: int, t1: int
) -> list[Balance]:
    """One for each store and code with stock or movement in t0 <= t < t1 (Unix seconds)."""
    platforms = {s.bin.bin: s for s in seen}
    before = books(register, [e for e in live if e.t < t0])
    after = books(register, [e for e in live if e.t < t1])
    moved: dict[str, list[Entry]] = defaultdict(list)
    for e in live:
        if t0 <= e.t < t1 and e.table in (STORED, TAKEN):
            moved[e.container].append(e)
    sums: dict[tuple[str, str], Balance] = {}
    for name, shelf in sorted(after.shelves.items()):
        b = sums.setdefault((shelf.store, shelf.code), Balance(shelf.store, shelf.code))
        container = register.container(name)
        platform = platforms.get(container.bin) if container else None
        b.booked += shelf.grams
        _add_moved(b, moved[name], platform)
        _add_stock(b, before.shelves.get(name), shelf, platform, (t0, t1))
    return [b for b in sums.values() if b.opening or b.stored or b.taken or b.closing]


def _add_moved(b: Balance, entries: Iterable[Entry], platform: Seen | None) -> None:
    """Add 入库 and 出库 of a container, and the errors of their weighings."""
    for e in entries:
        if e.table == STORED:
            b.stored += e.grams
        else:
            b.taken += e.grams
        if platform is not None and e.weighed:
            _add_error(b, e.weighed.before_g, platform.bin.e_g)
            _add_error(b, e.weighed.after_g, platform.bin.e_g)


def _add_stock(
    b: Balance, old: Shelf | None, new: Shelf, platform: Seen | None, period: tuple[int, int]
) -> None:
    """Add the stock of a container at the beginning and the end of the period."""
    opening, closing = old.grams if old else 0, new.grams
    if platform is None:
        b.notes.append(f"{new.container}: 无秤，按台账")
    else:
        t0, t1 = period
        first = _weighed_stock(b, platform, t0, old.carried_g if old else 0)
        last = _weighed_stock(b, platform, t1 - 1, new.carried_g)
        if first is None:
            b.notes.append(f"{new.container}: 期初无读数，按台账")
        opening = opening if first is None else first
        closing = closing if last is None else last
    b.opening += opening
    b.closing += closing


def _weighed_stock(b: Balance, platform: Seen, t: int, carried_g: int) -> int | None:
    """Waste on a platform at t in g, without the containers carried in; None: no reading."""
    sample = gross_at(platform.samples, t)
    if sample is None or sample.grams is None:
        return None
    _add_error(b, sample.grams, platform.bin.e_g)
    return sample.grams - platform.bin.tare_g - carried_g


def _add_error(b: Balance, gross_g: int, e_g: int) -> None:
    b.weighings += 1
    b.squares += r76.in_service_g(gross_g, e_g) ** 2

"""期初贮存 + 入库 = 出库 + 期末贮存 ± loss, per store and code, with what does not close."""

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
from .stock import books


@dataclass
class Balance:
    """Masses in g. opening and closing as weighed where a scale stands, else as booked.
    residual: what is missing (a gain is negative). limit: how much the scales may be off
    over all weighings, in quadrature."""

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
    """The last weight at rest that was told by then."""
    for i in range(bisect_right(samples, t, key=lambda s: s.t) - 1, -1, -1):
        s = samples[i]
        if s.usable and s.q is None:
            return s
    return None


def balances(
    register: Register, live: Sequence[Entry], seen: Iterable[Seen], t0: int, t1: int
) -> list[Balance]:
    """One for each store and code that anything stood in or moved through."""
    by_bin = {s.bin.bin: s for s in seen}
    before = books(register, [e for e in live if e.t < t0])
    after = books(register, [e for e in live if e.t < t1])
    within: dict[str, list[Entry]] = defaultdict(list)
    for e in live:
        if t0 <= e.t < t1 and e.table in (STORED, TAKEN):
            within[e.container].append(e)
    found: dict[tuple[str, str], Balance] = {}
    for name, shelf in sorted(after.shelves.items()):
        b = found.setdefault((shelf.store, shelf.code), Balance(shelf.store, shelf.code))
        entries = within[name]
        b.stored += sum(e.grams for e in entries if e.table == STORED)
        b.taken += sum(e.grams for e in entries if e.table == TAKEN)
        b.booked += shelf.grams
        container = register.container(name)
        platform = by_bin.get(container.bin) if container else None
        old = before.shelves.get(name)
        opening, closing = old.grams if old else 0, shelf.grams
        if platform is not None:
            e_g = platform.bin.e_g
            first, last = (gross_at(platform.samples, t) for t in (t0, t1 - 1))
            if first is not None and first.grams is not None:
                carried = old.carried_g if old else 0
                opening = first.grams - platform.bin.tare_g - carried
                _weigh(b, first.grams, e_g)
            else:
                b.notes.append(f"{name}: 期初无读数，按台账")
            if last is not None and last.grams is not None:
                closing = last.grams - platform.bin.tare_g - shelf.carried_g
                _weigh(b, last.grams, e_g)
            for e in entries:
                if e.weighed:
                    _weigh(b, e.weighed.before_g, e_g)
                    _weigh(b, e.weighed.after_g, e_g)
        else:
            b.notes.append(f"{name}: 无秤，按台账")
        b.opening += opening
        b.closing += closing
    return [b for b in found.values() if b.opening or b.stored or b.taken or b.closing]


def _weigh(b: Balance, gross: int, e_g: int) -> None:
    b.weighings += 1
    b.squares += r76.in_service_g(gross, e_g) ** 2

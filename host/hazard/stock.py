"""Stock of each container, first in, first out, from the entries of the ledger."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from .entry import PRODUCED, STORED, TAKEN, Entry
from .register import Register

DUST_E = 2  # verification scale intervals e: a smaller rest counts as empty


@dataclass
class Lot:
    """The rest of an 入库 of time t (Unix seconds), in g."""

    t: int
    batch: str
    grams: int


@dataclass
class Shelf:
    """Stock of one container, masses in g. over_g: taken without having been stored, less the
    rest that was booked when the container was weighed empty. lost_g: loss between weighed
    steps that no entry explains; a gain is negative."""

    container: str
    store: str
    code: str
    edition: str
    dust_g: int
    empty_g: int | None  # gross of the platform without waste; None: no scale
    lots: deque[Lot] = field(default_factory=deque)
    over_g: int = 0
    lost_g: int = 0
    carried_g: int = 0  # containers that came with the waste and stand there
    after_g: int | None = None  # gross after the last step

    @property
    def grams(self) -> int:
        return sum(lot.grams for lot in self.lots)

    @property
    def oldest(self) -> int | None:
        """When the oldest waste was stored (Unix seconds); None where the stock is at most
        dust_g."""
        total = 0
        for lot in self.lots:
            total += lot.grams
            if total > self.dust_g:
                return lot.t
        return None

    def put(self, entry: Entry) -> None:
        self.lots.append(Lot(entry.t, entry.batch, entry.grams))
        self._weighed(entry, entry.grams)

    def take(self, entry: Entry) -> list[str]:
        """Take from the oldest lots first; their batches. A container that a person names by its
        label, and that no scale holds, leaves as a whole."""
        if entry.act and self.empty_g is None:
            named = next((lot for lot in self.lots if lot.batch in entry.upstream), None)
            if named is not None:
                self.lots.remove(named)
                self.over_g += entry.grams - named.grams
                return [named.batch]
        left, sources = entry.grams, []
        while left > 0 and self.lots:
            lot = self.lots[0]
            part = min(left, lot.grams)
            if part > 0:
                sources.append(lot.batch)
            lot.grams -= part
            left -= part
            if lot.grams == 0:
                self.lots.popleft()
        self.over_g += left
        self._weighed(entry, -entry.grams)
        return sources

    def _weighed(self, entry: Entry, grams: int) -> None:
        w = entry.weighed
        if self.empty_g is None:  # weighed on a platform where it does not stay
            return
        if w is None:  # a manual entry explains a change that the scale showed
            if self.after_g is not None:
                self.lost_g += grams
            return
        if self.after_g is not None:
            self.lost_g += self.after_g - w.before_g
        self.carried_g += w.after_g - w.before_g - grams
        self.after_g = w.after_g
        if self.empty_g is not None and w.after_g - self.empty_g <= self.dust_g:
            self.over_g -= self.grams
            self.lots.clear()

    def unexplained(self, gross: int | None) -> int | None:
        """Loss in g that no entry explains, at a gross load (g); None: not known."""
        if self.after_g is None or gross is None:
            return None
        return self.lost_g + self.after_g - gross

    def standing(self, gross: int | None) -> int | None:
        """Waste in g in a gross load (g); None where it is not weighed."""
        if gross is None or self.empty_g is None:
            return None
        return gross - self.empty_g - self.carried_g


@dataclass
class _Sums:
    """Times (Unix seconds) of entries in their order, and the mass in g up to each."""

    t: list[int] = field(default_factory=list)
    grams: list[int] = field(default_factory=lambda: [0])

    def add(self, entry: Entry) -> None:
        self.t.append(entry.t)
        self.grams.append(self.grams[-1] + entry.grams)

    def between(self, start: int, end: int) -> int:
        return self.grams[bisect_left(self.t, end)] - self.grams[bisect_left(self.t, start)]


class Stock:
    """Stock of all containers, and what was generated; entries are applied in order of time."""

    def __init__(self, register: Register) -> None:
        self._generated: dict[str, dict[str, dict[str, _Sums]]] = {}
        self._register = register
        self.shelves: dict[str, Shelf] = {}
        self._of_store: dict[str, list[Shelf]] = {}

    def of_store(self, store: str) -> list[Shelf]:
        """Stock of the containers of a store."""
        return self._of_store.get(store, [])

    def shelf(self, entry: Entry) -> Shelf:
        """Stock of the container of an entry, made where it is new."""
        if entry.container not in self.shelves:
            container = self._register.container(entry.container)
            bin_ = self._register.bins.get(container.bin) if container else None
            self.shelves[entry.container] = shelf = Shelf(
                entry.container,
                entry.store,
                entry.code,
                entry.edition,
                DUST_E * bin_.e_g if bin_ else 0,
                bin_.tare_g if bin_ else None,
            )
            self._of_store.setdefault(entry.store, []).append(shelf)
        return self.shelves[entry.container]

    def apply(self, entry: Entry) -> list[str]:
        """Apply an entry; the batches that an 出库 was taken from."""
        if entry.table in (PRODUCED, STORED):
            codes = self._generated.setdefault(entry.institution, {}).setdefault(entry.code, {})
            codes.setdefault(entry.table, _Sums()).add(entry)
        if entry.table == STORED:
            self.shelf(entry).put(entry)
        elif entry.table == TAKEN:
            return self.shelf(entry).take(entry)
        return []

    def generated(self, institution: str, start: int, end: int) -> int:
        """g that an institution generated in start <= t < end (Unix seconds). 产生 and 入库 may
        tell of the same waste, so of each code the larger sum counts."""
        codes = self._generated.get(institution, {}).values()
        return sum(max(x.between(start, end) for x in tables.values()) for tables in codes)


def stock_of(register: Register, live: Iterable[Entry]) -> Stock:
    """Stock by live entries, given in order of time."""
    made = Stock(register)
    for entry in live:
        made.apply(entry)
    return made

"""What stands where and since when: first in, first out, from the ledger's entries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from host.hazard.entry import STORED, TAKEN, Entry
from host.hazard.register import Register

DUST_E = 2  # verification intervals: less than that left is nothing left


@dataclass
class Lot:
    """What is left of an 入库."""

    t: int
    batch: str
    grams: int


@dataclass
class Shelf:
    """One container. over_g: taken out and never put in, less what was left when it was
    known to be empty. lost_g: what went between the steps that were weighed, and that
    nobody has explained (a gain is negative)."""

    container: str
    store: str
    code: str
    edition: str
    dust_g: int
    empty_g: int | None  # gross of the platform when nothing is kept there; None: no scale
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
        """When the oldest kept waste came in; what is less than the scale can tell is none."""
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
        """Take the oldest first; the batches it came from."""
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
        if w is None:  # by hand: it explains what the scale has seen go or come
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
        """What is missing now, with the gross load that stands there; None: nobody knows."""
        if self.after_g is None or gross is None:
            return None
        return self.lost_g + self.after_g - gross

    def standing(self, gross: int | None) -> int | None:
        """The waste that a gross load comes to; None where it is not weighed."""
        if gross is None or self.empty_g is None:
            return None
        return gross - self.empty_g - self.carried_g


class Books:
    """Every container's shelf; entries are applied in order of time."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.shelves: dict[str, Shelf] = {}
        self._of_store: dict[str, list[Shelf]] = {}

    def of_store(self, store: str) -> list[Shelf]:
        """The shelves of a store."""
        return self._of_store.get(store, [])

    def shelf(self, entry: Entry) -> Shelf:
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
        """Book 入库 or 出库; the batches that were taken from."""
        if entry.table == STORED:
            self.shelf(entry).put(entry)
        elif entry.table == TAKEN:
            return self.shelf(entry).take(entry)
        return []


def books(register: Register, live: Iterable[Entry]) -> Books:
    """Of entries that hold, in order of time."""
    made = Books(register)
    for entry in live:
        made.apply(entry)
    return made

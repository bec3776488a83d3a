"""What goes into the event engine and what comes out. Masses are integer grams."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from msgspec import Struct, field

from .limits import Limits

# Changes that no event explains: local day → grams, days that come to nothing left out.
Slow = dict[int, int]


class Evidence(Struct, frozen=True, gc=False):
    """The reading that shows a weight; fill in permille where the sensor told it."""

    life: str
    seq: int
    t: int
    grams: int
    fill: int | None = None


class Sample(Struct, frozen=True, gc=False):
    """One reading of one weight channel. q: None, "moving", or why grams is no good.
    fill: permille of the bin's own sensor, None where there is none or it was no good."""

    t: int
    grams: int | None
    q: str | None
    life: str
    seq: int
    boot: int
    fill: int | None = None

    @property
    def usable(self) -> bool:
        return self.grams is not None and self.q in (None, "moving")

    @property
    def evidence(self) -> Evidence:
        assert self.grams is not None
        return Evidence(self.life, self.seq, self.t, self.grams, self.fill)


@dataclass(frozen=True)
class Platform:
    """What the registry knows: wheelie bins have a tare and may be lifted; on an open
    platform (container "platform") things stand directly. spares: tares of bins that
    may come in exchange; siblings: of those on the site's other platforms. max_g 0: not
    known. has_fill: a fill sensor looks into the bin."""

    tare_g: int
    wheelie: bool
    spares: tuple[int, ...] = ()
    siblings: tuple[int, ...] = ()
    e_g: int = 50
    max_g: int = 0
    has_fill: bool = False

    @cached_property
    def limits(self) -> Limits:
        return Limits.of(self.e_g)

    @cached_property
    def _lightest(self) -> int:
        return min((self.tare_g, *self.spares, *self.siblings))

    @cached_property
    def absent_below(self) -> int:
        """Gross below which no bin stands there: half of the lightest one."""
        return self._lightest // 2 if self.wheelie else -(1 << 62)

    @cached_property
    def bin_above(self) -> int:
        """Gross from which on a known bin may stand there; between this and
        absent_below something lies there that is none."""
        return self._lightest - self.limits.short_g if self.wheelie else -(1 << 62)

    @cached_property
    def beyond(self) -> int:
        """|gross| that the scale cannot show: R 76 lets it show Max + 9 e."""
        return self.max_g + 9 * self.e_g if self.max_g else 1 << 62


class Kind(StrEnum):
    DEPOSIT = "deposit"
    COLLECTION = "collection"
    RETURNED = "returned"  # lifted and put back unemptied
    REMOVAL = "removal"  # something small taken out
    UNATTRIBUTED = "unattributed"  # changed while nobody could see


class Status(StrEnum):
    """What a platform is, as far as its readings tell."""

    UNSEEN = "unseen"  # before the first reading
    EMPTY = "empty"  # nothing stands there
    PRESENT = "bin present"  # the bin of the registry, at rest
    FILLING = "filling"  # in motion, or not long enough at rest to be believed
    LIFTED = "lifted"
    SWAPPED = "swapped"  # another bin stands there, at rest
    FAULTED = "faulted"  # what the scale says cannot be used


class Event(Struct, frozen=True):
    """grams is positive but for UNATTRIBUTED; the event belongs to the moment t.

    why: what made it this kind and no other. bare: the platform while the bin was away.
    fill: before and after, permille. doubt_g: by how much it would differ if the next
    likely story were the true one; 0: there is none."""

    kind: Kind
    t: int
    t_end: int
    grams: int
    before: Evidence
    after: Evidence
    note: str = ""
    why: str = ""
    bare: Evidence | None = None
    fill: tuple[int | None, int | None] = (None, None)
    doubt_g: int = 0


class Transition(Struct, frozen=True, gc=False):
    """A change of status and the reading that caused it."""

    t: int
    before: Status
    after: Status
    because: str
    life: str
    seq: int


class Flag(Struct, frozen=True, gc=False):
    """Something wrong with a platform from t to t_end: frozen, negative, or a fault's name."""

    kind: str
    t: int
    t_end: int
    life: str
    seq: int
    note: str = ""


class Sums(Struct, array_like=True):
    """Net mass: opening + deposited - collected - removed + drift + unattributed = closing."""

    opening: int = 0
    deposited: int = 0
    collected: int = 0
    removed: int = 0
    drift: int = 0
    unattributed: int = 0
    closing: int = 0

    def residual(self) -> int:
        """0 unless the engine lost count."""
        gains = self.opening + self.deposited + self.drift + self.unattributed
        return gains - self.collected - self.removed - self.closing


class Plateau(Struct, array_like=True):
    """A stretch of stable weight: its first and its last reading; how it changed in
    between. gap: why nobody knows what happened before it, else "".
    fill: what the sensor told when it had had time to. stirred: until when something that
    was only passing stood on it, Unix seconds; 0: nothing did."""

    first: Evidence
    last: Evidence
    gap: str = ""
    stirred: int = 0
    slow: Slow = field(default_factory=dict)
    fill: int | None = None

    @property
    def left(self) -> int:
        """When the next step away from it began at the earliest, Unix seconds."""
        return max(self.last.t, self.stirred)


class Outcome(Struct, array_like=True):
    """Everything that was found, in order; sums over all of it; covered seconds."""

    events: list[Event] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    covered: list[tuple[int, int]] = field(default_factory=list)
    slow: Slow = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def cover(self, start: int, end: int) -> None:
        """Add [start, end) to what was validly measured."""
        if self.covered and self.covered[-1][1] == start:
            self.covered[-1] = (self.covered[-1][0], end)
        elif start < end:
            self.covered.append((start, end))

    def extend(self, more: Outcome) -> None:
        """What was found next; sums are those of the whole, so the later ones hold."""
        self.events += more.events
        for day, grams in more.slow.items():
            add(self.slow, day, grams)
        self.transitions += more.transitions
        self.flags += more.flags
        self.sums = more.sums
        for start, end in more.covered:
            self.cover(start, end)


def add(slow: Slow, day: int, grams: int) -> None:
    """Add a change to those of its day."""
    if total := slow.get(day, 0) + grams:
        slow[day] = total
    else:
        slow.pop(day, None)

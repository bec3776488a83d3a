"""Input and output of the event engine. Masses in integer g, times in Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from msgspec import Struct, field

from ..metrology import r76
from .limits import Limits
from .silences import DEFAULT, Silences

# Changes that no event explains: local day → g, without days whose sum is 0.
Slow = dict[int, int]


class Evidence(Struct, frozen=True, gc=False, array_like=True):
    """The reading that shows a weight; fill in permille where the sensor gave it."""

    life: str
    seq: int
    t: int
    grams: int
    fill: int | None = None


class Sample(Struct, frozen=True, gc=False, array_like=True):
    """One reading of one weight channel. q: None, "moving", or why grams is not valid.
    fill: permille of the bin's own sensor; None where there is none or it was not valid."""

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
    """A platform by the registry, masses in g. Wheelie bins have a tare and may be lifted; on
    an open platform (container "platform") things stand directly. spares: tares of bins that
    may come in exchange; siblings: tares of bins on the site's other platforms. max_g 0: not
    known. has_fill: a fill sensor measures the bin. silences: of its board. shown: an instrument
    shows its load, in whole divisions."""

    tare_g: int
    wheelie: bool
    spares: tuple[int, ...] = ()
    siblings: tuple[int, ...] = ()
    e_g: int = 50
    max_g: int = 0
    has_fill: bool = False
    silences: Silences = DEFAULT
    shown: bool = False

    @cached_property
    def limits(self) -> Limits:
        return Limits.of(self.e_g)

    @cached_property
    def _lightest(self) -> int:
        return min((self.tare_g, *self.spares, *self.siblings))

    @cached_property
    def absent_below(self) -> int:
        """Gross (g) below which no bin stands on the platform: half of the lightest bin."""
        return self._lightest // 2 if self.wheelie else -(1 << 62)

    @cached_property
    def bin_above(self) -> int:
        """Gross (g) from which on a known bin may stand on the platform. A load between
        absent_below and this is not a bin."""
        return self._lightest - self.limits.short_g if self.wheelie else -(1 << 62)

    @cached_property
    def beyond(self) -> int:
        """|gross| (g) above which a reading is not valid."""
        return r76.largest_shown_g(self.max_g, self.e_g) if self.max_g else 1 << 62


class Kind(StrEnum):
    DEPOSIT = "deposit"
    COLLECTION = "collection"
    RETURNED = "returned"  # lifted and put back unemptied
    REMOVAL = "removal"  # something small taken out
    UNATTRIBUTED = "unattributed"  # changed while nobody could see


class Status(StrEnum):
    """Status of a platform by its readings."""

    UNSEEN = "unseen"  # before the first reading
    EMPTY = "empty"  # nothing stands there
    PRESENT = "bin present"  # the bin of the registry, at rest
    FILLING = "filling"  # in motion, or not long enough at rest to be believed
    LIFTED = "lifted"
    SWAPPED = "swapped"  # another bin stands there, at rest
    FAULTED = "faulted"  # what the scale says cannot be used


class Event(Struct, frozen=True, array_like=True):
    """grams is positive except for UNATTRIBUTED. t: when it began, which decides its day.

    why: why it is this kind. bare: the platform while the bin was away. fill: before and
    after, permille. doubt_g: by how much it would differ if the next likely explanation were
    true; 0: there is none."""

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
    """A fault of a platform from t to t_end: frozen, negative, or the fault's name."""

    kind: str
    t: int
    t_end: int
    life: str
    seq: int
    note: str = ""


class Sums(Struct, array_like=True):
    """Net masses in g: opening + deposited - collected - removed + drift + unattributed
    = closing."""

    opening: int = 0
    deposited: int = 0
    collected: int = 0
    removed: int = 0
    drift: int = 0
    unattributed: int = 0
    closing: int = 0

    def imbalance(self) -> int:
        """In g; anything but 0 is an error of the engine."""
        gains = self.opening + self.deposited + self.drift + self.unattributed
        return gains - self.collected - self.removed - self.closing


class Plateau(Struct, array_like=True):
    """A period of stable weight: its first and last reading, and its slow change. gap: why it
    is not known what happened before it, else "". fill: measured at least FILL_S after its
    start. stirred: until when a load that did not stay stood on it, Unix seconds; 0: none."""

    first: Evidence
    last: Evidence
    gap: str = ""
    stirred: int = 0
    slow: Slow = field(default_factory=dict)
    fill: int | None = None

    @property
    def left(self) -> int:
        """The earliest start of the next step, Unix seconds."""
        return max(self.last.t, self.stirred)


class Outcome(Struct, array_like=True):
    """Events, transitions and flags in order, sums over all events, and measured intervals
    [from, to) in Unix seconds."""

    events: list[Event] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    covered: list[tuple[int, int]] = field(default_factory=list)
    slow: Slow = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def cover(self, start: int, end: int) -> None:
        """Add [start, end) to the measured intervals."""
        if self.covered and self.covered[-1][1] == start:
            self.covered[-1] = (self.covered[-1][0], end)
        elif start < end:
            self.covered.append((start, end))

    def extend(self, more: Outcome) -> None:
        """Append a later outcome. Sums run from the beginning, so the later ones replace."""
        self.events += more.events
        for day, grams in more.slow.items():
            add(self.slow, day, grams)
        self.transitions += more.transitions
        self.flags += more.flags
        self.sums = more.sums
        for start, end in more.covered:
            self.cover(start, end)


def add(slow: Slow, day: int, grams: int) -> None:
    """Add a change (g) to that of its local day."""
    if total := slow.get(day, 0) + grams:
        slow[day] = total
    else:
        slow.pop(day, None)

"""What goes into the event engine and what comes out. Masses are integer grams."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

# A board speaks at least every 300 s; twice that and a minute of silence is a gap.
GAP_S = 660
# Longest stay of somebody who leans on a platform, or of a bag taken out and put back.
LEAN_S = 90
STEP_G = 150  # smallest step that is a deposit
EMPTIED_G = 1000  # smallest loss that is a collection
SAME_G = 300  # two weights of the same thing, weighed twice
JUMP_G = 500  # no slow change is as fast: without a motion seen, nobody knows what it was
REPORT_G = 200  # smallest change over a gap that is told
RESIDUE_G = 1100  # what usually sticks to an emptied bin
RESIDUE_SHARE = 20  # per mille of what it held, where that is more
SHORT_G = 300  # how far below its tare a bin may seem to be


@dataclass(frozen=True)
class Evidence:
    """The reading that shows a weight."""

    life: str
    seq: int
    t: int
    grams: int


@dataclass(frozen=True)
class Sample:
    """One reading of one weight channel. q: None, "moving", or why grams is no good."""

    t: int
    grams: int | None
    q: str | None
    life: str
    seq: int
    boot: int

    @property
    def usable(self) -> bool:
        return self.grams is not None and self.q in (None, "moving")

    @property
    def evidence(self) -> Evidence:
        assert self.grams is not None
        return Evidence(self.life, self.seq, self.t, self.grams)


@dataclass(frozen=True)
class Platform:
    """What the registry knows: wheelie bins have a tare and may be lifted; on an open
    platform (container "platform") things stand directly. spares: tares of bins that
    may come in exchange."""

    tare_g: int
    wheelie: bool
    spares: tuple[int, ...] = ()

    @property
    def absent_below(self) -> int:
        """Gross below which no bin stands there: half of the lightest one."""
        return min((self.tare_g, *self.spares)) // 2 if self.wheelie else -(1 << 62)


class Kind(StrEnum):
    DEPOSIT = "deposit"
    COLLECTION = "collection"
    RETURNED = "returned"  # lifted and put back unemptied
    REMOVAL = "removal"  # something small taken out
    UNATTRIBUTED = "unattributed"  # changed while nobody could see


@dataclass(frozen=True)
class Event:
    """grams is positive but for UNATTRIBUTED; the event belongs to the moment t."""

    kind: Kind
    t: int
    t_end: int
    grams: int
    before: Evidence
    after: Evidence
    note: str = ""


@dataclass
class Sums:
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


@dataclass
class Plateau:
    """A stretch of stable weight: its first and its last reading."""

    first: Evidence
    last: Evidence

    @property
    def seconds(self) -> int:
        return self.last.t - self.first.t


@dataclass
class Run:
    """Plateaus with nothing unseen between them."""

    plateaus: list[Plateau] = field(default_factory=list)

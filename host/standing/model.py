"""What a platform was shown that is known, and what follows. Masses in integer g, times in Unix
seconds, gains as shares (0.005 = 0.5 %)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .temperature import Air


class Kind(StrEnum):
    """What a known load was."""

    BARE = "bare"  # nothing: the bin was away
    RETURN = "return"  # the empty bin, of which the registry has the tare
    LIFT = "lift"  # what a truck weighed of the same bin


class Weighing(NamedTuple):
    """One load that is known. load_g: what is known to have stood there (of a
    RETURN the tare); off_g: shown less known (of a RETURN
    less the bare platform too, so that a wrong zero is not in it); error_g: standard
    uncertainty of that, 0 until it is known from many; source: device/channel/life/seq of the
    reading, of a LIFT also the name of the lift; c: °C of the board's thermometer."""

    t: int
    kind: Kind
    load_g: int
    off_g: int
    error_g: float
    source: str
    c: float | None = None


class Quantity(StrEnum):
    """What OIML R 76 asks of a scale in service."""

    ZERO = "zero"
    SPAN = "span"
    CREEP = "creep"
    TEMPERATURE = "temperature"
    HYSTERESIS = "hysteresis"


class Verdict(StrEnum):
    """Of one quantity."""

    WITHIN = "within"
    BEYOND = "beyond"
    UNKNOWN = "not enough evidence"


WIDE = "the 95 % interval reaches beyond the limit"  # the usual reason to be UNKNOWN


class Cause(StrEnum):
    """What the bare platform's error is, by how it came and went."""

    NONE = ""
    CELL = "cell"  # a zero or a gain that moved, and stays
    WET = "wet"
    DIRTY = "dirty"
    FROZEN = "frozen"
    TEMPERATURE = "temperature"  # as the air warms and cools


@dataclass(frozen=True)
class Finding:
    """One quantity: value, error (standard uncertainty) and limit in the same unit (g; SPAN:
    share; TEMPERATURE: g per °C); n: weighings it rests on; since: of the fault, 0: none.
    because: for a reader."""

    quantity: Quantity
    verdict: Verdict
    value: float = 0.0
    error: float = 0.0
    limit: float = 0.0
    n: int = 0
    since: int = 0
    cause: Cause = Cause.NONE
    because: str = ""


def within(quantity: Quantity, value: float, error: float, limit: float, n: int) -> Finding:
    """Of a value that is not shown to be beyond its limit: whether it is shown to be within."""
    if abs(value) + 2 * error <= limit:
        return Finding(quantity, Verdict.WITHIN, value, error, limit, n)
    return Finding(quantity, Verdict.UNKNOWN, value, error, limit, n, because=WIDE)


@dataclass(frozen=True)
class Quiet:
    """What the weight did while nobody touched the platform: total[i] is the sum of all such
    changes up to t[i]; grams[i] is the weight then."""

    t: Sequence[int] = ()
    total: Sequence[int] = ()
    grams: Sequence[int] = ()


@dataclass
class Known:
    """All that is known of a platform. weighings by time; activity: times of events; quiet: see
    there; settled: change (g) from 1 min to 30 min after an empty bin came back, with the load
    that left, by time; air: of the board's thermometer. fitted, looked:
    what `temperature` and `zero` keep."""

    e_g: int
    tare_g: int
    weighings: list[Weighing] = field(default_factory=list)
    activity: list[int] = field(default_factory=list)
    quiet: Quiet = field(default_factory=Quiet)
    settled: list[tuple[int, int, int]] = field(default_factory=list)
    air: Air | None = None
    fitted: dict[int, Any] = field(default_factory=dict, compare=False)
    looked: tuple[tuple[int, int], Any] | None = field(default=None, compare=False)
    truck_error: float = 0.0  # standard uncertainty of what trucks say together, a share

    def of(self, kind: Kind, since: int, until: int) -> list[Weighing]:
        """Those of a kind with since <= t < until."""
        return [w for w in self.weighings if w.kind is kind and since <= w.t < until]


@dataclass(frozen=True)
class Standing:
    """A platform at a moment."""

    now: int
    findings: tuple[Finding, ...]

    def of(self, quantity: Quantity) -> Finding:
        return next(f for f in self.findings if f.quantity is quantity)

    @property
    def named(self) -> tuple[Finding, ...]:
        """What is beyond its limit."""
        return tuple(f for f in self.findings if f.verdict is Verdict.BEYOND)

"""What the three witnesses say, and what is found. Masses in integer g, times in Unix seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Collection(NamedTuple):
    """What a platform saw go when its bin was emptied. name: identifies it. e_g: of its scale."""

    t: int
    grams: int
    site: str
    bin: str
    stream: str
    name: str
    e_g: int


class Lift(NamedTuple):
    """One weighing by a truck: full less empty. t: by the truck's clock. stream, bin: "" where the
    truck does not say."""

    t: int
    grams: int
    truck: str
    site: str
    stream: str
    bin: str
    name: str


class Load(NamedTuple):
    """What the weighbridge of a facility weighed: grams net. town: "" where the ticket names
    none."""

    t: int
    grams: int
    gross_g: int
    truck: str
    stream: str
    town: str
    facility: str
    name: str


# Whether the platforms of a stream at a site were measured all the time from … to.
Measured = Callable[[str, str, int, int], bool]


class Kind(StrEnum):
    """What does not close."""

    CLOCK = "clock"  # the truck's clock is wrong
    TRUCK_DRIFT = "truck drift"  # the truck's scale, by points and weighbridge alike
    TRUCK_LOSS = "truck loss"  # less arrives than was lifted
    STREAM_LOSS = "stream loss"  # all trucks of a stream lose more, or less, than may be
    PLATFORM = "platform"  # a platform, by the trucks that lift there
    NO_TICKET = "no ticket"  # a load that no weighbridge weighed
    NO_LOAD = "no load"  # a ticket before which the truck lifted nothing
    EXCESS = "excess"  # a ticket above what was lifted: waste of elsewhere
    SHORT = "short"  # a ticket below what was lifted
    OTHER_TOWN = "other town"  # the ticket names a town where the truck lifted nothing
    NOT_EMPTIED = "not emptied"  # the truck weighed, and nothing went from the platform
    NOT_WEIGHED = "not weighed"  # emptied, and no truck weighed it
    NOT_LIFTED = "not lifted"  # a site of the plan where the truck lifted nothing
    NOT_DRIVEN = "not driven"  # a planned route of which the truck weighed nothing at all
    OFF_PLAN = "off plan"  # lifted at a site that is not of the truck's plan
    MIXED = "mixed"  # bins of another stream in one load: a suspicion


STANDING = {  # of a whole period
    *(Kind.CLOCK, Kind.TRUCK_DRIFT, Kind.TRUCK_LOSS, Kind.STREAM_LOSS, Kind.PLATFORM)
}


@dataclass(frozen=True)
class Finding:
    """subject: the truck, bin, site or ticket that is meant. value: share (0.02 = 2 %), g or s by
    kind; error: its standard uncertainty in the same unit, 0 where it has none. names: what it
    rests on."""

    kind: Kind
    subject: str
    truck: str
    t: int
    value: float
    error: float = 0.0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """What a truck weighed in one go (one bin, or several together) and what platforms saw go.
    is_near: the masses are as near as those of one bin usually are."""

    lifts: tuple[Lift, ...]
    collections: tuple[Collection, ...]
    is_near: bool = True

    @property
    def lifted(self) -> int:
        return sum(x.grams for x in self.lifts)

    @property
    def emptied(self) -> int:
        return sum(c.grams for c in self.collections)


@dataclass(frozen=True)
class Trip:
    """What a truck lifted up to a ticket; load None: no ticket came. elsewhere_g: lifted for it
    too, and not among lifts, in the part of one 街镇."""

    truck: str
    lifts: tuple[Lift, ...]
    load: Load | None
    elsewhere_g: int = 0

    @property
    def grams(self) -> int:
        return sum(x.grams for x in self.lifts)

"""All that the engine remembers of a platform, as a value that can be saved."""

from __future__ import annotations

import copy as shallow

import msgspec
from msgspec import Struct, field

from host.events.model import Evidence, Plateau, Platform, Sample, Status, Sums

VERSION = 2
Key = tuple[int, int, str, int]


def key(s: Sample) -> Key:
    """The order of readings: by time; in one second by start, life and number."""
    return s.t, s.boot, s.life, s.seq


class Known(Struct, array_like=True):
    """A bin: its tare by the registry, and what lately stayed in it when it was emptied
    (grams, over so many emptyings; the scale's own drift is in it). sibling: its place
    is another platform of the site."""

    tare_g: int
    residue_g: int = 0
    emptied: int = 0
    sibling: bool = False


class Still(Struct, array_like=True):
    """A stretch in which no reading differed: its first reading, how many, the last.

    told: the latest fill; fill: the first and the last that two readings in a row agreed
    on, for one alone may be a false echo."""

    first: Evidence
    n: int = 1
    until: int = 0
    told: int | None = None
    fill: tuple[int, int] | None = None


class State(Struct, array_like=True):
    """What is known after the reading `at`. advance() makes the next one from it.

    bin, others: which bin is taken to stand there, and which else may come.
    pending: plateaus; what lies between the first and the next is booked, between the
    others not yet. lifted: the weight before the bin was lifted; bare: the platform
    without it. blind: a gap since then."""

    bin: Known
    others: list[Known]
    version: int = VERSION
    at: Key | None = None
    last: Sample | None = None
    ended: str = ""  # why what comes next does not follow from the last reading
    moved: bool = False
    pending: list[Plateau] = field(default_factory=list)
    lifted: Evidence | None = None
    bare: Evidence | None = None
    blind: bool = False
    opened: bool = False
    swapped: bool = False
    level: int = 0  # net grams as booked
    put_in: tuple[int, int] | None = None  # the last deposit: when it was at rest, grams
    sums: Sums = field(default_factory=Sums)
    status: Status = Status.UNSEEN
    fault: tuple[str, int, str, int] | None = None  # what, since, life, seq
    negative: Evidence | None = None
    still: Still | None = None
    was_frozen: int = 0  # until when the scale stood still; 0: it did not


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


class StateError(Exception):
    """A saved state that cannot be used; one line."""


def fresh(platform: Platform) -> State:
    """Before the first reading."""
    others = [Known(t) for t in platform.spares]
    others += [Known(t, sibling=True) for t in platform.siblings]
    return State(Known(platform.tare_g if platform.wheelie else 0), others)


def save(state: State) -> bytes:
    """The state as bytes."""
    return _encode(state)


def load(saved: bytes) -> State:
    """A state from what save() gave; StateError when it is none of this version."""
    try:
        state = _decode(saved)
    except msgspec.DecodeError as error:
        raise StateError(f"saved state: {error}") from None
    if state.version != VERSION:
        raise StateError(f"saved state: expected version {VERSION}, found {state.version}")
    return state


def copy(state: State) -> State:
    """One that shares nothing that can change with it."""
    new = shallow.copy(state)
    new.bin, new.sums = shallow.copy(state.bin), shallow.copy(state.sums)
    new.others = [shallow.copy(bin_) for bin_ in state.others]
    new.still = state.still and shallow.copy(state.still)
    new.pending = [shallow.copy(plateau) for plateau in state.pending]
    for plateau in new.pending:
        plateau.slow = plateau.slow.copy()
    return new

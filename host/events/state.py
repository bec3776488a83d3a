"""What the engine keeps of a platform between readings, as a value that can be saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field

from .model import Evidence, Plateau, Platform, Sample, Status, Sums

VERSION = 3
Key = tuple[int, int, str, int]


def key(s: Sample) -> Key:
    """The order of readings: by time, in one second by boot, life and seq."""
    return s.t, s.boot, s.life, s.seq


class Known(Struct, array_like=True):
    """A bin: its tare by the registry, and its residue (g) learned from `emptied` emptyings,
    which includes drift of the scale. sibling: its place is another platform of the site."""

    tare_g: int
    residue_g: int = 0
    emptied: int = 0
    sibling: bool = False


class Still(Struct, array_like=True):
    """Readings of one weight: the first, their number, and when the last was (Unix seconds).

    last_fill: the latest fill; fill: the first and the last fill that two consecutive readings
    agree on, because one alone may be a false echo."""

    first: Evidence
    n: int = 1
    until: int = 0
    last_fill: int | None = None
    fill: tuple[int, int] | None = None


class State(Struct, array_like=True):
    """The state after the reading with the key `at`; advance() makes the next one.

    bin, others: the bin that stands on the platform, and those that may come. pending:
    plateaus whose steps are not booked yet; those before the first are. lifted: the weight
    before the bin was lifted; bare: the platform without it; blind: a gap since then."""

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
    net_g: int = 0  # as booked
    put_in: tuple[int, int] | None = None  # the last deposit: when it was at rest, grams
    sums: Sums = field(default_factory=Sums)
    status: Status = Status.UNSEEN
    fault: tuple[str, int, str, int] | None = None  # what, since, life, seq
    negative: Evidence | None = None
    still: Still | None = None
    was_frozen: int = 0  # until when the scale stood still; 0: it did not
    left_g: int = 0  # net after the last collection, or at first
    brought_g: int = 0  # by events since then
    turns: list[tuple[str, int]] = field(default_factory=list)  # see two_boards
    two: tuple[int, int, str, int] | None = None  # two boards: since, until, life, seq


_shallow: Callable[[Any], Any] = Struct.__copy__  # type: ignore[attr-defined]  # not as slow as copy()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


class StateError(Exception):
    """A saved state that cannot be used; one line."""


def fresh(platform: Platform) -> State:
    """The state before the first reading."""
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
    """A copy that shares nothing mutable."""
    new: State = _shallow(state)
    new.bin, new.sums = _shallow(state.bin), _shallow(state.sums)
    new.others = [_shallow(bin_) for bin_ in state.others]
    new.still = state.still and _shallow(state.still)
    new.pending = [_shallow(plateau) for plateau in state.pending]
    for plateau in new.pending:
        plateau.slow = plateau.slow.copy()
    return new

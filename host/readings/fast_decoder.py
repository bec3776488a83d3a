"""The fast path of messages.readings(): what a board sends again and again, checked in C.

A shape is a clock (t or up) and a set of channels. A message that is not of the shape its
board sent last, or has anything wrong with it, goes through messages.readings(), which says
what; for all others both give the same."""

from __future__ import annotations

from operator import mul
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from . import messages
from .messages import Reading

_MOST = 64  # shapes; boards of a fleet have a few
_Count = Annotated[int, Meta(ge=0, lt=messages.COUNT)]
_Life = Annotated[str, Meta(pattern=rf"\A{messages.LIFE}\Z")]
_Time = Annotated[int, Meta(ge=messages.EARLIEST, lt=messages.LATEST)]


class Shape:
    """Decodes the messages of one shape."""

    def __init__(self, clock: str, channels: tuple[str, ...]) -> None:
        limits = [messages.LIMITS[name] for name in channels]
        one = msgspec.defstruct(
            "One",
            [
                *(("life", _Life), ("seq", _Count), ("boot", _Count)),
                (clock, _Time if clock == "t" else _Count),
                *(
                    (name, Annotated[float, Meta(ge=low, le=high)])
                    for name, (_, low, high) in zip(channels, limits, strict=True)
                ),
            ],
            forbid_unknown_fields=True,
            gc=False,
        )
        self._dated = clock == "t"
        self._names = channels
        self._units = [units for units, _, _ in limits]
        self._one = msgspec.json.Decoder(one).decode
        self._many = msgspec.json.Decoder(list[one]).decode  # type: ignore[valid-type]

    def readings(self, payload: bytes, latest: int) -> list[Reading] | None:
        """All of a message; None when not every one is good and of this shape."""
        if len(payload) > messages.LARGEST:
            return None
        try:
            came = self._many(payload) if payload[:1] == b"[" else [self._one(payload)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        out = []
        names, units, dated = self._names, self._units, self._dated
        for life, seq, boot, clock, *values in map(msgspec.structs.astuple, came):
            # The wire has at most so many decimals as units has zeros: rounding is exact.
            whole = dict(zip(names, map(round, map(mul, values, units)), strict=False))
            if not dated:
                out.append(Reading(life, seq, boot, None, clock, whole, {}))
            elif clock <= latest:
                out.append(Reading(life, seq, boot, clock, None, whole, {}))
            else:
                return None
        return out or None


_shapes: dict[tuple[str, tuple[str, ...]], Shape] = {}


def shape_of(r: Reading) -> Shape | None:
    """The shape of a reading, made once; None for one with a channel that is not good."""
    if r.q or not r.values:
        return None
    key = ("up" if r.t is None else "t", tuple(sorted(r.values)))
    found = _shapes.get(key)
    if found is None and len(_shapes) < _MOST:
        found = _shapes[key] = Shape(*key)
    return found


class Reader:
    """Decodes what one board sends, by the shape that it sent last; at first by the shape
    that another board did."""

    __slots__ = ("_shape",)
    usual: ClassVar[Shape | None] = None

    def __init__(self) -> None:
        self._shape = Reader.usual

    def readings(
        self, payload: bytes, latest: int
    ) -> tuple[list[Reading], list[tuple[bytes, str, Any]]]:
        """As messages.readings()."""
        good = self._shape.readings(payload, latest) if self._shape else None
        if good is not None:
            return good, []
        good, bad = messages.readings(payload, latest)
        if good and (shape := shape_of(good[-1])):
            self._shape = Reader.usual = shape
        return good, bad

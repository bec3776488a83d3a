"""The name of a frame: (life, seq), from session and frame counter.

A life is a run of counters that only rise: it ends with a join, or when the counter falls back (ABP
after a change of the battery, or a network server that does not check counters). seq counts the
frames of a life from its first one on, so that each one missing is seen. The same frame has the
same name however often it comes: through two gateways, repeated by the sensor, or delivered again
after a crash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from msgspec import Struct, field

from .uplinks import Uplink

LIVES, FRAMES = 4, 32  # that are remembered of a sensor; more frames than the bridge takes at once
_REPEATED_S = 600  # a sensor sends a frame again within that
_REPEATED_LATEST_S = 86_400  # or its latest one, which nobody answers, within that
_FAR = 8  # a sensor that begins at 0 again and again does not come as far
_ORDER_S, _ORDER = 60, 16  # frames that overtook each other on the way to the bridge
_SMALL = 1 << 16  # counters of 16 bits begin again here


class Frame(Struct):
    """A frame that was named. raw: its counter as sent, counter: with the times that one of 16 bits
    began again; t: when it was heard, at: by the network server; digest: of what it said."""

    raw: int
    counter: int
    t: int
    at: int
    digest: str


class Life(Struct):
    """A run of counters. base: the counter of seq 0; top, t: the latest frame's; wraps: what one of
    16 bits has counted before it began again."""

    session: str
    name: str
    base: int
    top: int
    t: int
    begun: int
    wraps: int = 0
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True)
class Named:
    """A frame with its name. repeated: it had one already; begins: with it a life begins. lost:
    frames missing right before it; after_s: seconds since the frame before it, 0 if that is
    missing or there was none."""

    life: Life
    seq: int
    t: int
    repeated: bool = False
    begins: bool = False
    lost: int = 0
    after_s: int = 0


def name(lives: list[Life], uplink: Uplink, t: int, every_s: int) -> Named | None:
    """Name a frame that was heard at Unix time t, and remember it in lives (the newest first);
    None: it is older than the first one of its life. every_s: how often the sensor reports."""
    frame = Frame(uplink.counter, uplink.counter, t, uplink.at, _digest(uplink))
    if known := _known(lives, uplink, frame, every_s) or _of_an_earlier_life(lives, uplink, t):
        return known
    life = lives[0] if lives and lives[0].session == uplink.session else None
    if life is not None:
        frame.counter = _whole_counter(life, frame, every_s)
        if frame.counter > life.top:
            return _next(life, frame)
        if _is_late(life, frame):
            seq = frame.counter - life.base
            return _put(life, frame, Named(life, seq, t)) if seq >= 0 else None
    return _begin(lives, uplink, frame)


def _digest(uplink: Uplink) -> str:
    return hashlib.sha256(bytes([uplink.port]) + uplink.data).hexdigest()[:16]


def _known(lives: list[Life], uplink: Uplink, frame: Frame, every_s: int) -> Named | None:
    """The name that the frame has. The same bytes with the same counter much later are another
    frame, of a sensor that began at 0 again; but the latest frame may be repeated for long."""
    within = min(_REPEATED_S, every_s // 2)
    for life in lives:
        if life.session != uplink.session:
            continue
        for f in life.frames:
            if (f.raw, f.digest) != (frame.raw, frame.digest):
                continue
            is_latest = life is lives[0] and f.counter == life.top and f.raw >= _FAR
            longest = _REPEATED_LATEST_S if is_latest else within
            if -within <= frame.at - f.at <= longest:
                return Named(life, f.counter - life.base, f.t, repeated=True)
    return None


def _of_an_earlier_life(lives: list[Life], uplink: Uplink, t: int) -> Named | None:
    """A frame from before the latest life that comes late, or again after very many others."""
    for life in lives[1:]:
        counter = uplink.counter + life.wraps
        fits = life.base <= counter <= life.top and life.begun <= t <= life.t
        if fits and life.session == uplink.session and t < lives[0].begun:
            return Named(life, counter - life.base, t)
    return None


def _whole_counter(life: Life, frame: Frame, every_s: int) -> int:
    """The counter with the times that one of 16 bits began again. That it did, and was not reset,
    shows in the time: so many frames as would be missing take it."""
    if frame.raw >= _SMALL:
        return frame.raw
    raised = frame.raw + life.wraps
    if raised > life.top:
        before = raised - _SMALL  # heard late, from before it began again
        return before if life.wraps and raised - life.top > _SMALL // 2 else raised
    again = raised + _SMALL
    takes_s = (again - life.top) * every_s
    if takes_s <= 2 * max(frame.t - life.t, 0) + 4 * every_s and life.top < life.wraps + _SMALL:
        life.wraps += _SMALL
        return again
    return raised


def _next(life: Life, frame: Frame) -> Named:
    # A gateway's clock that says otherwise than the counters is not believed.
    t = frame.t if frame.t >= life.t - _ORDER_S else frame.at
    lost = frame.counter - life.top - 1
    named = Named(
        *(life, frame.counter - life.base, t),
        lost=lost,
        after_s=0 if lost else max(t - life.t, 0),
    )
    frame.t = life.t = t
    life.top = frame.counter
    return _put(life, frame, named)


def _is_late(life: Life, frame: Frame) -> bool:
    """Whether a frame that is not higher than the latest one was only delayed; else the counter
    was reset."""
    if any(f.counter == frame.counter for f in life.frames):
        return False
    overtaken = abs(frame.t - life.t) <= _ORDER_S and life.top - frame.counter <= _ORDER
    return overtaken or frame.t < life.t - _ORDER_S


def _begin(lives: list[Life], uplink: Uplink, frame: Frame) -> Named:
    """A new life. Of the first one of all nobody knows how many frames came before; later ones
    begin at 0."""
    base = 0 if lives else frame.raw
    said = f"{uplink.dev_eui} {uplink.session} {frame.raw} {frame.at} {frame.digest}"
    made = hashlib.sha256(said.encode()).hexdigest()[:8]
    frame.counter = frame.raw
    life = Life(uplink.session, made, base, frame.raw, frame.t, frame.t)
    lives[:] = [life, *lives[: LIVES - 1]]
    seq = frame.raw - base
    return _put(life, frame, Named(life, seq, frame.t, begins=True, lost=seq))


def _put(life: Life, frame: Frame, named: Named) -> Named:
    life.frames = [*life.frames[1 - FRAMES :], frame]
    return named

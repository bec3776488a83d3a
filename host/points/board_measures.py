"""Measures of the boards of a collection point."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..alarms.rules import Rule
from .scene import Measured, Scene

# Report intervals of a LoRaWAN sensor. Two frames in a row may be lost: with 10 % of loss it would
# be three for one frame in 1,000.
_LOST_IN_A_ROW = 3.5


def offline(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        if b.last is None:
            yield Measured(b.device, None, "设备从未有读数")
            continue
        silent = max(0, s.now - b.last) / b.every_s
        if b.by_radio and silent <= _LOST_IN_A_ROW:
            silent = 0.0
        text = f"设备没有读数（每 {b.every_s} 秒应有一条）"
        yield Measured(b.device, None if s.outage else silent, text, b.last)


def lasting(subject: str, since: int | None, now: int, text: str, stream: str = "") -> Measured:
    """Minutes since; -1 where it is not so."""
    if since is None:
        return Measured(subject, -1.0, text, 0, stream)
    return Measured(subject, max(0, now - since) / 60, text, since, stream)


def safe(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        yield lasting(b.device, s.of(b).safe, s.now, "设备在安全模式")


def clock(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        yield lasting(b.device, s.of(b).unset, s.now, "设备未校时")


def queue(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        queue = s.of(b).queue
        yield Measured(b.device, None if queue is None else float(queue), "设备中待发的读数")


def unheard(s: Scene, _: Rule) -> Iterator[Measured]:
    """1 of a board that the registry names and that has never sent a reading."""
    for b in s.boards:
        yield Measured(b.device, 1.0 if b.last is None else 0.0, "设备从未有读数")


def battery(s: Scene, _: Rule) -> Iterator[Measured]:
    """How much of a battery is used up, in percent, of boards that tell their charge."""
    for b in s.boards:
        if b.charge is not None:
            t, charge = b.charge
            yield Measured(b.device, 100.0 - charge, partial(_left_in, charge), t)


def _left_in(charge: int) -> str:
    return f"电池剩余 {charge} %"

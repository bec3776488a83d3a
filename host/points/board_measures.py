"""Measures of the boards of a collection point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from ..alarms.rules import Rule
from ..common.local_days import clock as at
from .flash_wear import anew, worn
from .scene import LONGEST_UPDATE_S, Measured, Scene

# Report intervals of a LoRaWAN sensor. Two frames in a row may be lost: with 10 % of loss it would
# be three for one frame in 1,000.
_LOST_IN_A_ROW = 3.5


def offline(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        if b.last is None:
            yield Measured(b.device, None, "设备从未有读数")
            continue
        silent = max(0, s.now - b.last) / b.every_s
        if not s.is_expected(b) or (b.by_radio and silent <= _LOST_IN_A_ROW):
            silent = 0.0
        text = f"设备没有读数（每 {b.every_s} 秒应有一条）"
        is_excused = s.outage or s.of(b).is_updating(s.now)
        yield Measured(b.device, None if is_excused else silent, text, b.last)


def lasting(subject: str, since: int | None, now: int, text: str, stream: str = "") -> Measured:
    """Minutes since; -1 where it is not so."""
    if since is None:
        return Measured(subject, -1.0, text, 0, stream)
    return Measured(subject, max(0, now - since) / 60, text, since, stream)


def safe(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        said = s.of(b)
        if said.safe is None and said.updating is not None and not said.is_updating(s.now):
            since = said.updating[0] + LONGEST_UPDATE_S
            yield lasting(b.device, since, s.now, "设备更新固件后未恢复采样")
        else:
            yield lasting(b.device, said.safe, s.now, "设备在安全模式")


def clock(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        yield lasting(b.device, s.of(b).unset, s.now, "设备未校时")


def queue(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        queue = s.of(b).queue
        yield Measured(b.device, None if queue is None else float(queue), "设备中待发的读数")


def unheard(s: Scene, _: Rule) -> Iterator[Measured]:
    """1 of a board that the registry names and expects, and that has never sent a reading."""
    for b in s.boards:
        missing = b.last is None and s.is_expected(b)
        yield Measured(b.device, 1.0 if missing else 0.0, "设备从未有读数")


def battery(s: Scene, _: Rule) -> Iterator[Measured]:
    """How much of a battery is used up, in percent, of boards that tell their charge."""
    for b in s.boards:
        if b.charge is not None:
            t, charge = b.charge
            yield Measured(b.device, 100.0 - charge, partial(_left_in, charge), t)


def _left_in(charge: int) -> str:
    return f"电池剩余 {charge} %"


def wear(s: Scene, _: Rule) -> Iterator[Measured]:
    """How much of the flash is worn out, at most. A LoRaWAN sensor is nothing of ours."""
    for b in s.boards:
        handed = s.handed.get(b.device)
        if not b.by_radio:
            value = None if handed is None else worn(handed, s.now)
            yield Measured(b.device, value, partial(_worn, handed.readings if handed else 0))


def lives(s: Scene, _: Rule) -> Iterator[Measured]:
    """How often a board began its queue anew within a week."""
    for b in s.boards:
        handed = s.handed.get(b.device)
        if not b.by_radio:
            times = anew(handed, s.now) if handed else []
            value = None if handed is None else float(len(times))
            yield Measured(b.device, value, "一周内队列重建，闪存可能损坏", min(times, default=0))


def certificate(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.boards:
        if until := s.certificates.get(b.device):
            yield certificate_of(b.device, until, s.day)


def certificate_of(name: str, until: dt.date, day: dt.date) -> Measured:
    """Days since the one on which a certificate ends, on a local day."""
    return Measured(name, float((day - until).days), f"证书 {until} 到期")


def data(s: Scene, _: Rule) -> Iterator[Measured]:
    """The share of its month's budget that a metered line has used up."""
    for b in s.boards:
        m = s.metered.get(b.device)
        if m is None:  # it is not known yet whether it has one
            yield Measured(b.device, None, "流量")
        elif m.budget_mb:
            yield Measured(b.device, m.share(s.now), partial(_carried, m.kb, m.budget_mb), m.t)


def data_ends(s: Scene, _: Rule) -> Iterator[Measured]:
    """So many days before the month is over the budget is used up."""
    for b in s.boards:
        m = s.metered.get(b.device)
        if m is None:
            yield Measured(b.device, None, "流量")
        elif m.budget_mb:
            days, out = m.ends(s.now) or (None, 0)
            yield Measured(b.device, days, partial(_used_up, m.budget_mb, out), m.t)


def _worn(readings: int) -> str:
    return f"按 {readings} 条读数估算的闪存磨损上限"


def _carried(kb: int, budget_mb: int) -> str:
    return f"本月流量 {kb / 1000:.1f} MB，预算 {budget_mb} MB"


def _used_up(budget_mb: int, out: int) -> str:
    return f"按目前用量，流量预算 {budget_mb} MB 将于 {at(out)} 用完，早于月底"

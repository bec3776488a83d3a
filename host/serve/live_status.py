"""The present state of a site, from the latest messages of its boards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..alarms.rules import LEVELS
from ..common import two_boards
from ..mqtt.board_state import QUALITY, Board, is_channel, measured, word
from ..registry import Bin
from ..rollup.days import OVERFLOW_PERMILLE
from .language import Words

if TYPE_CHECKING:
    from .live import Live

FULL = OVERFLOW_PERMILLE / 1000
HIGH = 0.8  # of a limit
MARKS = ("full", "offline", "high", "unknown", "ok")  # of a site on the map, the worst first
_FELL = 0.2  # a fill that falls by this much was emptied
_LEAST_S, _LEAST_RISE = 1800, 0.03  # time and rise before a slope is certain enough
_HEALTH = (
    *("version", "sha256", "rssi", "clock", "drift_ppm", "queue", "dropped", "reset", "up"),
    *("heap", "idf", "block"),
    *("uplink", "sim", "operator", "month_kb", "budget_mb"),
)


@dataclass
class Slopes:
    """How fast each bin fills since it was emptied or first seen."""

    _since: dict[tuple[str, str], tuple[float, float, float]] = field(default_factory=dict)

    def saw(self, device: str, state: Mapping[str, Any], now: float) -> None:
        """Note the fill ratios of a state message; now: Unix seconds."""
        for channel, value in state.items():
            if channel[:1] != "f" or not is_channel(channel) or not _number(value):
                continue
            t0, v0, last = self._since.get((device, channel), (now, value, value))
            if value < last - _FELL:
                t0, v0 = now, value
            self._since[device, channel] = t0, v0, value

    def hours(self, device: str, channel: str, now: float) -> float | None:
        """Hours until the bin is full; None before the slope is certain enough."""
        t0, v0, v = self._since.get((device, channel), (now, 0.0, 0.0))
        if now - t0 < _LEAST_S or v - v0 < _LEAST_RISE:
            return None
        return max(0.0, (FULL - v) / (v - v0) * (now - t0) / 3600)


@dataclass
class Alarmed:
    """Sites with open alarms, each with the gravest level. One thread writes, another reads."""

    levels: dict[str, str] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def are(self, alarms: Iterable[tuple[str, str]]) -> None:
        """Take these (site, level) in place of those before."""
        levels = dict(sorted(alarms, key=lambda alarm: LEVELS.index(alarm[1])))
        with self._lock:
            before, self.levels = self.levels, levels
            sites = before.keys() | levels.keys()
            self._changed |= {s for s in sites if before.get(s) != levels.get(s)}

    def changed(self) -> set[str]:
        """The sites that have changed since this was asked last."""
        with self._lock:
            found, self._changed = self._changed, set()
        return found


def mark_of(status: str, share: float | None) -> str:
    """One of MARKS. What a board that is away said last is old: it is offline, and not full."""
    if status in ("offline", "safe", two_boards.TWO_BOARDS):
        return "offline"
    if share is not None:
        return "full" if share >= 1 else "high" if share >= HIGH else "ok"
    return "ok" if status in ("online", "updating") else "unknown"


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def marks_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Channel → why its value is not good."""
    marks = state.get("q")
    return marks if isinstance(marks, dict) else {}


def quality(mark: object, words: Words | None) -> str:
    """Why a value is not good; without words as the API sends it."""
    if words is None:
        return f"{word(mark)} {QUALITY.get(str(mark), '')}".strip()
    return words.of("flag", word(mark))


def value(channel: str, reading: object, words: Words | None) -> str:
    """The value of a channel with its unit; a contact and a card in words."""
    if words is not None and _number(reading) and channel[0] == "d":
        return words("contact.open" if reading else "contact.closed")
    if words is not None and reading and channel[0] == "k":
        return words("card.read")
    return measured(channel, reading)


def status_of(boards: list[Board | None], now: float) -> str:
    """The worst status of a site's boards; "none" if no board is registered."""
    statuses = [_status(b, now) for b in boards]
    for status in (two_boards.TWO_BOARDS, "offline", "safe", "updating", "unknown", "online"):
        if status in statuses:
            return status
    return "unknown" if statuses else "none"


def _status(board: Board | None, now: float) -> str:
    if board is None:
        return "unknown"
    return two_boards.TWO_BOARDS if board.has_twin(now) else board.status or "unknown"


def bin_now(hub: Live, bin_: Bin, now: float, words: Words | None = None) -> dict[str, Any]:
    """Fill (ratio), net mass (kg), load as a share of the maximum, hours until it is full."""
    board = hub.boards.get((bin_.site, bin_.device))
    state = board.state if board else {}
    fill = state.get(bin_.fill_channel) if bin_.fill_channel else None
    gross = state.get(bin_.channel) if bin_.channel else None
    fill = fill if _number(fill) else None
    kg = round(gross - bin_.tare_g / 1000, 3) if _number(gross) else None  # type: ignore[operator]
    hours = hub.slopes.hours(bin_.device, bin_.fill_channel, now) if fill is not None else None
    load = gross / (bin_.max_g / 1000) if _number(gross) and bin_.max_g else None  # type: ignore[operator]
    marks = marks_of(state)
    bad = {c: marks[c] for c in (bin_.channel, bin_.fill_channel) if c and c in marks}
    return {
        "bin": bin_.bin,
        "stream": bin_.stream,
        "fill": fill,
        "kg": kg,
        "load": None if load is None else round(load, 3),
        "full_in_h": None if hours is None else round(hours, 1),
        "bad": {c: quality(q, words) for c, q in bad.items()},
    }


def limit_of(bins: list[dict[str, Any]], words: Words | None = None) -> tuple[float | None, str]:
    """The nearest limit of a site: the share of it that is reached, and a text."""
    shares = [(b["fill"] / FULL, b) for b in bins if b["fill"] is not None]
    heavy = [(b["load"], b) for b in bins if b["load"] is not None]
    if not shares and not heavy:
        return None, ""
    share, nearest = max([*shares, *heavy], key=lambda x: x[0])
    if words is not None:
        return round(share, 3), _limit(nearest, share, words)
    if nearest["fill"] is None or nearest["fill"] / FULL < share:
        return round(share, 3), f"{nearest['stream']} 载荷 load {100 * share:.0f} %"
    soon = nearest["full_in_h"]
    when = "已满 full" if share >= 1 else f"约 {soon:g} h 后满" if soon is not None else ""
    return round(share, 3), f"{nearest['stream']} {100 * nearest['fill']:.0f} % {when}".strip()


def _limit(nearest: dict[str, Any], share: float, words: Words) -> str:
    stream, soon = words.said(nearest["stream"]), nearest["full_in_h"]
    if nearest["fill"] is None or nearest["fill"] / FULL < share:
        return words("limit.load", stream=stream, percent=f"{100 * share:.0f}")
    key = "limit.full" if share >= 1 else "limit.fill" if soon is None else "limit.soon"
    hours = "" if soon is None else words.duration(3600 * soon)
    return words(key, stream=stream, percent=f"{100 * nearest['fill']:.0f}", soon=hours)


def site_now(hub: Live, site: str, now: float, words: Words | None = None) -> dict[str, Any]:
    """A line of the list of sites; without words as the API sends it."""
    boards = [hub.boards.get((site, d)) for d in hub.devices_of.get(site, ())]
    bins = [bin_now(hub, b, now, words) for b in hub.bins_of.get(site, ()) if b.device]
    ages = [age for b in boards if b and (age := b.age(now)) is not None]
    share, limit = limit_of(bins, words)
    fills = [b["fill"] for b in bins if b["fill"] is not None]
    masses = [b["kg"] for b in bins if b["kg"] is not None]
    status = status_of(boards, now)
    return {
        "site": site,
        "status": status,
        "mark": mark_of(status, share),
        "alarm": hub.alarmed.levels.get(site),
        "seen": round(now - min(ages)) if ages else None,
        "fill": max(fills, default=None),
        "kg": round(sum(masses), 2) if masses else None,
        "share": share,
        "limit": limit,
    }


def board_now(
    hub: Live, site: str, device: str, now: float | None = None, words: Words | None = None
) -> dict[str, Any]:
    """A board's health and values; without words as the API sends them."""
    now = now or time.time()
    board = hub.boards.get((site, device)) or Board(site, device)
    marks = marks_of(board.state)
    channels = sorted(filter(is_channel, {*board.state, *marks}))
    bins = [b for b in hub.bins_of.get(site, ()) if b.device == device]
    age = board.age(now)
    return {
        "device": device,
        "status": _status(board, now),
        "seen": None if age is None else round(now - age),
        "health": _health(board, words),
        "calibration": _calibrations(board),
        "values": {c: value(c, board.state.get(c), words) for c in channels},
        "bad": {c: quality(mark, words) for c, mark in marks.items()},
        "faults": list(board.faults.values()),
        "bins": [bin_now(hub, b, now, words) for b in bins],
    }


def _health(board: Board, words: Words | None) -> dict[str, Any]:
    """What the board last said of itself: birth message and state."""
    said = {**board.birth, **board.state}
    health = {k: said[k] for k in _HEALTH if k in said and not isinstance(said[k], dict)}
    if words is not None:
        health |= {k: words.of(k, str(health[k])) for k in ("clock", "reset") if k in health}
    return health


def _calibrations(board: Board) -> dict[str, dict[str, Any]]:
    """Weight channel → id and date of its calibration, as far as the birth message has them."""
    channels = board.birth.get("channels")
    if not isinstance(channels, dict):
        return {}
    weights = {
        name: channel
        for name, channel in channels.items()
        if isinstance(channel, dict) and channel.get("kind") == "weight"
    }
    keys = "calibration", "calibrated"
    return {name: {k: c[k] for k in keys if k in c} for name, c in weights.items()}

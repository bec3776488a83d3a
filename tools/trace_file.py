"""Checks a trace (docs/traces.md) before a board plays it: a mistake is one line that names
file and line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADERS = ("t,channel,value", "t,channel,value,raw")
SURROUNDINGS = ("power", "wifi", "dns", "ntp", "reset")  # channels of every board
LINES = ("lan", "modem", "sim", "cell", "ppp")  # of a board with other lines than Wi-Fi
FIRST_T, LAST_T = 1_420_070_400, 4_102_444_800  # 2015 to 2100
_T = re.compile(r"\d+(\.\d{1,3})?", re.ASCII)


class TraceError(RuntimeError):
    """A trace that cannot be played; one line."""


@dataclass(frozen=True)
class Trace:
    """What a trace spans (Unix seconds), and the channels that it has rows of."""

    first: float
    last: float
    channels: frozenset[str]


def check(path: Path, known: Collection[str]) -> Trace:
    """TraceError unless every row can be played on a board with these channels."""
    first = last = -math.inf
    seen: set[str] = set()
    places = [*known, *(c for c in SURROUNDINGS if c not in known)]
    for fail, cells in _rows(path):
        t, channel = _time(cells[0], fail), cells[1]
        if t < last:
            raise fail(f"t: expected {last:.15g} or later, found {cells[0]}: time goes back")
        if channel not in places:
            raise fail(f"channel: expected one of {' '.join(places)}, found {channel!r}")
        _numbers(cells, fail)
        first, last = (t if first == -math.inf else first), t
        seen.add(channel)
    if not seen:
        raise TraceError(f"{path}: expected rows of {HEADERS[0]}, found none")
    return Trace(first, last, frozenset(seen))


Fail = Callable[[str], TraceError]


def _rows(path: Path) -> Iterator[tuple[Fail, list[str]]]:
    """Each row with what makes an error of its place."""

    def at(line: int) -> Fail:
        return lambda text: TraceError(f"{path}:{line}: {text}")

    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline=None) as file:
            head = file.readline().strip()
            if head not in HEADERS:
                what = f"found {head[:60]!r}" if head else "found nothing"
                raise at(1)(f"expected the header {HEADERS[0]}[,raw], {what}")
            columns = head.count(",") + 1
            for line, text in enumerate(file, 2):
                row = text.strip()
                if not row:
                    continue
                cells = row.split(",")
                if len(cells) != columns:
                    found = f"found {row[:60]!r}: commas between, a point within numbers"
                    raise at(line)(f"expected {head}, {found}")
                yield at(line), cells
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise at(line + 1)("expected UTF-8 text") from None


def _time(text: str, fail: Fail) -> float:
    if not _T.fullmatch(text):
        raise fail(f"t: expected Unix seconds with at most 3 decimals, found {text!r}")
    t = float(text)
    if FIRST_T <= t / 1000 < LAST_T:
        raise fail(f"t: expected Unix seconds, found {text}: these are milliseconds")
    if not FIRST_T <= t < LAST_T:
        raise fail(f"t: expected Unix seconds of the years 2015 to 2099, found {text}")
    return t


def _numbers(cells: list[str], fail: Fail) -> None:
    channel, value = cells[1], cells[2]
    switch = channel in SURROUNDINGS or channel.startswith("d")
    try:
        number = float(value) if value else 0.0
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not abs(number) < 1e6:
        raise fail(f"value: expected a number, or nothing, found {value!r}")
    if switch and value and number not in (0, 1):
        raise fail(f"value: expected 0 or 1 of {channel}, found {value!r}")
    if len(cells) == 4 and cells[3] and not re.fullmatch(r"-?\d+", cells[3], re.ASCII):
        raise fail(f"raw: expected whole counts, or nothing, found {cells[3]!r}")

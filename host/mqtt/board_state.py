"""The state of a board from its messages, and as text for a terminal: English, with the Chinese
term where a person has to act."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from ..common import two_boards
from . import board_line

STATUS = {
    "online": ("在线", "green"),
    "offline": ("离线", "red"),
    "safe": ("安全模式", "red"),
    "updating": ("更新中", "yellow"),
}
QUALITY = {
    "moving": "移动中",
    "no_data": "无数据",
    "not_ready": "无应答",
    "saturated": "超量程",
    "bad_frame": "读数错误",
    "no_echo": "无回波",
    "blind": "过近",
    "range": "超出范围",
    "frozen": "冻结",
    "fault": "故障",
    "tared": "仪表去皮",
    "zeroed": "仪表置零",
    "unit": "仪表单位",
    "tilted": "倾斜",
}
CLOCK = {"unset": ("未校时", "red"), "rtc": ("保持", "yellow"), "ntp": ("已校时", "green")}
GOOD_DBM, WEAK_DBM = (
    -67,
    -75,
)  # chosen here: good from the first on, bad below the second
_LONGEST = 24  # characters of a word that is shown
_TEXT = 200  # characters of a text that is kept
_MOST = 1e15  # no number of a board is greater
_LARGEST = 65_536  # bytes; the largest message of a board with every channel is a tenth
_DEEP = 4  # levels of a message
_EARLIEST = 1_420_070_400  # 2015-01-01: no clock that is set shows less
_TIMES = ("t", "up", "q")
_KINDS = tuple("wfcdkbvrs")  # of channels, in the order in which they are shown
_UNITS = {
    "w": ".2f} kg",
    "c": ".1f} °C",
    "b": ".0f} %",
    "v": ".2f} V",
    "r": ".0f} dBm",
    "s": ".1f} dB",
}
_BACKLOG_S = 60  # a reading this much older than the shown one is part of a backlog


def word(value: object) -> str:
    """A value of a message as a short word without control characters."""
    text = str(value)[:_LONGEST]
    return "".join(c if c.isprintable() else "?" for c in text)


def _number(value: object) -> float | None:
    return None if isinstance(value, bool) or not isinstance(value, (int, float)) else value


def is_channel(name: str) -> bool:
    """Whether a key of a message is the value of a channel: its kind and up to two digits."""
    digits = name[1:]
    return name[:1] in _KINDS and digits.isascii() and digits.isdigit() and len(name) < 4


_UNUSABLE = object()


def usable(value: Any, deep: int = _DEEP) -> Any:
    """A value of a message as it may be computed with and shown: numbers that are finite and of
    this world, texts that are short and printable; what is neither is left out."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if -_MOST <= value <= _MOST else _UNUSABLE
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "?" for c in value[:_TEXT])
    if not deep:
        return _UNUSABLE
    if isinstance(value, list):
        return [x for v in value if (x := usable(v, deep - 1)) is not _UNUSABLE]
    kept = {usable(k): usable(v, deep - 1) for k, v in value.items()}
    return {k: v for k, v in kept.items() if v is not _UNUSABLE}


def measured(channel: str, value: object) -> str:
    """A value with the unit of its channel."""
    number = _number(value)
    if number is None:
        return "–"
    if channel[0] == "f":
        return f"{100 * number:.0f} %"
    if channel[0] == "d":
        return "open 开" if number else "closed 关"
    if channel[0] == "k":
        return "card 刷卡" if number else "–"
    return f"{{:{_UNITS[channel[0]]}".format(number)


def age(seconds: float | None) -> str:
    """A duration in seconds, short."""
    if seconds is None:
        return "?"
    s = max(0, int(seconds))
    if s < 120:
        return f"{s} s"
    if s < 7200:
        return f"{s // 60} min"
    return f"{s // 3600} h" if s < 172_800 else f"{s // 86_400} d"


@dataclass
class Board:
    """The latest message of each topic of a board."""

    site: str
    device: str
    status: str | None = None
    since: float | None = None  # when the status came; None: it was retained
    birth: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)  # the newest, by life and seq
    faults: dict[str, str] = field(default_factory=dict)  # messages not understood, by topic
    _heard: float | None = None  # when the values came, by the caller's clock
    _seq: tuple[str, int] | None = None  # life and highest seq seen
    _turns: dict[str, two_boards.Turns] = field(default_factory=dict)  # of births, and of lives
    _two: float | None = None  # when two boards last took turns

    def take(self, kind: str, payload: bytes, retained: bool, now: float) -> bool:
        """Take a message of this board, at Unix time now; True when something has changed."""
        if kind == "status":
            status = word(payload.decode("utf-8", "replace"))
            changed, self.status = status != self.status, status
            if changed:
                self.since = None if retained else now
            return changed
        if kind not in ("state", "birth", "reading"):
            return False
        try:
            if len(payload) > _LARGEST:
                raise ValueError(f"larger than {_LARGEST} bytes")
            body = json.loads(payload)
            newest = body[-1] if kind == "reading" and isinstance(body, list) else body
            if not isinstance(newest, dict):
                raise ValueError("expected an object")
        except (ValueError, IndexError, RecursionError) as error:
            self.faults[kind] = f"{kind}: not understood: {str(error)[:40]}"
            return True
        self.faults.pop(kind, None)
        newest = usable(newest)
        self._boards(kind, newest, now)
        if kind == "birth":
            self.birth = newest
        elif kind == "state":
            self.state = newest
            self._heard = _said(newest, now) if retained else now
        else:
            return self._reading(newest, now)
        return True

    def _boards(self, kind: str, body: Mapping[str, Any], now: float) -> None:
        """Note whose message it is: lives of two boards take turns, and so do their starts, as each
        takes the other's session."""
        life = word(body.get("life")) if "life" in body else ""
        names = {
            "life": life,
            "birth": f"{life} {word(body.get('boot'))}" if kind == "birth" else "",
        }
        for what, name in names.items():
            if not name or not life:
                continue
            turns = two_boards.turn(self._turns.get(what, []), name, int(now))
            if turns != self._turns.get(what) and two_boards.since(turns) is not None:
                self._two = now
            self._turns[what] = turns

    def has_twin(self, now: float) -> bool:
        """Whether two boards speak under this name, as of the last hours before Unix time now."""
        return self._two is not None and now - self._two <= two_boards.WITHIN_S

    def _reading(self, reading: dict[str, Any], now: float) -> bool:
        """A reading changes the state only if no later one was seen: a backlog is sent
        afterwards."""
        life, seq = word(reading.get("life")), reading.get("seq")
        if not isinstance(seq, int):
            return False
        if self._seq is not None and self._seq[0] == life and seq <= self._seq[1]:
            return False
        self._seq = (life, seq)
        self.reading = reading
        t, shown = _number(reading.get("t")), _number(self.state.get("t"))
        if t is not None and shown is not None and t < shown - _BACKLOG_S:
            return False
        kept = {k: v for k, v in self.state.items() if not is_channel(k) and k not in _TIMES}
        new = {k: v for k, v in reading.items() if is_channel(k) or k in _TIMES}
        self.state = kept | new
        self._heard = now
        return True

    def age(self, now: float) -> float | None:
        """Seconds since the values were measured or sent; None when that cannot be known."""
        return None if self._heard is None else now - self._heard

    @property
    def well(self) -> bool:
        """Whether the board is online."""
        return self.status == "online"


def _said(body: Mapping[str, Any], now: float) -> float | None:
    """Unix time of a retained message, by the board's clock if that is set."""
    t = _number(body.get("t"))
    return None if t is None or t < _EARLIEST else min(float(t), now)


def values(state: Mapping[str, Any]) -> list[Text]:
    """Each channel with unit and quality."""
    q = state.get("q")
    marks: Mapping[str, Any] = q if isinstance(q, dict) else {}
    names = {k for k in (*state, *marks) if is_channel(k)}
    out = []
    for name in sorted(names, key=lambda n: (_KINDS.index(n[0]), int(n[1:]))):
        mark = marks.get(name)
        text = Text(f"{name} ", "bold").append(measured(name, state.get(name)), "not bold")
        if mark is None:
            text.append(" ok", "not bold green")
        else:
            text.append(f" {word(mark)} {QUALITY.get(str(mark), '')}".rstrip(), "not bold yellow")
        out.append(text)
    return out


def condition(state: Mapping[str, Any], birth: Mapping[str, Any]) -> list[Text]:
    """Line with what it carried, signal, clock with drift, queue, dropped, version; unknown values
    are left out."""
    values = {**birth, **state}
    out = [Text(text, style) for text, style in board_line.told(values)]
    rssi = _number(values.get("rssi"))
    if rssi is not None:
        how = ("good 好", "green") if rssi >= GOOD_DBM else ("fair 中", "yellow")
        how = how if rssi >= WEAK_DBM else ("weak 弱", "red")
        out.append(Text(f"{rssi:.0f} dBm {how[0]}", how[1]))
    clock = values.get("clock")
    if clock is not None:
        chinese, style = CLOCK.get(str(clock), ("", "yellow"))
        drift = _number(values.get("drift_ppm"))
        text = f"clock {word(clock)} {chinese}".rstrip()
        out.append(Text(text + (f" {drift:+.0f} ppm" if drift is not None else ""), style))
    for name, chinese in (("queue", "待发"), ("dropped", "丢失")):
        n = _number(values.get(name))
        if n is not None:
            style = "" if not n else "yellow" if name == "queue" else "red"
            out.append(Text(f"{name} {chinese} {n:.0f}", style))
    if "version" in values:
        out.append(Text(word(values["version"])))
    return out


def wrapped(parts: list[Text], width: int, indent: str = "", gap: str = "  ") -> list[Text]:
    """Parts side by side in lines of at most `width` cells; no part is broken."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + cell_len(gap) + part.cell_len <= width:
            lines[-1].append(gap).append_text(part)
        else:
            lines.append(Text(indent if lines else "").append_text(part))
    return lines


def lines(board: Board, now: float, width: int) -> list[Text]:
    """A board as a few lines for the terminal, at Unix time now."""
    chinese, style = STATUS.get(board.status or "", ("", "yellow"))
    head = Text(f"{word(board.site)}/{word(board.device)}", "bold")
    status = Text(f"{board.status or 'unknown'} {chinese}".rstrip(), style)
    ago = Text(f"{age(board.age(now))} ago")
    parts = [head, status, ago, *condition(board.state, board.birth)]
    if board.has_twin(now):
        parts.append(Text("two boards speak under this name 两块设备同名", "red"))
    parts += [Text(fault, "red") for fault in board.faults.values()]
    shown = values(board.state) or [Text("no values yet 尚无数据", "yellow")]
    first = [Text("  ").append_text(shown[0]), *shown[1:]]
    return [*wrapped(parts, width, "  "), *wrapped(first, width, "  ")]

"""Follows the page and says each change as a line."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping

from host.common.local_days import LOCAL
from host.mqtt.board_state import STATUS
from live.view import Api, Event, View

EVERY_S = 0.5
_LEAST = {"w": 0.1, "f": 0.03, "c": 0.5, "d": 0.5}  # a smaller change is not said: kg, ratio, °C
Say = Callable[[str], None]


def clock(t: float) -> str:
    """As the page writes it."""
    return dt.datetime.fromtimestamp(t, LOCAL).strftime("%H:%M:%S")


def text(channel: str, value: float) -> str:
    """A value with its unit."""
    kind = channel[0]
    if kind == "w":
        return f"{value:.2f} kg"
    if kind == "f":
        return f"fill {100 * value:.0f} %"
    return f"{value:.1f} °C" if kind == "c" else "door open 开" if value else "door closed 关"


class Feed(threading.Thread):
    """view: as the page was last. names: channel → what stands there."""

    def __init__(self, api: Api, names: Mapping[str, str], say: Say) -> None:
        super().__init__(daemon=True, name="feed")
        self.view = View()
        self._api = api
        self._names = names
        self._say = say
        self._said: dict[str, float] = {}
        self._moving: set[str] = set()
        self._before: frozenset[int] = frozenset()  # readings known when it was lost
        self._online: float | None = None  # when it was heard again, Unix time
        self._turns = threading.Condition()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                view = self._api.look()
            except (OSError, ValueError, KeyError, IndexError):
                continue  # at the next turn; that it runs at all is watched elsewhere
            self._status(view)
            self._values(view)
            self._backlog(view)
            self._events(view)
            with self._turns:
                self.view = view
                self._turns.notify_all()

    def stop(self) -> None:
        self._over.set()
        if self.is_alive():
            self.join(timeout=15)

    def wait(self, true: Callable[[View], bool], seconds: float) -> bool:
        """Until it is true of what the page shows; False when that does not come."""
        with self._turns:
            return self._turns.wait_for(lambda: true(self.view), seconds)

    def _line(self, said: str) -> None:
        self._say(f"{clock(time.time())}  {said}")

    def _status(self, view: View) -> None:
        was, now = self.view.status, view.status
        if now in (was, "unknown"):
            return
        self._line(f"the board is {now} {STATUS.get(now, ('', ''))[0]}".rstrip())
        if now == "offline":
            self._before, self._online = view.times, None
        elif was == "offline":
            self._online = time.time()

    def _values(self, view: View) -> None:
        for channel, value in view.shown.items():
            name = f"{channel} {self._names.get(channel, '')}".rstrip()
            if value is None:
                if channel not in self._moving:
                    self._line(f"{name}: {view.marks.get(channel, 'no value 无数据')}")
                self._moving.add(channel)
                continue
            known = self._said.get(channel)
            if channel in self._moving or known is None or abs(value - known) >= _LEAST[channel[0]]:
                self._line(f"{name}: {text(channel, value)}")
                self._said[channel] = value
            self._moving.discard(channel)

    def _backlog(self, view: View) -> None:
        """Readings of the time in which the board was not heard."""
        if self._online is None:
            return
        late = sorted(t for t in view.times - self._before if t < self._online - 1)
        if late:
            span = f"{clock(late[0])} to {clock(late[-1])}"
            self._line(f"{len(late)} readings came late 补传, of {span}")
            self._before |= set(late)

    def _events(self, view: View) -> None:
        was = self.view.events
        for key, event in view.events.items():
            before = was.get(key)
            if before is None:
                self._line(said(event))
            elif before["kg"] != event["kg"]:
                self._line(f"{said(event)}, no longer {before['kg']} kg")
        for key in was.keys() - view.events.keys():
            self._line(f"{said(was[key])}: no longer, it did not stay")


def said(event: Event) -> str:
    """Its kind, bin, mass and time."""
    kg = f"  {event['kg']} kg" if event["kg"] else ""
    at = clock(event["t"])
    return f"{event['kind']} {event['name']}  {event['bin']} {event['stream']}{kg}, of {at}"

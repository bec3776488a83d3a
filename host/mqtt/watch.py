"""`qingyun watch`: the boards of a broker, live in the terminal.

Nothing is published and nothing is kept on the broker: it only listens."""

from __future__ import annotations

import dataclasses
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..common.errors import OutsideError
from . import board_state

TOPICS = ("status", "birth", "state", "reading")
ANSWER_S = 10.0  # the broker has so long to take the subscription
QUIET_S = 0.5  # retained messages come at once: so long without one, and all are there
BUSY_S = 3.0  # or so long after the subscription, where boards never fall silent
_FRAMES = 4  # a second


class WatchError(OutsideError):
    """The broker cannot be watched; one line."""


@dataclasses.dataclass
class Watch:
    """Every board heard of. What paho's thread takes, run() shows."""

    site: str | None = None
    device: str | None = None
    connected: bool = False
    refused: str | None = None
    heard: float = 0.0  # monotonic, of the last message or of the subscription
    boards: dict[tuple[str, str], board_state.Board] = dataclasses.field(default_factory=dict)
    news: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def listen(self, client: paho.Client) -> None:
        """Set the client up; the rest is the network thread's."""
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def _on_connect(self, client: paho.Client, *args: Any) -> None:
        if args[2].is_failure:
            self.refused = f"refused the connection: {args[2]}"
            return
        base = f"qingyun/1/{self.site or '+'}/{self.device or '+'}/"
        client.subscribe([(base + topic, 0) for topic in TOPICS])

    def _on_subscribe(self, *args: Any) -> None:
        if any(code.is_failure for code in args[3]):
            self.refused = f"refused the subscription: {args[3][0]}"
            return
        self.heard = time.monotonic()
        self.connected = True

    def _on_disconnect(self, *args: Any) -> None:
        if not self.heard and not self.refused:  # it never let us in
            self.refused = f"closed the connection: {args[3]}"
        self.connected = False

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        self.take(message.topic, bytes(message.payload), message.retain, time.time())

    def take(self, topic: str, payload: bytes, retained: bool, now: float) -> None:
        """One message; an empty one has only removed what was retained."""
        parts = topic.split("/")
        if len(parts) != 5 or not payload:
            return
        key = (parts[2], parts[3])
        with self.lock:
            self.heard = time.monotonic()
            board = self.boards.setdefault(key, board_state.Board(*key))
            if board.take(parts[4], payload, retained, now):
                self.news.add(key)

    def text(self, width: int, only: set[tuple[str, str]] | None = None) -> list[Text]:
        """The boards, in order, as lines."""
        now = time.time()
        with self.lock:
            shown = [b for k, b in sorted(self.boards.items()) if only is None or k in only]
            return [line for b in shown for line in board_state.lines(b, now, width)]

    def fetch_news(self) -> set[tuple[str, str]]:
        with self.lock:
            news, self.news = self.news, set()
            return news

    def code(self) -> int:
        """0 when boards were heard and all are online, else 1."""
        return 0 if self.boards and all(b.well for b in self.boards.values()) else 1


def run(
    client: paho.Client,
    where: tuple[str, int],
    watch: Watch,
    *,
    once: bool = False,
    seconds: float | None = None,
    console: Console | None = None,
) -> int:
    """Show the boards until Ctrl-C, for so many seconds, or once; the exit code."""
    console = console or Console(highlight=False, width=None if sys.stdout.isatty() else 80)
    name = f"broker {where[0]}:{where[1]}"
    watch.listen(client)
    try:
        client.connect(*where, keepalive=30)
    except OSError as error:
        raise WatchError(f"{name}: {error}") from error
    client.loop_start()
    try:
        _wait(lambda: watch.connected, watch, name)
        if once:
            limit = time.monotonic() + BUSY_S
            while time.monotonic() < min(limit, watch.heard + QUIET_S):
                time.sleep(0.05)
            _print(console, watch.text(console.width))
        else:
            end = None if seconds is None else time.monotonic() + seconds
            show = _picture if console.is_terminal else _feed
            show(watch, console, name, end)
    except KeyboardInterrupt:
        pass  # that is how it ends
    finally:
        client.disconnect()
        client.loop_stop()
    if not watch.boards:
        place = f"{watch.site or '+'}/{watch.device or '+'}"
        console.print(f"{name}: nothing heard of {place}: no board has published there yet")
    return watch.code() if once or seconds is not None else 0


def _wait(ready: Callable[[], bool], watch: Watch, name: str) -> None:
    end = time.monotonic() + ANSWER_S
    while not ready():
        if watch.refused:
            raise WatchError(f"{name}: {watch.refused}")
        if time.monotonic() > end:
            raise WatchError(f"{name}: no answer within {ANSWER_S:.0f} s")
        time.sleep(0.02)


def _picture(watch: Watch, console: Console, name: str, end: float | None) -> None:
    """A picture that is drawn anew while somebody looks at it."""
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as picture:
        while end is None or time.monotonic() < end:
            if watch.refused:
                raise WatchError(f"{name}: {watch.refused}")
            state = Text(name, "bold").append(
                "  Ctrl-C ends" if watch.connected else "  connection lost 连接中断; trying again",
                "dim" if watch.connected else "red",
            )
            body = watch.text(console.width) or [Text("waiting for the first board 等待")]
            picture.update(Group(state, *body), refresh=True)
            time.sleep(1 / _FRAMES)


def _feed(watch: Watch, console: Console, _name: str, end: float | None) -> None:
    """Lines for a file or a pipe: a board each time there is something new of it."""
    while end is None or time.monotonic() < end:
        time.sleep(1 / _FRAMES)
        if news := watch.fetch_news():
            console.print(time.strftime("%H:%M:%S"))
            _print(console, watch.text(console.width, news))


def _print(console: Console, lines: list[Text]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)

"""`qingyun watch`: the boards of a broker, live in the terminal.

Nothing is published and nothing is kept on the broker: it only listens."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..common import terminal
from ..common.local_days import LOCAL
from . import board_state
from .broker import Broker
from .session import Session

TOPICS = ("status", "birth", "state", "reading")
ANSWER_S = 10.0  # seconds for the broker to accept the subscription
QUIET_S = 0.5  # after so long without a message, all retained ones have come
BUSY_S = 3.0  # or so long after the subscription, if messages never pause
_FRAMES = 4  # a second


@dataclasses.dataclass
class Watch:
    """Every board that was heard. The session's thread calls take(); run() shows the boards."""

    site: str | None = None
    device: str | None = None
    heard: float = 0.0  # monotonic, of the last message
    boards: dict[tuple[str, str], board_state.Board] = dataclasses.field(default_factory=dict)
    news: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def topics(self) -> list[tuple[str, int]]:
        """The topics to subscribe to, with QoS."""
        base = f"qingyun/1/{self.site or '+'}/{self.device or '+'}/"
        return [(base + topic, 0) for topic in TOPICS]

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take one message; an empty one has only removed what was retained."""
        parts = topic.split("/")
        if len(parts) != 5 or not payload:
            return
        key = (parts[2], parts[3])
        with self.lock:
            self.heard = time.monotonic()
            board = self.boards.setdefault(key, board_state.Board(*key))
            if board.take(parts[4], payload, retained, time.time()):
                self.news.add(key)

    def text(self, width: int, only: set[tuple[str, str]] | None = None) -> list[Text]:
        """The boards, in order, as lines."""
        now = time.time()
        with self.lock:
            shown = [b for k, b in sorted(self.boards.items()) if only is None or k in only]
            return [line for b in shown for line in board_state.lines(b, now, width)]

    def fetch_news(self) -> set[tuple[str, str]]:
        """The boards that have changed since the last call."""
        with self.lock:
            news, self.news = self.news, set()
            return news

    def code(self) -> int:
        """The exit code: 0 when boards were heard and all are online, else 1."""
        return 0 if self.boards and all(b.well for b in self.boards.values()) else 1


def run(
    broker: Broker,
    watch: Watch,
    *,
    once: bool = False,
    seconds: float | None = None,
    console: Console | None = None,
) -> int:
    """Show the boards until Ctrl-C, for so many seconds, or once; the exit code.

    SessionError when the broker does not answer or refuses."""
    console = console or terminal.console(80)
    session = Session(
        broker, watch.topics(), on_message=watch.take, answer_s=ANSWER_S, keepalive_s=30
    )
    try:
        with session:
            if once:
                _settle(watch)
                _print(console, watch.text(console.width))
            else:
                end = None if seconds is None else time.monotonic() + seconds
                show = _picture if console.is_terminal else _feed
                show(watch, console, session, end)
    except KeyboardInterrupt:
        pass  # the usual end
    if not watch.boards:
        place = f"{watch.site or '+'}/{watch.device or '+'}"
        console.print(f"{broker}: nothing heard of {place}: no board has published there yet")
    return watch.code() if once or seconds is not None else 0


def present(broker: Broker) -> list[board_state.Board]:
    """Every board by its retained status and state; SessionError without a broker."""
    watch = Watch()
    topics = [(f"qingyun/1/+/+/{topic}", 0) for topic in ("status", "state")]
    with Session(broker, topics, on_message=watch.take, answer_s=ANSWER_S):
        _settle(watch)
    return list(watch.boards.values())


def _settle(watch: Watch) -> None:
    """Wait until nothing more comes that was retained, or for BUSY_S at most."""
    watch.heard = subscribed = time.monotonic()
    while time.monotonic() < min(subscribed + BUSY_S, watch.heard + QUIET_S):
        time.sleep(0.05)


def _picture(watch: Watch, console: Console, session: Session, end: float | None) -> None:
    """Draw the boards again and again until the end."""
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as picture:
        while end is None or time.monotonic() < end:
            session.check()
            state = Text(str(session.broker), "bold").append(
                "  Ctrl-C ends"
                if session.connected
                else "  connection lost 连接中断; trying again",
                "dim" if session.connected else "red",
            )
            body = watch.text(console.width) or [Text("waiting for the first board 等待")]
            picture.update(Group(state, *body), refresh=True)
            time.sleep(1 / _FRAMES)


def _feed(watch: Watch, console: Console, _: Session, end: float | None) -> None:
    """Print lines for a file or a pipe: a board each time it has changed."""
    while end is None or time.monotonic() < end:
        time.sleep(1 / _FRAMES)
        if news := watch.fetch_news():
            console.print(f"{dt.datetime.now(LOCAL):%H:%M:%S}")
            _print(console, watch.text(console.width, news))


def _print(console: Console, lines: list[Text]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)

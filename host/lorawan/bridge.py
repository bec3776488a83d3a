"""From the broker of a network server to that of the boards: a frame is acknowledged there only
when the broker here has what it says.

One thread: receive a few messages, remember what they are, publish, acknowledge. Killed in
between, the frames come again and get the names that they had."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ..mqtt.broker import Broker
from ..mqtt.consumer import Transport
from ..mqtt.session import Session, SessionError
from .counts import Counts
from .frames import FRAMES
from .translation import Said, Translation

log = logging.getLogger("qingyun.lorawan")

CHIRPSTACK = "application/+/device/+/event/up"
AT_ONCE = FRAMES // 2  # messages: each name that may come again is still remembered
_IDLE_S = 0.2
_BACKOFF_S = (1, 2, 4, 8, 15)
_SETTLED_S = 30.0  # after so long what the network server has kept for us has come
_ANSWER_S = 10.0

T = TypeVar("T")


def things_stack(username: str) -> str:
    """The topic of an application at The Things Stack, by who signs in there."""
    return f"v3/{username}/devices/+/up"


def _wait_s(tries: int) -> int:
    """Seconds before the next try."""
    return _BACKOFF_S[min(tries, len(_BACKOFF_S)) - 1] if tries else 1


class Bridge:
    """Runs until stop() is called."""

    def __init__(
        self, network: Broker, topic: str, boards: Broker, translation: Translation, counts: Counts
    ) -> None:
        self._network, self._boards = network, boards
        self._translation = translation
        self._counts = counts
        self._stopping = False
        self._session: Session | None = None
        self._transport = Transport(network, [(topic, 1)], self._subscribed)
        self._since = 0.0  # monotonic, of the connection

    def stop(self, *_: object) -> None:
        """End run() after the messages under way."""
        self._stopping = True

    def run(self) -> None:
        """Receive, publish and acknowledge until stop(); reconnects by itself."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        tries = 0
        while not self._stopping:
            try:
                self._transport.connect()
                self._since = time.monotonic()
                self._connected()
                why = "no session any more" if self._counts.connected else "refused, or no answer"
            except OSError as error:
                why = str(error)
            tries = 0 if self._counts.connected else tries + 1
            self._counts.connected = False
            if not self._stopping:
                wait = _wait_s(tries)
                log.warning("%s: %s; next try in %d s", self._network, why, wait)
                self._sleep(wait)
        self._transport.close()
        if self._session is not None:
            self._session.close()

    def _connected(self) -> None:
        """One connection to the network server, until it is lost or stop()."""
        alive, more = True, False
        while alive and not self._stopping:
            # What was left in the buffer is taken at once.
            alive = self._transport.receive(0 if more else _IDLE_S, AT_ONCE)
            taken = self._transport.take()
            more = len(taken.messages) == AT_ONCE
            if taken.messages:
                if not self._say(partial(self._translation.take, taken.messages)):
                    return
                self._transport.acknowledge(taken)
            elif time.monotonic() - self._since > _SETTLED_S:
                self._say(partial(self._translation.silent, int(time.time())))

    def _say(self, what: Callable[[], Said]) -> bool:
        """Publish, and wait until the broker has all; False after stop()."""

        said = self._until_done(what)

        def publish() -> bool:
            session = self._open()
            assert said is not None
            session.publish(said.births, retain=True)
            session.publish(said.readings)
            session.publish(said.states, retain=True)
            return True

        return said is not None and self._until_done(publish) is not None

    def _open(self) -> Session:
        if self._session is None:
            self._session = Session(self._boards, answer_s=_ANSWER_S).open()
        return self._session

    def _until_done(self, do: Callable[[], T]) -> T | None:
        """Try until it is done; None after stop(): what is not acknowledged comes again."""
        tries = 0
        while True:
            try:
                return do()
            except (SessionError, OSError) as error:
                if self._session is not None and isinstance(error, SessionError):
                    self._session.close()
                    self._session = None
                if self._stopping:
                    return None
                tries += 1
                wait = _wait_s(tries)
                log.warning("%s; nothing is acknowledged; next try in %d s", error, wait)
                self._sleep(wait)
                self._transport.alive()

    def _subscribed(self) -> None:
        self._counts.connected = True

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(0.05)

"""Sessions on the server, and how often signing in may fail.

A browser holds a random token; only its hash is kept here. A restart ends all sessions."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

IDLE_S = 8 * 3600  # one shift
LONGEST_S = 7 * 86_400
MOST = 10_000
FAILURES, WITHIN_S = 5, 900  # of one name from one address
FAILURES_ADDRESS = 30
_KEYS = 20_000


@dataclass
class Session:
    """account: the id of the account row that signed in; the session ends with the next row. made
    and seen: seconds of the clock."""

    name: str
    account: int
    csrf: str
    made: float
    seen: float


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Sessions:
    """By the hash of their token; the oldest are dropped above MOST."""

    clock: Callable[[], float] = time.monotonic
    _held: OrderedDict[str, Session] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str, account: int) -> tuple[str, Session]:
        """A new session and the token of it."""
        token, now = secrets.token_urlsafe(32), self.clock()
        session = Session(name, account, secrets.token_urlsafe(24), now, now)
        with self._lock:
            self._held[_key(token)] = session
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return token, session

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a token; None after IDLE_S without a request, or LONGEST_S after its
        start. used: that this is a request of a person, which begins IDLE_S anew."""
        now, key = self.clock(), _key(token)
        with self._lock:
            session = self._held.get(key)
            if session is None:
                return None
            if now - session.seen > IDLE_S or now - session.made > LONGEST_S:
                del self._held[key]
                return None
            if used:
                session.seen = now
            self._held.move_to_end(key)
            return session

    def holds(self, token: str) -> bool:
        """Whether somebody with this token is still signed in; an open page is no request, and so
        IDLE_S is nothing to it."""
        with self._lock:
            session = self._held.get(_key(token))
            return session is not None and self.clock() - session.made <= LONGEST_S

    def end(self, token: str) -> None:
        """End the session of a token."""
        with self._lock:
            self._held.pop(_key(token), None)


@dataclass
class Failures:
    """Failed attempts by name and address, and by address."""

    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[tuple[str, ...], deque[float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, name: str, address: str) -> int:
        """Seconds until the next attempt is allowed; 0: now."""
        with self._lock:
            limits = (((name, address), FAILURES), ((address,), FAILURES_ADDRESS))
            return max(self._wait(key, most) for key, most in limits)

    def _wait(self, key: tuple[str, ...], most: int) -> int:
        times = self._seen.get(key)
        now = self.clock()
        while times and now - times[0] > WITHIN_S:
            times.popleft()
        if times is None or len(times) < most:
            return 0
        return max(1, int(WITHIN_S - (now - times[-most])))

    def failed(self, name: str, address: str) -> None:
        """Count a failed attempt."""
        with self._lock:
            for key in ((name, address), (address,)):
                self._seen.setdefault(key, deque(maxlen=FAILURES_ADDRESS)).append(self.clock())
                self._seen.move_to_end(key)
            while len(self._seen) > _KEYS:
                self._seen.popitem(last=False)

    def passed(self, name: str, address: str) -> None:
        """Forget the failures of a name from an address, and this attempt, which was counted
        while it ran: an office behind one address signs in as often as it likes."""
        with self._lock:
            self._seen.pop((name, address), None)
            if of_address := self._seen.get((address,)):
                of_address.pop()

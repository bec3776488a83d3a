"""Refused requests for the audit trail: the first of a kind at once, more within a minute counted.

Whoever is refused could otherwise fill the disk with rows."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

PAUSE_S = 60.0
ROWS_IN_PAUSE = {True: 120, False: 20}  # of those who signed in, and of others; the rest is one row
OTHERS = "more addresses"


@dataclass(frozen=True)
class Refusal:
    """Who was refused, from where, what, and with which status. known: that somebody had signed
    in; else `who` is what was claimed. scope: of the account, as text."""

    who: str
    address: str
    what: str
    status: int
    known: bool = False
    scope: str = "district"


def network(address: str) -> str:
    """An IPv6 address as its /64, which one host has; others as they are."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


@dataclass
class Refusals:
    """What was refused since when, and how often since it was noted."""

    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[Refusal, list[float]] = field(default_factory=OrderedDict)  # noted at, more
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, refusal: Refusal) -> bool:
        """Whether it is to be noted now; else it was counted, and comes with the next due()."""
        with self._lock:
            if (seen := self._seen.get(refusal)) is not None:
                seen[1] += 1
                return False
            same = sum(seen.known == refusal.known for seen in self._seen)
            if same >= ROWS_IN_PAUSE[refusal.known]:
                others = Refusal("", OTHERS, "", refusal.status, refusal.known)
                self._seen.setdefault(others, [self.clock(), 0.0])[1] += 1
                return False
            self._seen[refusal] = [self.clock(), 0.0]
            return True

    def due(self) -> list[tuple[Refusal, int]]:
        """(refusal, how many more) of those whose pause is over."""
        with self._lock:
            now = self.clock()
            over = [r for r, (at, _) in self._seen.items() if now - at >= PAUSE_S]
            counted = [(r, int(self._seen.pop(r)[1])) for r in over]
        return [(r, n) for r, n in counted if n]

"""What boards say, by topic and payload, as a batch for the store."""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from ..readings import births, messages
from ..readings.fast_decoder import Reader
from ..registry import Registry
from ..store import Batch, Refused, growth

_FRESH_S = 3600  # a reading not older than this tells what its board's clock shows
_TOPIC = 300  # characters of a topic that are kept; a site and a device have far fewer
_NAME = 64  # characters of a board's name that are kept


def apart(raw: bytes, payload: bytes, why: Exception) -> Refused:
    """A message that the store cannot take; what prevents it may be the store's own fault."""
    whole = payload[: messages.LARGEST]
    return Refused(topic_of(raw), whole, why_not(why), limited=False)


def why_not(error: Exception) -> str:
    """Why the store cannot take a message, in one line."""
    return messages.shown(f"the store cannot take it: {type(error).__name__}: {error}", 200)


def topic_of(raw: bytes) -> str:
    """A topic as it is kept with a message that was refused."""
    return messages.shown(raw.decode(errors="backslashreplace"), _TOPIC)


def device_of(raw: bytes) -> str:
    """The board that a topic names."""
    return raw.split(b"/")[3].decode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class _Route:
    """What a topic says; unknown: why nothing can be stored under it."""

    topic: str
    site: str
    device: str
    is_reading: bool
    unknown: str | None
    reader: Reader


def _too_much(route: _Route, payload: bytes) -> Refused:
    """A message of a board that has sent all it may today: to read it costs others time."""
    why = growth.TOO_MUCH
    return Refused(route.topic, payload[: messages.LARGEST], why, sender=route.device)


class Inbox:
    """Knows the boards of the registry, the shape of what each sent last, and whether its clock
    agrees with this machine's."""

    def __init__(self, registry: Registry, max_ahead_s: int) -> None:
        self._registry = registry
        self._max_ahead_s = max_ahead_s
        self._routes: dict[bytes, _Route] = {}
        self._agrees: dict[str, tuple[float, bool]] = {}  # device → when it was seen, and whether

    def batch(
        self,
        received: Sequence[tuple[bytes, bytes]],
        now: int,
        *,
        full: Set[str] = frozenset(),
        brief: Set[str] = frozenset(),
        deferred: Set[str] = frozenset(),
    ) -> Batch:
        """Topics and payloads as what the store commits, by this machine's clock (Unix
        seconds). full, brief: boards of which nothing more is taken today, or of births only
        what needs no room; deferred: boards whose messages are only kept. A reading from the
        future is a fault of its board, which may let go of it, only where other boards agree with
        this clock; else it is kept and stays missing."""
        batch = Batch()
        future: list[int] = []  # of batch.refused
        routes = self._routes
        for raw, payload in received:
            route = routes.get(raw)
            if route is None:
                route = self._route(raw)
                if route.unknown is None:
                    routes[raw] = route  # so many at most as the registry has boards, twice
            if route.unknown:
                whole = payload[: messages.LARGEST]
                batch.refused.append(
                    Refused(route.topic, whole, route.unknown, sender=route.device)
                )
            elif route.device in full:
                batch.refused.append(_too_much(route, payload))
            elif route.device in deferred:
                whole = payload[: messages.LARGEST + 1]  # one that is too large stays so
                batch.deferred.append((route.device, raw, whole))
            elif route.is_reading:
                future += self._readings(route, payload, now, batch)
            elif payload:
                self._birth(route, payload, now, batch, brief=route.device in brief)
        if future:
            sure = self._clock_is_sure()
            for i in () if sure else future:
                batch.refused[i] = replace(batch.refused[i], reading=None, limited=False)
        return batch

    def _readings(self, route: _Route, payload: bytes, now: int, batch: Batch) -> list[int]:
        """Put the readings of a message into the batch; where in batch.refused those are that
        come from the future."""
        device, site = route.device, route.site
        good, bad = route.reader.readings(payload, now + self._max_ahead_s)
        batch.readings += [(device, site, r) for r in good]
        if good and (t := good[-1].t) is not None and abs(t - now) <= _FRESH_S:
            self._agrees[device] = time.monotonic(), True
        future = []
        for whole, reason, name in bad:
            if reason.endswith(messages.FUTURE):
                self._agrees[device] = time.monotonic(), False
                future.append(len(batch.refused))
            stream = name and (device, site, *name)
            batch.refused.append(Refused(route.topic, whole, reason, stream, device))
        return future

    def _birth(self, route: _Route, payload: bytes, now: int, batch: Batch, *, brief: bool) -> None:
        try:
            read = births.brief if brief else births.birth
            birth = read(payload, now + self._max_ahead_s)
        except messages.Rejected as error:
            whole = payload[: messages.LARGEST]
            reason = f"birth: {error}"
            batch.refused.append(Refused(route.topic, whole, reason, sender=route.device))
        else:
            batch.births.append((route.device, route.site, birth))

    def _clock_is_sure(self) -> bool:
        """Whether of the boards heard lately at least half agree with this machine's clock."""
        since = time.monotonic() - _FRESH_S
        self._agrees = {d: seen for d, seen in self._agrees.items() if seen[0] >= since}
        agree = sum(agrees for _, agrees in self._agrees.values())
        return agree > 0 and 2 * agree >= len(self._agrees)

    def _route(self, raw: bytes) -> _Route:
        _, _, site, device, what = raw.decode(errors="backslashreplace").split("/")
        unknown = self._unknown(site, device)
        if unknown:
            device = messages.shown(device, _NAME)
        return _Route(topic_of(raw), site, device, what == "reading", unknown, Reader())

    def _unknown(self, site: str, device: str) -> str | None:
        known = self._registry.devices.get(device)
        if known is None:
            return f"unknown device {device[:64]!r}"
        if known.site != site:
            return f"device {device} belongs to site {known.site}, not {site[:64]!r}"
        return None

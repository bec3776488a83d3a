"""What boards say, by topic and payload, as a batch for the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..readings import births, messages
from ..readings.fast_decoder import Reader
from ..registry import Registry
from ..store import Batch, Refused

_TOPIC = 300  # characters of a topic that are kept; a site and a device have far fewer


def topic_of(raw: bytes) -> str:
    """A topic as it is kept with a message that was refused."""
    return messages.shown(raw.decode(errors="backslashreplace"), _TOPIC)


@dataclass(frozen=True, slots=True)
class _Route:
    """What a topic says; unknown: why nothing can be stored under it."""

    topic: str
    site: str
    device: str
    is_reading: bool
    unknown: str | None
    reader: Reader


class Inbox:
    """Knows the boards of the registry, and the shape of what each sent last."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._routes: dict[bytes, _Route] = {}

    def batch(self, received: Sequence[tuple[bytes, bytes]], latest: int) -> Batch:
        """Topics and payloads as what the store commits. latest: no reading may be younger than
        this Unix second."""
        batch = Batch()
        routes = self._routes
        for raw, payload in received:
            route = routes.get(raw)
            if route is None:
                route = self._route(raw)
                if route.unknown is None:
                    routes[raw] = route  # so many at most as the registry has boards, twice
            device, site = route.device, route.site
            if route.unknown:
                whole = payload[: messages.LARGEST]
                batch.refused.append(Refused(route.topic, whole, route.unknown))
            elif route.is_reading:
                good, bad = route.reader.readings(payload, latest)
                batch.readings += [(device, site, r) for r in good]
                for whole, reason, name in bad:
                    stream = name and (device, site, *name)
                    batch.refused.append(Refused(route.topic, whole, reason, stream))
            elif payload:
                try:
                    batch.births.append((device, site, births.birth(payload, latest)))
                except messages.Rejected as error:
                    whole = payload[: messages.LARGEST]
                    batch.refused.append(Refused(route.topic, whole, f"birth: {error}"))
        return batch

    def _route(self, raw: bytes) -> _Route:
        _, _, site, device, what = raw.decode(errors="backslashreplace").split("/")
        unknown = self._unknown(site, device)
        return _Route(topic_of(raw), site, device, what == "reading", unknown, Reader())

    def _unknown(self, site: str, device: str) -> str | None:
        known = self._registry.devices.get(device)
        if known is None:
            return f"unknown device {device[:64]!r}"
        if known.site != site:
            return f"device {device} belongs to site {known.site}, not {site[:64]!r}"
        return None

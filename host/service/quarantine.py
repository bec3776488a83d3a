"""Takes messages back out of quarantine that can be understood now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..readings.messages import FUTURE
from ..store import Counts, Store
from ..store.quarantine import Kept
from .inbox import Inbox


@dataclass(frozen=True)
class Outcome:
    """What became of a message. why: the reason for which it stays; "" where it was taken."""

    kept: Kept
    counts: Counts
    why: str = ""


def retry(
    store: Store,
    inbox: Inbox,
    now: int,
    *,
    reason: str = "",
    device: str = "",
    t0: int = 0,
    t1: int = 1 << 62,
) -> Iterator[Outcome]:
    """Read each again, as if it came at Unix time now."""
    nothing = Counts(0, 0, 0, [])
    for kept in list(store.kept(reason=reason, device=device, t0=t0, t1=t1)):
        if kept.topic.count("/") != 4:
            yield Outcome(kept, nothing, kept.reason)
            continue
        batch = inbox.batch([(kept.topic.encode(), kept.payload)], now)
        if batch.refused:
            yield Outcome(kept, nothing, batch.refused[0].reason)
        else:
            yield Outcome(kept, store.take_back(kept.id, batch, now))


def retry_future(store: Store, inbox: Inbox, now: int) -> Counts:
    """Those that were dated later than this machine's clock when they came: the clock may have
    been behind, or that time has come."""
    total = Counts(0, 0, 0, [])
    for outcome in retry(store, inbox, now, reason=FUTURE):
        total += outcome.counts
    return total

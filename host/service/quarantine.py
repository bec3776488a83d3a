"""Takes messages back out of quarantine that can be understood now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..common.errors import UserError
from ..store import Busy, Counts, Store
from ..store.quarantine import Kept
from .inbox import Inbox, why_not


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
    """Read each again, as if it came at Unix time now. Each is read when it is asked for, and is
    stored or not by the time it is given."""
    for kept in store.kept(reason=reason, device=device, t0=t0, t1=t1):
        yield _again(store, inbox, kept, now)


def _again(store: Store, inbox: Inbox, kept: Kept, now: int) -> Outcome:
    nothing = Counts(0, 0, 0, [])
    if kept.topic.count("/") != 4:  # cut, as it was too long
        return Outcome(kept, nothing, kept.reason)
    batch = inbox.batch([(kept.topic.encode(), kept.payload)], now)
    if batch.refused:
        return Outcome(kept, nothing, batch.refused[0].reason)
    try:
        return Outcome(kept, store.take_back(kept.id, batch, now))
    except (Busy, UserError):
        raise
    except Exception as error:
        return Outcome(kept, nothing, why_not(error))

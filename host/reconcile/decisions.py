"""What persons have decided about matches: kept in the chain of transfers, never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..common.errors import UserError
from ..store import Store
from ..store import hazard as rows
from ..store.chains import Moved
from .matching import Pinned

PIN, CUT = "pin", "cut"


class DecisionError(UserError):
    """A decision cannot be kept; one line."""


class Decision(msgspec.Struct, frozen=True):
    """what: PIN or CUT; lift, collections: by name. A pin without collections lets an earlier one
    go."""

    what: str
    lift: str
    collections: tuple[str, ...]
    by: str
    reason: str
    at: int


_KIND = "decision"
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Decision).decode


def all_of(store: Store) -> list[Decision]:
    """As they were added, whatever the host's clock said then."""
    return [_decode(body) for _, body in rows.transfers_by_row(store, _KIND)]


def pinned(store: Store) -> Pinned:
    """What holds now: the last pin of a lift; a pin of a pair undoes its cut, and a cut its pin."""
    pins: dict[str, Sequence[str]] = {}
    cuts: set[tuple[str, str]] = set()
    for d in all_of(store):
        pairs = {(d.lift, c) for c in d.collections}
        if d.what == CUT:
            cuts |= pairs
            left = [c for c in pins.get(d.lift, ()) if c not in d.collections]
            pins[d.lift] = left
        else:
            pins[d.lift] = d.collections
            cuts -= pairs
    return Pinned({lift: names for lift, names in pins.items() if names}, frozenset(cuts))


def decide(store: Store, decision: Decision) -> None:
    """Keep it; DecisionError without a person or a reason."""
    if not decision.by.strip() or not decision.reason.strip():
        raise DecisionError("expected --by and --reason: who decides, and why")
    after = rows.transfer_count(store)
    name = f"{decision.lift} {decision.at} {after}"
    try:
        rows.add_transfers(store, [(_KIND, name, _encode(decision).decode())], after)
    except Moved:
        raise DecisionError("somebody else has written meanwhile: try once more") from None

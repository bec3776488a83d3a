"""Brings ledger and alarms up to what was weighed by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..registry import Bin
from ..store import Store
from ..store import hazard as rows
from . import alarms, ledger, ledger_posting, measure, register, rules, view
from .stock import books

MARK = "ledger update"
BEFORE_S = 2 * 86_400  # a platform speaks within that
# Goes through platforms, and may show how far it is.
Watched = Callable[[Sequence[Bin]], Iterable[Bin]]


def see_all(
    store: Store, known: register.Register, until: int, since: int = 0, watched: Watched = iter
) -> list[ledger_posting.Seen]:
    """Every platform on which a container may stand."""
    bins = [b for s in known.stores for b in known.platforms(s)]
    return [ledger_posting.see(store, known, b, until, since) for b in watched(bins)]


def bring_up_to_date(
    store: Store,
    known: register.Register,
    now: int,
    *,
    everything: bool = False,
    watched: Watched = iter,
) -> tuple[ledger_posting.Booked, list[ledger_posting.Seen]]:
    """Book what was weighed since the last time, and what came late since."""
    store.compact()
    last = None if everything else rows.mark(store, MARK)
    since = max(0, min(last, now) - ledger_posting.LATE_S) if last is not None else 0
    seen = see_all(store, known, now + 1, since, watched)
    done = ledger_posting.update(store, known, seen, now)
    rows.set_mark(store, MARK, now)
    return done, seen


def update_alarms(
    store: Store,
    known: register.Register,
    limits: list[rules.Rule],
    now: int,
    watched: Watched = iter,
) -> tuple[ledger_posting.Booked, list[alarms.Row]]:
    """Book what was weighed by now, and keep what has changed."""
    booked, seen = bring_up_to_date(store, known, now, watched=watched)
    held = books(known, [e for e in ledger.live(ledger.read(store)) if e.t <= now])
    keeper = alarms.Keeper(known, alarms.read(store))
    applied = measure.Rules(known, limits)
    changes = []
    for platform in view.watch(store, known, seen, now):
        found = applied.findings(platform.at(now), held, now)
        changes += keeper.take(platform.store.store, found)
    return booked, keeper.keep(store, changes, now)

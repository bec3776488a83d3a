"""Brings ledger and alarms up to date with the readings."""

from __future__ import annotations

from ..rollup.day_figures import Progress
from ..store import Store
from ..store import hazard as rows
from . import alarms, ledger, ledger_posting, measure, register, rules, view
from .stock import stock_of

MARK = "ledger update"
BEFORE_S = 2 * 86_400  # a working platform sends a reading within that time


def see_all(
    store: Store,
    registered: register.Register,
    until: int,
    since: int = 0,
    progress: Progress = iter,
) -> list[ledger_posting.Seen]:
    """Events of every platform that containers may stand on, since <= t < until (Unix seconds)."""
    bins = [b for s in registered.stores for b in registered.platforms(s)]
    return [ledger_posting.see(store, registered, b, until, since) for b in progress(bins)]


def bring_up_to_date(
    store: Store,
    registered: register.Register,
    now: int,
    *,
    everything: bool = False,
    progress: Progress = iter,
) -> tuple[ledger_posting.Booked, list[ledger_posting.Seen]]:
    """Post the steps since the last update, and those of late readings; now: Unix seconds.

    everything: from the first reading on."""
    store.compact()
    last = None if everything else rows.mark(store, MARK)
    since = max(0, min(last, now) - ledger_posting.LATE_S) if last is not None else 0
    seen = see_all(store, registered, now + 1, since, progress)
    done = ledger_posting.update(store, registered, seen, now)
    rows.set_mark(store, MARK, now)
    return done, seen


def update_alarms(
    store: Store,
    registered: register.Register,
    limits: list[rules.Rule],
    now: int,
    progress: Progress = iter,
) -> tuple[ledger_posting.Booked, list[alarms.Row]]:
    """Post the steps up to now (Unix seconds), and write the alarms that changed."""
    booked, seen = bring_up_to_date(store, registered, now, progress=progress)
    stock = stock_of(registered, [e for e in ledger.live(ledger.read(store)) if e.t <= now])
    keeper = alarms.Keeper(registered, alarms.read(store))
    applied = measure.Rules(registered, limits)
    changes = []
    for history in view.histories(store, registered, seen, now):
        findings = applied.findings(history.at(now), stock, now)
        changes += keeper.take(history.store.store, findings)
    return booked, keeper.keep(store, changes, now)

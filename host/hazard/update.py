"""Brings ledger and alarms up to date with the readings."""

from __future__ import annotations

from ..alarms import alarm_log
from ..alarms.rules import Rule
from ..rollup.day_figures import Progress
from ..store import Store
from ..store import hazard as rows
from . import ledger, ledger_posting, measure, register, view
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


def findings(
    store: Store,
    registered: register.Register,
    limits: list[Rule],
    now: int,
    progress: Progress = iter,
) -> tuple[ledger_posting.Booked, list[tuple[str, list[alarm_log.Finding]]]]:
    """Post the steps up to now (Unix seconds), then measure each store: (store, findings)."""
    booked, seen = bring_up_to_date(store, registered, now, progress=progress)
    stock = stock_of(registered, [e for e in ledger.live(ledger.read(store)) if e.t <= now])
    applied = measure.Rules(registered, limits)
    return booked, [
        (h.store.store, applied.findings(h.at(now), stock, now))
        for h in view.histories(store, registered, seen, now)
    ]


def update_alarms(
    store: Store, registered: register.Register, limits: list[Rule], now: int
) -> tuple[ledger_posting.Booked, list[alarm_log.Row]]:
    """Post the steps up to now (Unix seconds), and write the alarms of stores that changed."""
    booked, found = findings(store, registered, limits, now)
    return booked, alarm_log.record(store, found, now)

"""An update of figures in shares of boards, which several machines may take.

Boards are independent. Who takes a share reads what it needs from the store, and writes figures,
steps and touches of its boards in one transaction. Another may take the same share at the same
time: whose transaction comes second writes nothing, reads again, and finds nothing left to do
(see store.claims). So a share may be given away again whenever nobody knows what became of it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from ..common.errors import OutsideError
from ..common.local_days import day_of
from ..registry import Bin, Registry
from ..store import Busy, Store, reading, revision_writer
from ..store.revision_writer import Work
from .day_figures import TOGETHER, Done, _Run

# Days of platforms in a share: about half a second, beside which nobody sees what giving it away
# takes; and that is lost at most when a machine goes.
DAYS_IN_SHARE = 800
AWAY_S = 120.0  # how long a store may be away while a share is computed
_TRIES = 20  # times that others write figures of the same boards, one after the other


class Update(Struct, frozen=True):
    """What all shares of an update have in common. last: the day up to which, counted as in
    local_days. computed: its Unix seconds. full: every day anew."""

    last: int
    computed: int
    full: bool


class Share(Struct, frozen=True):
    """Boards to be brought up to date. bins: those that are due, in their order."""

    boards: tuple[str, ...]
    bins: tuple[Bin, ...]


def update_of(last: dt.date, *, full: bool = False, now: int | None = None) -> Update:
    """An update up to a day that begins now."""
    return Update(day_of(last), int(time.time()) if now is None else now, full)


def due(store: Store, registry: Registry, update: Update) -> list[Share]:
    """Shares of all boards that are due. What the store has of bins that the registry no longer
    has is made void here: who takes a share does not see it."""
    while True:
        run = _run(store, registry, update)
        bins = run.due()
        left = run.left(dict.fromkeys(b.device for b in bins))
        if not left or revision_writer.write(store.database, run.stamp, left, ()):
            break
    days = {device: len({t.day for t in touches}) for device, touches in run.touched.items()}
    span = reading.span(store.database) if update.full else None
    every = span[1] - span[0] + 1 if span else 1
    boards = (tuple(mine) for _, mine in groupby(bins, key=lambda b: b.device))
    return list(_shares(boards, days, every))


def _shares(boards: Iterable[tuple[Bin, ...]], days: dict[str, int], least: int) -> Iterator[Share]:
    """days: device → its days that are touched, at least so many."""
    names: list[str] = []
    bins: list[Bin] = []
    held = 0
    for mine in boards:
        device = mine[0].device
        more = len(mine) * max(least, days.get(device, 0))
        if names and (held + more > DAYS_IN_SHARE or len(bins) + len(mine) > TOGETHER):
            yield Share(tuple(names), tuple(bins))
            names, bins, held = [], [], 0
        names.append(device)
        bins += mine
        held += more
    if names:
        yield Share(tuple(names), tuple(bins))


class Taker:
    """Takes shares of one update. Only one thread uses it, and its store."""

    def __init__(self, store: Store, registry: Registry, update: Update) -> None:
        self._store, self._registry, self._update = store, registry, update
        self._run: _Run | None = None

    def take(self, boards: Sequence[str]) -> Done:
        """Bring boards up to date, all or nothing. OutsideError where the store is away for
        longer than AWAY_S."""
        tries, end, wait = _TRIES, time.monotonic() + AWAY_S, 0.2
        full = self._update.full
        while tries:
            try:
                done = self._once(boards, full)
            except Busy as error:
                if time.monotonic() > end:
                    raise OutsideError(f"store: {error}") from None
                time.sleep(wait)
                wait = min(2 * wait, 5.0)
                continue
            if done is not None:
                return done
            full, tries = False, tries - 1  # what is left of it is dirty
        raise OutsideError("store: others write figures of the same boards all the time")

    def _once(self, boards: Sequence[str], full: bool) -> Done | None:
        """None where somebody else wrote figures of these boards meanwhile."""
        if self._run is None:
            self._run = _run(self._store, self._registry, self._update, bare=True)
        run = self._run.beginning(boards, full=full)
        works: list[Work] = []
        days, bins = 0, run.due(boards)
        for _, mine in groupby(bins, key=lambda b: b.device):
            _, made, n = run.board(list(mine))
            works, days = works + made, days + n
        taken = [t.id for touches in run.touched.values() for t in touches]
        if works and not revision_writer.write(self._store.database, run.stamp, works, taken):
            return None
        return Done(len(bins), days, sum(len(work.entries) for work in works))


def _run(store: Store, registry: Registry, update: Update, *, bare: bool = False) -> _Run:
    return _Run(store, registry, update.last, update.computed, full=update.full, bare=bare)

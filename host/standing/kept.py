"""Standings as they are kept for the page: computed at night for the whole district, so that who
looks waits for nothing, and with what is needed to tell what came since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ..common.local_days import date_of, local_day
from ..hazard import papers
from ..hazard.register import Register
from ..registry import Registry
from ..store import Store
from ..store import standings as rows
from ..store.standings import Held, StandingRow, Told
from . import read, statement
from .effect import Advice
from .statement import GRAVITY, Body, Head
from .zero import WINDOW_S

_AT_ONCE = 200  # platforms in one transaction


@dataclass(frozen=True)
class Kept:
    """The standing of a platform as it was computed, by what was there."""

    row: StandingRow

    @property
    def bin(self) -> str:
        return self.row.bin

    @property
    def made(self) -> int:
        """Unix seconds."""
        return self.row.made

    @property
    def advice(self) -> Advice:
        return GRAVITY[self.row.gravity]

    @cached_property
    def head(self) -> Head:
        """Undone when it is asked for: a list of a district shows a few of many."""
        return statement.head_of(self.row.head)


class Since(msgspec.Struct, frozen=True):
    """What is there now and was not when a standing was kept. readings: of its board and time, how
    many more (-1: some were changed); recalibrated: that the platform weighs by another
    calibration; imports: of files or decisions, of any platform."""

    readings: int = 0
    recalibrated: bool = False
    imports: int = 0

    def __bool__(self) -> bool:
        return bool(self.readings or self.recalibrated)


def keep(store: Store, register: Register, until: int, now: int) -> Counter[Advice]:
    """Compute each platform by what is known before `until` and keep it (Unix seconds); how many
    there are of each advice."""
    after = papers.last(store)
    since = until - WINDOW_S
    first = date_of(local_day(since))
    counts: Counter[Advice] = Counter()
    ready: list[tuple[StandingRow, bytes]] = []
    for found in read.each(store, register, (), first, until):
        made = statement.of(found, until)
        head, body = statement.packed(made)
        ready.append((row_of(made.head, head, (now, since, after), found.held), body))
        counts[made.head.advice] += 1
        if len(ready) >= _AT_ONCE:
            rows.replace(store, ready)
            ready = []
    rows.replace(store, ready)
    rows.drop_others(store, {b.bin for b in register.known.platforms()})
    return counts


def row_of(head: Head, packed: str, moment: tuple[int, int, int], held: Held) -> StandingRow:
    """moment: made, since (Unix seconds) and the rows of transfers that were there."""
    made, since, after = moment
    place = _place(head.site, head.device, head.channel, head.e_g, head.tare_g)
    order = GRAVITY.index(head.advice), head.far
    return StandingRow(head.bin, made, since, head.until, after, *held, place, *order, packed)


def _place(*parts: str | int) -> str:
    return " ".join(map(str, parts))


def heads(store: Store, registry: Registry) -> list[Kept]:
    """Of the platforms that the registry has, where they stand as they did when they were kept;
    the worst first."""
    found = _own(rows.every(store), registry)
    return sorted(found, key=lambda k: (k.row.gravity, -k.row.far, k.row.bin))


def of_bin(store: Store, registry: Registry, bin_: str) -> tuple[Kept, Body] | None:
    """One with what it rests on; None where none was kept of the platform that is there now."""
    found = rows.find(store, bin_)
    own = _own([found[0]], registry) if found else []
    return (own[0], statement.body_of(found[1])) if found and own else None


def _own(found: Iterable[StandingRow], registry: Registry) -> list[Kept]:
    """What was kept tells of the place, board and bin of then: of others it would be wrong."""
    there = {
        b.bin: _place(b.site, b.device, b.channel, b.e_g, b.tare_g) for b in registry.platforms()
    }
    return [Kept(row) for row in found if there.get(row.bin) == row.place]


def latest(store: Store) -> int | None:
    """The end of the last day of the newest that was kept, Unix seconds; None: there is none."""
    return max((row.until for row in rows.every(store)), default=None)


def days_old(kept: Iterable[Kept], today: int) -> int:
    """How many days that are over came after the last day of the oldest, so that it tells nothing
    of them; 0: it is of yesterday. today: as local_day()."""
    return max((today - 1 - local_day(k.row.until - 1) for k in kept), default=0)


def came_since(store: Store, kept: Iterable[Kept]) -> Mapping[str, Since]:
    """Bin → what came since."""
    found: dict[str, Since] = {}
    by_run: dict[tuple[int, int, int, int], list[Kept]] = defaultdict(list)
    for k in kept:
        by_run[k.row.made, k.row.since, k.row.until, k.row.after].append(k)
    for (made, since, until, after), mine in by_run.items():
        there = rows.held(store, {k.head.device for k in mine}, since, until)
        corrected, imports = rows.corrected(store, made), papers.came_since(store, after)
        told = rows.told_after(store, until)
        for k in mine:
            more = _more(Held(k.row.n, k.row.changed), there[k.head.device])
            place = k.head.device, k.head.channel
            again = place in corrected or _another(told.get(place, ()), k.head.calibration, made)
            found[k.bin] = Since(more, again, imports)
    return found


def _another(told: Iterable[Told], calibration: str, made: int) -> bool:
    """Whether a board has told of another calibration than that of a standing. told: after its last
    day, in the order received. What was told before the standing was computed, and before its own
    calibration, was told late: the standing knows it."""
    every = list(told)
    before = [t.id for t in every if t.received <= made]
    if calibration in before:
        before = before[before.index(calibration) :]
    later = [t for t in every if t.received > made and not (t.again and t.id == calibration)]
    return bool(later) or any(id_ != calibration for id_ in before)


def _more(then: Held, now: Held) -> int:
    """Days that were archived since are fewer readings, and no change."""
    if now.n > then.n:
        return now.n - then.n
    return -1 if now.changed > then.changed else 0

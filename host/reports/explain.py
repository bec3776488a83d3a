"""The events of a day with the readings that show them: why a report has its figures."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .. import registry, rollup
from ..common.local_days import LOCAL, day_of
from ..common.quantity import MISSING, percent, share
from ..events import Event, Evidence, Flag, Outcome, Sample, Transition, derive
from ..events.balance import Balance
from ..events.fillonly import Emptying, FillSample
from ..registry import Bin, Registry
from ..rollup import AFTER_S, DAY_S, day_bounds, packing, scales
from ..rollup.day_figures import update_figures
from ..store import Store, day_revisions
from . import picture


@dataclass(frozen=True)
class BinStory:
    """One bin on one day. A bin without a scale has fills and emptyings only. balance: None where
    nothing was measured."""

    bin: Bin
    samples: list[Sample]
    found: Outcome
    balance: Balance | None
    fills: list[FillSample]
    emptyings: list[Emptying]

    def events(self, t0: int, t1: int) -> list[Event]:
        """The events that began from t0 on and before t1 (Unix seconds)."""
        return [e for e in self.found.events if t0 <= e.t < t1]


def bins_at(registry: Registry, site: str) -> list[Bin]:
    """Every bin of the site that a board observes, in the order of the registry."""
    return [b for b in registry.bins if b.site == site and b.device]


def stories(
    store: Store, registry: Registry, site: str, date: dt.date, *, states: bool = False
) -> list[BinStory]:
    """Each bin of bins_at(): its stored events and balance, its readings, their gaps and flags.

    states: also each change of state, which needs the readings from the first one on."""
    bins = bins_at(registry, site)
    day, (t0, t1) = day_of(date), day_bounds(date)
    rows = day_revisions.platform_days(store.database, day, day, [b.bin for b in bins])
    booked = {r.platform: r for r in rows}
    events = packing.events(store.database, rows)
    fallen = packing.emptyings(store.database, rows)
    since, until = (0, 1 << 40) if states else (t0 - 2 * AFTER_S, t1 + AFTER_S)
    bin_stories = []
    for bin_ in bins:
        row = booked.get(bin_.bin)
        fills: list[FillSample] = []
        if bin_.fill_channel:
            fills = rollup.fills(store, bin_, t0 - AFTER_S, t1 + AFTER_S)
        if not bin_.channel:
            emptied = fallen.get(row.id, []) if row else []
            bin_stories.append(BinStory(bin_, [], Outcome(), None, fills, emptied))
            continue
        silences = scales.silences_of(store, bin_.device)
        place = bin_.device, bin_.channel
        read = list(scales.samples(store, *place, until, bin_.fill_channel, since=since))
        derived = derive(replace(scales.platform_of(registry, bin_), silences=silences), read)
        seen = Outcome(
            covered=derived.covered, flags=derived.flags, transitions=derived.transitions
        )
        seen.events = events.get(row.id, []) if row else []
        balance = packing.balance_of(row) if row else None
        closed = balance if balance and balance.measured else None
        bin_stories.append(BinStory(bin_, read, seen, closed, fills, []))
    return bin_stories


def clock(t: int) -> str:
    """The time of day in Asia/Shanghai, with the date if t is of another day."""
    return dt.datetime.fromtimestamp(t, LOCAL).strftime("%H:%M:%S")


def _kg(grams: int) -> str:
    return f"{grams / 1000:10.3f} kg"


def text(bin_stories: Sequence[BinStory], date: dt.date, *, states: bool = False) -> Iterator[str]:
    """Lines for a terminal."""
    t0, t1 = day_bounds(date)
    for story in bin_stories:
        b = story.bin
        yield f"{b.bin}  {b.stream}  {b.device} {b.channel or b.fill_channel}"
        if not b.channel:
            yield from _fill_lines(story)
        else:
            yield from _balance_lines(story.balance)
            for flag in story.found.flags:
                if flag.t < t1 and flag.t_end >= t0:
                    yield from _flag_lines(flag)
            for event in story.events(t0, t1):
                yield from _event_lines(event)
            if states:
                for x in story.found.transitions:
                    if t0 <= x.t < t1:
                        yield _state_line(x)
        yield ""


def _balance_lines(b: Balance | None) -> Iterator[str]:
    if b is None:
        yield f"  {MISSING}  nothing was measured"
        return
    yield (
        f"  opening {b.opening / 1000:.3f} + deposited {b.deposited / 1000:.3f}"
        f" - collected {b.collected / 1000:.3f} - removed {b.removed / 1000:.3f}"
        f" {b.unattributed / 1000:+.3f} unattributed - closing {b.closing / 1000:.3f}"
    )
    over = "  OVER THE LIMIT" if abs(b.residual) > b.limit else ""
    yield (
        f"  = residual {b.residual / 1000:+.3f} kg; limit {b.limit / 1000:.3f} kg"
        f" by {b.weighings} weighings{over}; covered {percent(share(b.covered_s, DAY_S) or 0)} %"
    )
    if b.flags:
        yield "  look at: " + ", ".join(b.flags)


def _flag_lines(flag: Flag) -> Iterator[str]:
    note = f": {flag.note}" if flag.note else ""
    yield f"  {clock(flag.t)} - {clock(flag.t_end)}  {flag.kind}{note}  (seq {flag.seq})"


def _event_lines(e: Event) -> Iterator[str]:
    yield f"  {clock(e.t)} - {clock(e.t_end)}  {e.kind}{_kg(e.grams)}" + (
        f"  {e.note}" if e.note else ""
    )
    yield _evidence_line("before", e.before, e.fill[0])
    if e.bare is not None:
        yield _evidence_line("bin away", e.bare, None)
    yield _evidence_line("after", e.after, e.fill[1])
    yield f"      why       {e.why}"
    if e.doubt_g:
        yield f"      doubt     {e.doubt_g / 1000:.3f} kg different if it was not so"


def _evidence_line(part: str, x: Evidence, fill: int | None) -> str:
    fill_text = f"  fill {fill / 10:.0f} %" if fill is not None else ""
    return f"      {part:9} {_kg(x.grams)}  {clock(x.t)}  life {x.life} seq {x.seq}{fill_text}"


def _state_line(x: Transition) -> str:
    return f"  {clock(x.t)}  {x.before} -> {x.after}: {x.because}  (seq {x.seq})"


def _fill_lines(story: BinStory) -> Iterator[str]:
    yield "  no scale: emptyings by fill alone, masses only estimated"
    for e in story.emptyings:
        fell = f"fill {e.before / 10:.0f} % -> {e.after / 10:.0f} %"
        what = "in doubt" if e.doubt else "emptied"
        yield f"  {clock(e.t)} - {clock(e.t_end)}  {what}  {fell}  life {e.life} seq {e.seq}"
        if e.doubt:
            yield f"      why       {e.doubt}; it does not count"
        elif e.unsure:
            yield f"      doubt     {e.unsure}"


def run(
    db: Path, folder: Path, site: str, date: dt.date, out: Path | None, *, states: bool = False
) -> int:
    """Print the day of a site and draw it into out; the number of events. UsageError for a site
    that the registry lacks."""
    registered = registry.load(folder)
    if site not in registered.sites:
        raise registry.RegistryError(f"{folder}: expected a site of sites.csv, found {site!r}")
    if out is not None:
        picture.check(out)
    store = Store(db)
    store.compact()
    update_figures(store, registered, date, only=bins_at(registered, site))
    bin_stories = stories(store, registered, site, date, states=states)
    store.close()
    print(f"{site} {registered.sites[site].name} {date}, times in Asia/Shanghai")
    print()
    for line in text(bin_stories, date, states=states):
        print(line)
    if out is not None:
        lacks = picture.write(
            out, lambda latin: picture.day(bin_stories, site, registered, date, latin=latin)
        )
        if lacks:
            print(f"qingyun: {out}: {lacks}", file=sys.stderr)
        print(f"{out}: written")
    t0, t1 = day_bounds(date)
    return sum(len(story.events(t0, t1)) + len(story.emptyings) for story in bin_stories)

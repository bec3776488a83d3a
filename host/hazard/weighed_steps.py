"""The steps of a platform as the readings show them, and which of them are left to be posted.

A person at the platform may say what was weighed (label.acts): that step is the person's. A
container that is only weighed there goes away again, which is no 出库 of what stands there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..common.local_days import LOCAL
from ..events import Event, Kind, Outcome, Sample, derive
from ..events.limits import Limits
from ..events.silences import DEFAULT, Silences
from ..registry import Bin
from ..rollup.scales import platform_of, samples, silences_of
from ..store import Store
from .entry import STORED, TAKEN, Entry, Weighed
from .register import Register

SETTLE_S = 120  # nobody leans on a platform for longer than 90
EDGE_S = 3600  # the start of a part may cut a motion in two
TABLE = {Kind.DEPOSIT: STORED, Kind.COLLECTION: TAKEN, Kind.REMOVAL: TAKEN}


@dataclass(frozen=True)
class Seen:
    """Events of a platform up to a moment, and their samples.

    since: Unix seconds. Steps that began earlier are not judged: their beginning was not read.
    silences: of the board."""

    bin: Bin
    outcome: Outcome
    samples: Sequence[Sample]
    since: int = 0
    silences: Silences = DEFAULT


def see(store: Store, register: Register, bin_: Bin, until: int, since: int = 0) -> Seen:
    """Events of a platform from readings with since <= t < until (Unix seconds).

    An open platform has no past but the weight that stands there, so the events of a part
    are those of the whole. A platform whose bins are lifted is read from its first reading."""
    if bin_.container == "wheelie":
        since = 0
    readings = list(samples(store, bin_.device, bin_.channel, until, since=since))
    return of_samples(store, register, bin_, readings, since)


def of_samples(
    store: Store, register: Register, bin_: Bin, readings: Sequence[Sample], since: int
) -> Seen:
    """The same of samples that were read already."""
    silences = silences_of(store, bin_.device)
    outcome = derive(replace(platform_of(register.known, bin_), silences=silences), readings)
    return Seen(bin_, outcome, readings, since + EDGE_S if since else 0, silences)


def weighed(bin_: Bin, event: Event) -> Weighed:
    """The two readings whose difference is the event."""
    b, a = event.before, event.after
    return Weighed(bin_.device, bin_.channel, b.life, b.seq, b.t, b.grams, a.seq, a.t, a.grams)


def steps(seen: Seen, now: int) -> Iterable[Event]:
    """Deposits, collections and removals that have settled by now (Unix seconds)."""
    return (e for e in seen.outcome.events if e.kind in TABLE and e.t_end + SETTLE_S <= now)


def overlap(a: Weighed, b: Weighed) -> bool:
    """Whether two steps of a platform share readings between their first and their last."""
    same = (a.device, a.channel, a.life) == (b.device, b.channel, b.life)
    return same and a.before_seq < b.after_seq and b.before_seq < a.after_seq


def stays(register: Register, bin_: Bin, container: str) -> bool:
    """Whether a container stands on this platform, and not elsewhere in the store."""
    found = register.container(container)
    return found is not None and found.bin == bin_.bin


def own_steps(seen: Seen, entries: Iterable[Entry], register: Register, now: int) -> list[Event]:
    """Settled steps that the readings alone decide about: without those that a person has named
    at the platform, and without the going of a container that was only weighed there."""
    bin_ = seen.bin
    claims = [(e.container, e.weighed) for e in entries if e.act and e.weighed and not e.reverses]
    claims = [c for c in claims if (c[1].device, c[1].channel) == (bin_.device, bin_.channel)]
    found = list(steps(seen, now))
    if not claims:
        return found
    same_g = Limits.of(bin_.e_g).same_g
    standing: dict[Weighed, int] = {}
    own = []
    for event in sorted(found, key=lambda e: e.t):
        w = weighed(bin_, event)
        named = [c for c in claims if overlap(c[1], w)]
        if named:
            for container, claim in named:
                if not stays(register, bin_, container):
                    standing[claim] = claim.after_g - claim.before_g
        elif event.kind is Kind.DEPOSIT or not (gone := _gone(standing, event.grams, same_g)):
            own.append(event)
        else:
            for claim in gone:
                del standing[claim]
    return own


def _gone(standing: dict[Weighed, int], grams: int, same_g: int) -> list[Weighed]:
    """Which of the containers that were only weighed left with a step down: one, or all."""
    for claim, on_g in reversed(standing.items()):
        if abs(on_g - grams) <= same_g:
            return [claim]
    if standing and abs(sum(standing.values()) - grams) <= same_g * len(standing):
        return list(standing)
    return []


def day_of(t: int) -> dt.date:
    """The local day of Unix time t."""
    return dt.datetime.fromtimestamp(t, LOCAL).date()

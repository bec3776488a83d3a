"""What does not close, each with its kilograms, their interval, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from . import sums
from .evidence import Evidence
from .model import STANDING, Collection, Finding, Kind, Lift, Load
from .month import Reconciled
from .sums import SIGMAS, Sum

_OF_TRUCK = {Kind.TRUCK_DRIFT, Kind.TRUCK_LOSS}
_NO_MASS = {Kind.CLOCK, Kind.NOT_DRIVEN, Kind.NOT_LIFTED}
LIFT, TICKET, EMPTYING = "lift", "ticket", "emptying"
Weighed = Lift | Load | Collection


@dataclass(frozen=True)
class OpenItem:
    """mass: of the finding, ± half (95 %), in g; None: it is of no mass. site: where it is, "" for
    what is of no site. rests_on: what was weighed, by time."""

    finding: Finding
    mass: Sum | None
    site: str
    rests_on: tuple[Weighed, ...]


def what(weighed: Weighed) -> str:
    """LIFT, TICKET or EMPTYING."""
    kinds = {Lift: LIFT, Load: TICKET, Collection: EMPTYING}
    return kinds[type(weighed)]


def items(
    found: Evidence,
    done: Reconciled,
    findings: Sequence[Finding],
    is_within: Callable[[int], bool],
) -> list[OpenItem]:
    """Of each finding. is_within: whether a Unix second is of the period."""
    wanted = {n for f in findings for n in f.names}
    every: tuple[Iterable[Weighed], ...] = found.lifts, found.loads, found.collections
    known = {w.name: w for each in every for w in each if w.name in wanted}
    site_of = {c.bin: c.site for c in found.collections}
    made = []
    for f in findings:
        rests_on = tuple(sorted((known[n] for n in f.names if n in known), key=lambda w: w.t))
        if f.kind is Kind.PLATFORM:
            site = site_of.get(f.subject, "")
        else:
            places = {w.site for w in rests_on if not isinstance(w, Load)}
            places |= {f.subject} & found.town_of.keys()
            site = places.pop() if len(places) == 1 else ""
        made.append(OpenItem(f, _mass(f, rests_on, found, done, is_within), site, rests_on))
    return made


def _mass(
    f: Finding,
    rests_on: Sequence[Weighed],
    found: Evidence,
    done: Reconciled,
    is_within: Callable[[int], bool],
) -> Sum | None:
    if f.kind in _NO_MASS:
        return None
    if f.kind in STANDING:
        return _share(f, found, is_within)
    if f.error:
        return Sum(round(f.value), round(SIGMAS * f.error), 1)
    lifts = [w for w in rests_on if isinstance(w, Lift)]
    if lifts:
        return sums.of_lifts(lifts, done.gains)
    if loads := [w for w in rests_on if isinstance(w, Load)]:
        return sums.of_loads(loads)
    return sums.of_collections([w for w in rests_on if isinstance(w, Collection)], done.gains)


def _share(f: Finding, found: Evidence, is_within: Callable[[int], bool]) -> Sum:
    """A share of all that was weighed in the period."""
    if f.kind is Kind.PLATFORM:
        grams = [c.grams for c in found.collections if c.bin == f.subject and is_within(c.t)]
    elif f.kind in _OF_TRUCK:
        grams = [x.grams for x in found.lifts if x.truck == f.truck and is_within(x.t)]
    else:
        grams = [w.grams for w in found.loads if w.stream == f.subject and is_within(w.t)]
    of = sum(grams)
    return Sum(round(f.value * of), round(SIGMAS * f.error * of), len(grams))

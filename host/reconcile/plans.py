"""Routes as they were planned, from files: which sites a truck is to empty on a day and shift, in
which order. Of a truck, day and shift the plan that was brought last holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..common.local_days import bounds, date_of, local_day
from ..hazard import HazardError, papers
from ..hazard.papers import PLAN, Source
from ..hazard.transfers import Imported
from ..registry import Registry
from ..store import Store
from ..store import hazard as rows
from ..store.chains import Moved
from ..tables.sheet import Line
from . import brought
from .plates import plate

COLUMNS = ("日期", "车牌号", "点位")
MORE = ("班次", "顺序")
_MOST_ORDER = 1_000


class Plan(msgspec.Struct, frozen=True):
    """A shift of a truck on a local day (local_days.local_day); sites in their order."""

    day: int
    truck: str
    shift: str
    sites: tuple[str, ...]
    source: Source

    @property
    def route(self) -> tuple[int, str, str]:
        """What two plans have in common of which the later one holds."""
        return self.day, self.truck, self.shift


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Plan).decode


def held(store: Store) -> dict[tuple[int, str, str], Plan]:
    """The plan of each route that holds."""
    gone = papers.gone_imports(store)
    found = (_decode(body) for _, body in rows.transfers_by_row(store, PLAN))
    return {p.route: p for p in found if p.source.key not in gone}


def between(store: Store, t0: int, t1: int) -> list[Plan]:
    """Those of the local days that begin in [t0, t1), Unix seconds, by day, truck and shift."""
    every = sorted(held(store).items())
    return [p for _, p in every if t0 <= bounds(p.day)[0] < t1]


def run(
    store: Store, known: Registry, path: Path, *, by: str, now: int, check: bool = False
) -> Imported:
    """Import a file; now: Unix seconds. HazardError names the first mistake, and nothing is
    imported then. check: read and compare only, and name every mistake."""
    after = papers.last(store)
    stops = _Stops(known)
    done, repairs = brought.read(path, by, COLUMNS, MORE, stops.add)
    there = held(store)
    fresh = []
    for plan in stops.plans(brought.source(path, by, now)):
        other = there.get(plan.route)
        if other is not None and other.sites == plan.sites:
            done.again += len(plan.sites)
            continue
        if other is not None:
            day, truck, shift = plan.route
            name = " ".join(filter(None, (str(date_of(day)), truck, shift)))
            done.notes.append(f"{path}: the plan of {name} takes the place of an earlier one")
        fresh.append(plan)
    done.count = sum(len(p.sites) for p in fresh)
    done.notes += repairs
    if check:
        return done
    done.need_all()
    if fresh:
        _add(store, fresh, after)
    return done


def _add(store: Store, fresh: Iterable[Plan], after: int) -> None:
    bodies = [(PLAN, _name(p), _encode(p).decode()) for p in fresh]
    try:
        rows.add_transfers(store, bodies, after)
    except Moved:
        raise HazardError("somebody else has imported meanwhile: import it once more") from None


def _name(p: Plan) -> str:
    return f"{p.day} {p.truck} {p.shift} {p.source.imported} {p.source.sha256[:12]}"


class _Stops:
    def __init__(self, known: Registry) -> None:
        self._known = known.sites
        self._of: dict[tuple[int, str, str], list[tuple[int, int, str]]] = {}

    def add(self, line: Line) -> None:
        day = local_day(line.time("日期"))
        truck = plate(line.text("车牌号"))
        if not truck:
            raise line.fail("车牌号", "a plate as 沪A12345")
        site = line.text("点位")
        if site not in self._known:
            raise line.fail("点位", "a site of sites.csv")
        order = line.text("顺序", optional=True) or "0"
        if not (order.isascii() and order.isdigit() and int(order) <= _MOST_ORDER):
            raise line.fail("顺序", f"a whole number up to {_MOST_ORDER}")
        shift = line.text("班次", optional=True)
        stops = self._of.setdefault((day, truck, shift), [])
        if int(order) and any(n == int(order) for n, _, _ in stops):
            raise line.fail("顺序", "each number once in a shift")
        if any(s == site for _, _, s in stops):
            line.sheet.notes.append(
                f"{line.where}: 点位: {site} once more: planned as another visit"
            )
        stops.append((int(order), line.number, site))

    def plans(self, source: Source) -> list[Plan]:
        """By day, truck and shift; stops by 顺序, else as in the file."""
        return [
            Plan(*route, tuple(site for _, _, site in sorted(stops)), source)
            for route, stops in sorted(self._of.items())
        ]

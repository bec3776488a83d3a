"""Imports what trucks weighed from files: all of a file or none, each weighing once. live_lifts
takes what trucks send themselves, by the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, nan, radians
from pathlib import Path
from sys import intern

from ..common.local_days import clock
from ..hazard import HazardError, papers
from ..hazard.papers import Source
from ..hazard.transfers import CLOCK, EARLIEST_T, Imported, grams_of
from ..points.positions import Position
from ..registry import STORED_HAZARDOUS, STREAMS, Registry
from ..store import Store
from ..store import lifts as rows
from ..store.chains import Moved
from ..store.lifts import LiftRow
from ..tables import TableError
from ..tables.sheet import Line
from . import brought
from .plates import plate

COLUMNS = ("车牌号", "称重时间", "净重", "单位")
MORE = ("点位", "桶", "品类", "序号", "经度", "纬度")
MOST_G = 3_000_000  # more than a lifter lifts
LEAST_G = 1_000  # what trucks lift is more, but for a bin that was empty
NEAR_M = 80  # a truck stands at a site
_DEGREE_M = 111_320  # of latitude
# 危险废物 goes by 联单, and is in no comparison.
_LIFTED = tuple(s for s in STREAMS if s != STORED_HAZARDOUS)


@dataclass
class Places:
    """How a row names its place."""

    known: Registry
    positions: Mapping[str, Position]
    unknown: int = 0
    _bins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bins = {b.bin: b.site for b in self.known.bins}

    def of(self, line: Line) -> tuple[str, str]:
        """(site, bin); "" for what it does not name, or where no site is near."""
        site, bin_ = line.text("点位", optional=True), line.text("桶", optional=True)
        if site and site not in self.known.sites:
            raise line.fail("点位", "a site of sites.csv")
        if bin_:
            if bin_ not in self._bins:
                raise line.fail("桶", "a bin of bins.csv")
            if site and self._bins[bin_] != site:
                raise line.fail("桶", f"a bin of {site}")
            site = self._bins[bin_]
        if not site:
            site = self._nearest(line)
            self.unknown += not site
        return intern(site), intern(bin_)

    def _nearest(self, line: Line) -> str:
        east, north = self._degrees(line, "经度", 180), self._degrees(line, "纬度", 90)
        if east is None or north is None:
            if east is not north:
                empty = "经度" if east is None else "纬度"
                raise line.fail(empty, "both 经度 and 纬度, or neither")
            return ""
        best, found = float(NEAR_M), ""
        for site, place in self.positions.items():
            up = (float(place.latitude) - north) * _DEGREE_M
            across = (float(place.longitude) - east) * _DEGREE_M * cos(radians(north))
            if (away := hypot(up, across)) <= best:
                best, found = away, site
        return found

    @staticmethod
    def _degrees(line: Line, column: str, most: int) -> float | None:
        text = line.text(column, optional=True)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not abs(value) <= most:
            raise line.fail(column, f"degrees of WGS-84 from -{most} to {most}")
        return value


def run(
    store: Store,
    known: Registry,
    positions: Mapping[str, Position],
    path: Path,
    *,
    by: str,
    now: int,
    check: bool = False,
) -> Imported:
    """Import a file; now: Unix seconds. HazardError names the first mistake, and nothing is
    imported then. check: read and compare only, and name every mistake."""
    after = papers.last(store)
    places = Places(known, positions)
    found: list[tuple[LiftRow, Line]] = []

    def take(line: Line) -> None:
        found.append((lift(line, places, _time(line), now), line))

    done, repairs = brought.read(path, by, COLUMNS, MORE, take)
    if found and all(row.grams < LEAST_G for row, _ in found):
        text = f"no weighing reaches {LEAST_G // 1000} kg: look at the unit"
        done.notes.append(f"{path}: {text}")
    taken = _new(store, found, done)
    done.count = len(taken)
    if places.unknown:
        done.notes.append(f"{path}: {places.unknown} rows name no site, and none is near them")
    done.notes += repairs
    if check:
        return done
    done.need_all()
    if taken:
        _keep(store, brought.source(path, by, now), taken, after)
    return done


def _time(line: Line) -> int:
    t = line.time("称重时间")
    if line.is_day("称重时间", t):
        raise line.fail("称重时间", "a date and time as 2026-03-03 08:15:20 (midnight: as text)")
    return t


def lift(line: Line, places: Places, t: int, latest: int) -> LiftRow:
    """A row of COLUMNS and MORE, weighed at t (Unix seconds); TableError for a cell that cannot be
    used, and for a time after `latest`."""
    stream = line.text("品类", optional=True)
    if stream and stream not in _LIFTED:
        raise line.fail("品类", f"one of {' '.join(_LIFTED)}")
    if t > latest:
        raise line.fail("称重时间", "a time that is over")
    if t < EARLIEST_T:
        raise line.fail("称重时间", CLOCK)
    grams = grams_of(line, "净重", least="0")
    if grams > MOST_G:
        raise line.fail("净重", f"at most {MOST_G // 1000} kg, what a lifter lifts")
    site, bin_ = places.of(line)
    truck = intern(plate(line.text("车牌号")))
    if not truck:
        raise line.fail("车牌号", "a plate as 沪A12345")
    number = line.id("序号", optional=True)
    return LiftRow(0, line.number, t, grams, truck, site, intern(stream), bin_, number)


def _identity(row: LiftRow) -> tuple[object, ...]:
    """A truck weighs one thing at a second, unless it numbers what it weighs."""
    return row.truck, row.t, row.number


def _content(row: LiftRow) -> tuple[object, ...]:
    return row.grams, row.site, row.stream, row.bin


def _new(store: Store, found: Sequence[tuple[LiftRow, Line]], done: Imported) -> list[LiftRow]:
    """Those that are not there already; the others are counted or refused."""
    taken: list[LiftRow] = []
    lines: dict[tuple[object, ...], Line] = {}
    for row, line, outcome in settled(store, found):
        first = lines.setdefault(_identity(row), line)
        if outcome is None:
            taken.append(row)
        elif outcome is AGAIN:
            done.again += 1
            if first is not line:
                text = f"the same weighing as {first.where}: left out (序号 tells two apart)"
                done.notes.append(f"{line.where}: 称重时间: {text}")
        else:
            done.refused.append(str(outcome))
    return taken


AGAIN = "again"
Settled = tuple[LiftRow, Line, TableError | str | None]


def settled(store: Store, found: Sequence[tuple[LiftRow, Line]]) -> Iterator[Settled]:
    """Each with AGAIN where it is there already, with a TableError where it is there with other
    values, and with None where it is new."""
    if not found:
        return
    gone = papers.gone_lift_files(store)
    held = {_identity(r): r for r in rows.at(store, (row.t for row, _ in found), gone)}
    numbered = {(r.truck, r.t): bool(r.number) for r in held.values()}
    for row, line in found:
        other = held.get(_identity(row))
        what = f"{row.truck} at {clock(row.t)}"
        if other is None:
            if numbered.setdefault((row.truck, row.t), bool(row.number)) != bool(row.number):
                # It may be the same weighing: it must not count twice.
                there = "without" if row.number else "with"
                expected = f"a weighing of {what} {there} a 序号, as the one that is there"
                yield row, line, line.fail("序号", expected)
                continue
            held[_identity(row)] = row
            yield row, line, None
        elif _content(other) == _content(row):
            yield row, line, AGAIN
        else:
            expected = (
                f"a weighing of {what} that is not there with other values, or a 序号 of each"
            )
            yield row, line, line.fail("净重", expected)


def _keep(store: Store, source: Source, taken: list[LiftRow], after: int) -> None:
    file = papers.lift_file(source, taken)
    try:
        rows.add(store, file, taken, after)
    except Moved:
        text = "somebody else has imported meanwhile: import it once more"
        raise HazardError(f"{source.file}: {text}") from None

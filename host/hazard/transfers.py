"""Imports 转移联单 (manifests) and weighbridge tickets from files: all of a file or none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from sys import intern
from typing import TypeVar

from ..common.shown import file_name
from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET
from ..store import Store
from ..tables import TableError, sheet
from ..tables.cells import folded
from ..tables.sheet import Line, Sheet
from . import HazardError, papers
from .catalogue import CODE
from .papers import MANIFEST, Manifest, Record, Source, Ticket
from .register import Register
from .same_paper import SameManifest, SameTicket
from .sum_rows import SumRows

NUMBER = re.compile(r"\d{14}")  # year, province, city, six of a series
R = TypeVar("R", Manifest, Ticket)
UNITS = {"kg": 1, "千克": 1, "公斤": 1, "t": 1000, "吨": 1000}
MOST_KG = Decimal(60_000)  # more than a lorry carries
EARLIEST_T = 1_420_000_000  # the last day of 2014: no clock that is set shows less
CLOCK = "a time from 2015 on (a clock that has lost its time begins years ago)"
LEAST_GROSS_G = 200_000  # a tricycle with a load weighs more
# 品类 of a ticket: those that indicators know, and hazardous waste.
CLASSES = (
    *(DRY, WET, RECYCLABLE, HAZARDOUS, "湿垃圾残渣", "建筑垃圾", "粪便", "原生垃圾填埋"),
    STORED_HAZARDOUS,
)
_MANIFEST = ("联单编号", "移出单位", "废物代码", "移出量", "单位", "移出时间", "接收单位")
_MANIFEST_MORE = ("序号", "贮存设施", "承运单位", "车牌号", "许可证编号", "处置方式", "接收量")
_TICKET = ("磅单号", "处置设施", "进厂时间", "品类", "毛重", "皮重", "净重", "单位")
_TICKET_MORE = ("车牌号", "来源街镇", "来源点位", "废物代码")


@dataclass
class Imported:
    """The result of an import. again: rows that were there already. notes: repairs and oddities;
    refused: rows that cannot be imported, one line each."""

    count: int = 0
    again: int = 0
    unclassified_g: int = 0  # net mass under codes that the catalogue does not have
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def need_all(self) -> None:
        """HazardError with the first row that was refused, and how many others there are."""
        if self.refused:
            more = len(self.refused) - 1
            others = f", and {more} more (--check lists them)" if more else ""
            raise HazardError(f"{self.refused[0]}{others}; nothing was imported")


def run(
    store: Store,
    register: Register,
    path: Path,
    kind: str,
    *,
    by: str,
    now: int,
    check: bool = False,
    only: Callable[[Record], bool] | None = None,
) -> Imported:
    """Import a file; now: Unix seconds. HazardError names the first mistake, and nothing is
    imported then. check: read and compare only, and name every mistake. only: papers that whoever
    brings the file may bring; another one is a mistake."""
    if not by.strip():
        raise HazardError("--by: expected who brings it")
    try:
        columns = (_MANIFEST, _MANIFEST_MORE) if kind == MANIFEST else (_TICKET, _TICKET_MORE)
        table = sheet.read(path, *columns)
        after = papers.last(store)
        done, records = _read(table, register, _taker(store, register, kind, now, only), by, now)
    except (HazardError, TableError) as error:
        raise HazardError(f"{error}; nothing was imported") from None
    if check:
        return done
    done.need_all()
    if records:
        papers.add(store, kind, records, after)
    return done


@dataclass(frozen=True)
class _Taker:
    """take: a row into the papers of a kind; end: as SameTicket.end."""

    take: Callable[[Line, Source], None]
    end: Callable[[list[str]], tuple[Sequence[Record], int]]
    mass: str  # the column


def _taker(
    store: Store,
    register: Register,
    kind: str,
    now: int,
    only: Callable[[Record], bool] | None,
) -> _Taker:
    def own(record: R, line: Line, column: str) -> R:
        if only is not None and not only(record):
            raise line.fail(column, "a place of the scope of your account")
        return record

    if kind == MANIFEST:
        lines = SameManifest(papers.manifests(store), only)
        return _Taker(
            lambda line, s: lines.add(
                own(manifest(line, register, s, now), line, "移出单位"), line
            ),
            *(lines.end, "移出量"),
        )
    tickets = SameTicket(papers.tickets(store), only)
    return _Taker(
        lambda line, s: tickets.add(own(ticket(line, register, s, now), line, "来源点位"), line),
        *(tickets.end, "净重"),
    )


def _read(
    table: Sheet, register: Register, taker: _Taker, by: str, now: int
) -> tuple[Imported, Sequence[Record]]:
    """What a file would bring, each row read and compared with what is there."""
    digest = hashlib.sha256(table.path.read_bytes()).hexdigest()
    done, sums = Imported(), SumRows(table, taker.mass)
    rows = 0
    for line in table.lines():
        rows += 1
        sums.add(line)
        try:
            taker.take(line, Source(file_name(table.path), digest, line.number, by, now))
        except TableError as error:
            done.refused.append(str(error))
    if not rows:
        raise HazardError(f"{table.path}: expected rows below the head, found none")
    sums.end()
    records, done.again = taker.end(done.refused)
    unknown = [r for r in records if r.code and register.catalogue.anywhere(r.code) is None]
    done.unclassified_g = sum(r.grams for r in unknown)
    done.count, done.notes = len(records), table.notes
    return done, records


def grams_of(line: Line, column: str, *, least: str = "0.001") -> int:
    """A mass in whole g, by the column 单位; TableError names file, row and column."""
    unit = line.text("单位")
    if unit not in UNITS:
        raise line.fail("单位", f"one of {' '.join(UNITS)}")
    factor = UNITS[unit]
    value = line.number_of(
        column, least=Decimal(least) / factor if least != "0" else Decimal(0), most=MOST_KG / factor
    )
    grams = value * factor * 1000
    if grams != grams.to_integral_value():
        raise line.fail(column, "no more than whole grams")
    return int(grams)


def _time(line: Line, column: str, now: int) -> int:
    t = line.time(column)
    if t > now:
        raise line.fail(column, "a time that is over")
    if t < EARLIEST_T:
        raise line.fail(column, CLOCK)
    return t


def _arrival(line: Line, now: int) -> int:
    """When a lorry came; of a ticket without a time of day its trip cannot be told."""
    t = _time(line, "进厂时间", now)
    if line.is_day("进厂时间", t):
        text = "a day without a time: which lifts of a truck it weighed is not known"
        line.sheet.notes.append(f"{line.where}: 进厂时间: {text}")
    return t


def _code(line: Line, register: Register) -> str:
    """A waste code. One that the catalogue does not have is kept, and said."""
    code = line.code("废物代码")
    if not CODE.fullmatch(code):
        raise line.fail("废物代码", "a code as 900-214-08")
    if register.catalogue.anywhere(code) is None:
        text = f"{code} is not in the catalogue: not classified (未归类) until it is"
        line.sheet.notes.append(f"{line.where}: 废物代码: {text}")
    return code


def manifest(line: Line, register: Register, source: Source, now: int) -> Manifest:
    """A line of a manifest from a row; TableError names file, row, column, expected and found."""
    number = line.text("联单编号")
    if not NUMBER.fullmatch(number):
        raise line.fail("联单编号", "14 digits")
    institution = _institution(line, register)
    store = line.text("贮存设施", optional=True)
    if store:
        holder = register.stores.get(store)
        if holder is None or holder.institution != institution:
            raise line.fail("贮存设施", f"a store of {institution}")
    has_received = line.text("接收量", optional=True)
    return Manifest(
        number=number,
        item=line.id("序号", optional=True),
        institution=institution,
        store=store,
        code=_code(line, register),
        grams=grams_of(line, "移出量"),
        t=_time(line, "移出时间", now),
        carrier=line.text("承运单位", optional=True),
        plate=line.text("车牌号", optional=True),
        receiver=line.text("接收单位"),
        licence=line.text("许可证编号", optional=True),
        method=line.text("处置方式", optional=True),
        received_g=grams_of(line, "接收量", least="0") if has_received else None,
        source=source,
    )


def _institution(line: Line, register: Register) -> str:
    sender = line.text("移出单位")
    if sender in register.institutions:
        return sender
    named = {folded(i.name): i.institution for i in register.institutions.values()}
    found = named.get(folded(sender))
    if found is None:
        raise line.fail("移出单位", "a name of institutions.csv")
    return found


def ticket(line: Line, register: Register, source: Source, now: int) -> Ticket:
    """A ticket from a row; TableError names file, row, column, expected and found."""
    stream = line.text("品类")
    if stream not in CLASSES:
        raise line.fail("品类", f"one of {' '.join(CLASSES)}")
    town, site = _origin(line, register)
    gross, tare, net = (grams_of(line, c, least="0") for c in ("毛重", "皮重", "净重"))
    if net == 0 or gross - tare != net:
        raise line.fail("净重", f"毛重 - 皮重 = {Decimal(gross - tare) / 1000} kg")
    if gross < LEAST_GROSS_G:
        text = f"{Decimal(gross) / 1000} kg is less than a vehicle weighs: look at the unit"
        line.sheet.notes.append(f"{line.where}: 毛重: {text}")
    code = _code(line, register) if line.text("废物代码", optional=True) else ""
    facility = intern(line.text("处置设施"))  # held once, however many rows name it
    return Ticket(
        number=f"{facility}/{line.id('磅单号')}",
        facility=facility,
        plate=intern(line.text("车牌号", optional=True)),
        t=_arrival(line, now),
        stream=intern(stream),
        town=intern(town),
        site=site,
        code=code,
        gross_g=gross,
        tare_g=tare,
        grams=net,
        source=source,
    )


def _origin(line: Line, register: Register) -> tuple[str, str]:
    """Town and site of a ticket; "" where it names none."""
    town = line.text("来源街镇", optional=True)
    if town and town not in register.known.towns:
        raise line.fail("来源街镇", "a town of towns.csv")
    site = line.text("来源点位", optional=True)
    if site:
        place = register.known.sites.get(site)
        if place is None or (town and place.town != town):
            raise line.fail("来源点位", f"a site of sites.csv{f' in {town}' if town else ''}")
        town = place.town
    return town, site

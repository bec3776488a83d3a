"""转移联单 (manifests) and weighbridge tickets, imported from files: all of a file or none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET
from ..store import Store
from ..store import hazard as rows
from . import HazardError, sheets
from .register import Register
from .sheets import Line

MANIFEST, TICKET = "manifest", "ticket"
NUMBER = re.compile(r"\d{14}")  # year, province, city, six of a series
UNITS = {"kg": 1, "千克": 1, "公斤": 1, "t": 1000, "吨": 1000}
MOST_KG = Decimal(60_000)  # more than a lorry carries
# 品类 of a ticket: those that indicators know, and hazardous waste.
CLASSES = (
    *(DRY, WET, RECYCLABLE, HAZARDOUS, "湿垃圾残渣", "建筑垃圾", "粪便", "原生垃圾填埋"),
    STORED_HAZARDOUS,
)


class Source(msgspec.Struct, frozen=True):
    """File and row of a record, who imported it, and when (Unix seconds)."""

    file: str
    sha256: str
    row: int
    by: str
    imported: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One 联单: mass in g, t in Unix seconds. received_g: mass by the receiver; None: not given."""

    number: str
    institution: str
    store: str
    code: str
    grams: int
    t: int
    carrier: str
    plate: str
    receiver: str
    licence: str
    method: str
    received_g: int | None
    source: Source


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket: grams net, t in Unix seconds. town, site, code: "" where not given."""

    number: str
    facility: str
    plate: str
    t: int
    stream: str
    town: str
    site: str
    code: str
    gross_g: int
    tare_g: int
    grams: int
    source: Source


_MANIFEST = ("联单编号", "移出单位", "废物代码", "移出量", "单位", "移出时间", "接收单位")
_MANIFEST_MORE = ("贮存设施", "承运单位", "车牌号", "许可证编号", "处置方式", "接收量")
_TICKET = ("磅单号", "处置设施", "进厂时间", "品类", "毛重", "皮重", "净重", "单位")
_TICKET_MORE = ("车牌号", "来源街镇", "来源点位", "废物代码")
T = TypeVar("T", Manifest, Ticket)


@dataclass
class Imported:
    """The result of an import. notes: repairs, one line each."""

    count: int = 0
    notes: list[str] = field(default_factory=list)


def _grams(line: Line, column: str, *, least: str = "0.001") -> int:
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
    return t


def _code(line: Line, register: Register) -> str:
    code = line.code("废物代码")
    if register.catalogue.anywhere(code) is None:
        raise line.fail("废物代码", "a code of the catalogue")
    return code


def manifest(line: Line, register: Register, source: Source, now: int) -> Manifest:
    """A manifest from a row; HazardError names file, row, column, expected and found."""
    number = line.text("联单编号")
    if not NUMBER.fullmatch(number):
        raise line.fail("联单编号", "14 digits")
    sender = line.text("移出单位")
    by_name = {i.name: i.institution for i in register.institutions.values()}
    institution = sender if sender in register.institutions else by_name.get(sender, "")
    if not institution:
        raise line.fail("移出单位", "a name of institutions.csv")
    store = line.text("贮存设施", optional=True)
    if store:
        holder = register.stores.get(store)
        if holder is None or holder.institution != institution:
            raise line.fail("贮存设施", f"a store of {sender}")
    has_received = line.text("接收量", optional=True)
    return Manifest(
        number=number,
        institution=institution,
        store=store,
        code=_code(line, register),
        grams=_grams(line, "移出量"),
        t=_time(line, "移出时间", now),
        carrier=line.text("承运单位", optional=True),
        plate=line.text("车牌号", optional=True),
        receiver=line.text("接收单位"),
        licence=line.text("许可证编号", optional=True),
        method=line.text("处置方式", optional=True),
        received_g=_grams(line, "接收量", least="0") if has_received else None,
        source=source,
    )


def ticket(line: Line, register: Register, source: Source, now: int) -> Ticket:
    """A ticket from a row; HazardError names file, row, column, expected and found."""
    stream = line.text("品类")
    if stream not in CLASSES:
        raise line.fail("品类", f"one of {' '.join(CLASSES)}")
    town = line.text("来源街镇", optional=True)
    if town and town not in register.known.towns:
        raise line.fail("来源街镇", "a town of towns.csv")
    site = line.text("来源点位", optional=True)
    if site:
        place = register.known.sites.get(site)
        if place is None or (town and place.town != town):
            raise line.fail("来源点位", f"a site of sites.csv{f' in {town}' if town else ''}")
        town = place.town
    gross, tare, net = (_grams(line, c, least="0") for c in ("毛重", "皮重", "净重"))
    if net == 0 or gross - tare != net:
        raise line.fail("净重", f"毛重 - 皮重 = {Decimal(gross - tare) / 1000} kg")
    code = _code(line, register) if line.text("废物代码", optional=True) else ""
    facility = line.text("处置设施")
    return Ticket(
        number=f"{facility}/{line.text('磅单号')}",
        facility=facility,
        plate=line.text("车牌号", optional=True),
        t=_time(line, "进厂时间", now),
        stream=stream,
        town=town,
        site=site,
        code=code,
        gross_g=gross,
        tare_g=tare,
        grams=net,
        source=source,
    )


_encode = msgspec.json.Encoder(order="sorted").encode
_manifests = msgspec.json.Decoder(Manifest).decode
_tickets = msgspec.json.Decoder(Ticket).decode


def manifests(store: Store) -> list[Manifest]:
    return [_manifests(body) for body in rows.transfers(store, MANIFEST)]


def tickets(store: Store) -> list[Ticket]:
    return [_tickets(body) for body in rows.transfers(store, TICKET)]


def run(store: Store, register: Register, path: Path, kind: str, *, by: str, now: int) -> Imported:
    """Import a file; HazardError names the first mistake, and nothing is imported then."""
    if not by.strip():
        raise HazardError("--by: expected who brings it")
    try:
        if kind == MANIFEST:
            sheet = sheets.read(path, _MANIFEST, _MANIFEST_MORE)
            return _take(store, register, sheet, kind, by, now, manifest)
        sheet = sheets.read(path, _TICKET, _TICKET_MORE)
        return _take(store, register, sheet, kind, by, now, ticket)
    except HazardError as error:
        raise HazardError(f"{error}; nothing was imported") from None


def _take(  # noqa: PLR0917
    store: Store,
    register: Register,
    sheet: sheets.Sheet,
    kind: str,
    by: str,
    now: int,
    make: Callable[[Line, Register, Source, int], T],
) -> Imported:
    digest = hashlib.sha256(sheet.path.read_bytes()).hexdigest()
    held: list[Manifest] | list[Ticket]
    held = manifests(store) if kind == MANIFEST else tickets(store)
    there = {x.number: x.source for x in held}
    seen: dict[str, str] = {}
    bodies = []
    number_column = "联单编号" if kind == MANIFEST else "磅单号"
    for line in sheet.rows:
        source = Source(sheet.path.name, digest, line.number, by, now)
        made = make(line, register, source, now)
        if made.number in seen:
            raise line.fail(number_column, f"a number not in {seen[made.number]} already")
        if made.number in there:
            old = there[made.number]
            raise line.fail(number_column, f"a number not imported from {old.file}:{old.row}")
        seen[made.number] = line.where
        bodies.append((kind, made.number, _encode(made).decode()))
    if not bodies:
        raise HazardError(f"{sheet.path}: expected rows below the head, found none")
    rows.add_transfers(store, bodies)
    return Imported(len(bodies), sheet.notes)

"""A district of two sides that have nothing in common, and accounts that see one, both or none:
each place with a name, a code and boards that stand nowhere else."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from sim_board import ROOT

from host.alarms import alarm_log
from host.common.local_days import LOCAL, local_day
from host.common.periods import parse
from host.forecast import kept
from host.forecast.bins import BinForecast
from host.hazard import ledger, ledger_posting, papers, photographs, register
from host.hazard.entry import CODE, STORED, Entry
from host.hazard.label import issue
from host.readings.messages import Reading
from host.reconcile import kept as reconciled
from host.reconcile import trucks
from host.registry import load
from host.rollup import day_bounds
from host.serve import accounts
from host.serve.app import app
from host.serve.scope import Scope
from host.serve.settings import Settings
from host.standing import kept as standings
from host.store import Batch, Store, lifts
from host.store import hazard as rows

TOWNS = {"a": "甲镇甲", "b": "乙镇乙"}
LATE = 150
OIL = "900-214-08"


@dataclass(frozen=True)
class Place:
    """A site with its board. side: a or b; hazardous: whether it is a store of an institution."""

    side: str
    hazardous: bool

    @property
    def site(self) -> str:
        return f"{'hz' if self.hazardous else 'pt'}-{self.side * 3}"

    @property
    def name(self) -> str:
        return f"{'库' if self.hazardous else '点'}名{self.side * 3}"

    @property
    def device(self) -> str:
        return f"qy-{self.site}x"

    @property
    def store(self) -> str:
        return f"ko-{self.side * 3}"

    @property
    def institution(self) -> str:
        return f"inst-{self.side * 3}"

    @property
    def container(self) -> str:
        return f"drum-{self.side * 3}"

    @property
    def contractor(self) -> str:
        return "" if self.hazardous else f"清运{self.side * 3}"

    @property
    def truck(self) -> str:
        return "" if self.hazardous else f"车{self.side.upper() * 3}{len(self.side)}"

    @property
    def marks(self) -> list[str]:
        """Texts that stand on a page only where something of this place does."""
        more = (self.store, self.institution, f"单位{self.side * 3}", self.container)
        return [self.site, self.name, self.device, *(more if self.hazardous else (self.truck,))]


PLACES = tuple(Place(side, hazardous) for side in "ab" for hazardous in (False, True))
SCOPES = {
    "town-a": (Scope("town", TOWNS["a"]), PLACES[:2]),
    "town-b": (Scope("town", TOWNS["b"]), PLACES[2:]),
    "unit-a": (Scope("institution", "inst-aaa"), PLACES[1:2]),
    "unit-b": (Scope("institution", "inst-bbb"), PLACES[3:]),
    "haul-a": (Scope("contractor", "清运aaa"), PLACES[:1]),
    "gone": (Scope("town", "旧镇"), ()),
    "whole": (Scope("district"), PLACES),  # the last: what others may not do is still to be done
}


def write_registry(folder: Path) -> None:
    """The example's rules and towns, with the places of the two sides alone."""
    folder.mkdir()
    for name in ("rules", "duties", "filings", "incompatible"):
        text = (ROOT / "registry" / f"{name}.csv").read_text("utf-8")
        (folder / f"{name}.csv").write_text(text, "utf-8")
    with (folder / "filings.csv").open("a", encoding="utf-8") as file:  # something is always due
        file.write("each-month,测试,简化,month,last,15,2022-10-01,,test,,\n")
    lines: dict[str, list[str]] = {
        "towns": ["code,town", *(f"{n},{t}" for n, t in enumerate(TOWNS.values()))],
        "sites": ["site,name,town,kind,windows,contractor"],
        "devices": ["device,site"],
        "trucks": ["truck,contractor"],
        "bins": [
            "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"
        ],
        "institutions": ["institution,name,town,category,licence,credit_code,contact"],
        "stores": [
            "store,institution,site,name,kind,capacity_kg,zones,facility,temperature,door,bund_l"
        ],
        "containers": [
            "container,store,zone,bin,edition,code,name,phase,type,tare_kg,group,from,to"
        ],
    }
    for p in PLACES:
        kind = "hazardous" if p.hazardous else "collection"
        town = TOWNS[p.side]
        lines["sites"].append(f"{p.site},{p.name},{town},{kind},,{p.contractor}")
        lines["devices"].append(f"{p.device},{p.site}")
        if p.truck:
            lines["trucks"].append(f"{p.truck},{p.contractor}")
        what = "危险废物" if p.hazardous else "干垃圾"
        body = "platform" if p.hazardous else "wheelie"
        lines["bins"].append(f"{p.site}-1,{p.site},{p.device},w1,,{what},240,12,{body},150,0.05")
        if p.hazardous:
            unit = f"{p.institution},单位{p.side * 3},{town},简化,,91350100M000100Y43,"
            lines["institutions"].append(unit)
            held = f"{p.store},{p.institution},{p.site},{p.name},贮存库,8000,区,TS001,,,"
            lines["stores"].append(held)
            drum = f"{p.container},{p.store},区,{p.site}-1,2021,{OIL},油,液态,桶,0,,,"
            lines["containers"].append(drum)
    for name, rows_ in lines.items():
        (folder / f"{name}.csv").write_text("\n".join(rows_) + "\n", "utf-8")


@dataclass(frozen=True)
class Sides:
    """What was planted. By place: its alarm, and of a hazardous one the entry without a label, a
    code, a code whose entry was reversed, a photograph, the import of its papers; of another one a
    lift."""

    db: Path
    folder: Path
    tokens: dict[tuple[str, str], str]  # scope and role → token
    alarms: dict[Place, int]
    entries: dict[Place, int]
    codes: dict[Place, str]
    voided: dict[Place, str]
    photographs: dict[Place, str]
    imports: dict[Place, int]
    lifts: dict[Place, str] = field(default_factory=dict)


def make(folder: Path, roles: tuple[str, ...], late: Place | None = None) -> Sides:
    """In an empty folder. late: of whom the readings after the first 150 are still to come."""
    folder.mkdir(exist_ok=True)
    registry = folder / "registry"
    write_registry(registry)
    db = folder / "q.db"
    store = Store(db, create=True)
    store.database.script("PRAGMA synchronous=OFF;\n")
    tokens = {
        (name, role): accounts.add_token(store, f"{name}-{role}", role, "test", scope=scope)
        for name, (scope, _) in SCOPES.items()
        for role in roles
    }
    for scope, places in SCOPES.values():
        for p in places:
            what = "command", f"{p.device} read"
            accounts.note(store, "test", "", *what, outcome="done", scope=scope)
    made = Sides(db, registry, tokens, {}, {}, {}, {}, {}, {})
    known = register.load(registry, load(registry))
    now = int(time.time())
    told = [x for p in PLACES for x in readings(p)[: LATE if p == late else None]]
    store.add(Batch(readings=told), now)
    store.compact()
    fills = [BinForecast(b, 300, 9_000, (5, 9, 20), (8, 9, 10), "fill") for b in known.known.bins]
    kept.keep(store, fills, now, now + 3600)
    for n, p in enumerate(PLACES):
        made.alarms[p] = _alarm(store, p)
        over = (p.device, local_day(now), 0, 0, 5)
        sql = "INSERT INTO refused (sender, day, kept, bytes, over) VALUES (?,?,?,?,?)"
        store.database.many(sql, [over])
        if p.hazardous:
            _waste(store, known, made, p, now)
        _papers(store, p, n, now)
    _lifts(store, made, now)
    made.imports.update({p: n for n, p in enumerate(PLACES, 1)})
    whose = trucks.load(registry, known.known)
    month = f"{day_before():%Y-%m}"
    of = parse(month)
    assert of is not None
    span = day_bounds(of.first)[0], day_bounds(of.last)[1]
    reconciled.keep(store, known, whose, month, span=span, now=now)
    standings.keep(store, known, day_bounds(day_before())[1], now)
    store.close()
    return made


def _lifts(store: Store, made: Sides, now: int) -> None:
    """Of each side's truck, two that no platform saw, in one file of both."""
    source = papers.Source(f"车{PLACES[0].name}{PLACES[2].name}.csv", "5" * 64, 0, "test", now)
    after = papers.last(store)
    held: list[lifts.LiftRow] = []
    for p in PLACES:
        if not p.hazardous:
            made.lifts[p] = f"L{after + 1}-{len(held) + 2}"
            for n in range(2):
                where = p.truck, p.site, "干垃圾", "", ""
                held.append(lifts.LiftRow(0, len(held) + 2, noon() - 9000 + n, 15_000, *where))
    lifts.add(store, papers.lift_file(source, held), held, after)


def noon() -> int:
    """Unix seconds of the noon of day_before(), when all that is planted happened."""
    return int(dt.datetime.combine(day_before(), dt.time(12), LOCAL).timestamp())


def readings(p: Place) -> list[tuple[str, str, Reading]]:
    """A load and a lift yesterday, told each five minutes until now."""
    midnight = dt.datetime.combine(day_before(), dt.time(), LOCAL)
    told = []
    for seq, t in enumerate(range(int(midnight.timestamp()), int(time.time()), 300)):
        load_g = 12_000 + (3_250 if 90 <= seq < 230 else 0) + seq % 2
        values = {"w1": 0 if 228 <= seq < 230 and not p.hazardous else load_g}
        q = {"w1": "moving"} if seq + 1 in (90, 228, 230) else {}
        told.append((p.device, p.site, Reading("a1b2c3d4", seq, 1, t, None, values, q)))
    return told


def _alarm(store: Store, p: Place) -> int:
    body = alarm_log.Body(
        rule="r", kind="age" if p.hazardous else "full", level="告警", site=p.site,
        store=p.store if p.hazardous else "", subject=p.container if p.hazardous else p.device,
        value=9.0, unit="h", threshold=1.0, source="test", text="最早入库",
    )  # fmt: skip
    row = (None, alarm_log.RAISED, noon(), alarm_log._encode(body).decode())
    return rows.add_alarms(store, [row])[0]


def _waste(store: Store, known: register.Register, made: Sides, p: Place, now: int) -> None:
    """Three entries: with a label and a photograph, with a label that is void, and without one."""
    held = known.container(p.container)
    assert held is not None
    png = b"\x89PNG\r\n\x1a\n" + p.side.encode() + b"IEND\xaeB`\x82"
    photo = photographs.keep(store, png)
    fresh = []
    for n in range(3):
        batch, t = f"HWRK-{p.side}-{n}", noon() + n
        values = ledger_posting.columns(STORED, batch, t, 1000, container=held, register=known)
        entry = Entry(
            table=STORED, batch=batch, t=t, recorded=now, by=f"人{p.side * 3}",
            institution=p.institution, store=p.store, container=p.container,
            edition=held.code.edition, code=held.code.code, grams=1000 + n, values=values,
            origin=dict.fromkeys(values, "人工"), photo=photo if n == 0 else "",
        )  # fmt: skip
        fresh.append(entry)
    using = issue.issuer(store, known)
    labelled = issue.add(using, fresh[:2])
    (plain,) = ledger.add(store, fresh[2:])
    made.photographs[p] = photo
    made.entries[p] = plain.id
    made.codes[p], made.voided[p] = (e.values[CODE] for e in labelled)
    gone = ledger.reversal(labelled[1], "test", "test", now)
    ledger.add(store, [gone])


def _papers(store: Store, p: Place, n: int, now: int) -> None:
    source = papers.Source(f"纸{p.name}.csv", str(n) * 64, 2, "test", now - 100 + n)
    if p.hazardous:
        manifest = papers.Manifest(
            number=f"2026310117000{n}", institution=p.institution, store=p.store, code=OIL,
            grams=5000, t=noon(), carrier="", plate="", receiver="厂", licence="", method="",
            received_g=None, source=source,
        )  # fmt: skip
        papers.add(store, papers.MANIFEST, [manifest], papers.last(store))
        return
    ticket = papers.Ticket(
        number=f"厂/{n}", facility="厂", plate=p.truck, t=noon(), stream="干垃圾",
        town=TOWNS[p.side], site=p.site, code="", gross_g=9000, tare_g=1000, grams=8000,
        source=source,
    )  # fmt: skip
    papers.add(store, papers.TICKET, [ticket], papers.last(store))


def served(sides: Sides) -> FastAPI:
    """The app, with figures computed and each board heard once; none of its tasks runs."""
    made = app(Settings(sides.db, sides.folder))
    shared = made.state.shared
    shared.figures.refresh()
    for p in PLACES:
        say(made, p, "status", "online")
        say(made, p, "state", {"t": int(time.time()), "w1": 15.25})
    shared.hub.step(time.time())
    shared.read_alarms()
    shared.read_refused()
    shared.tell_figures()
    return made


def say(made: FastAPI, p: Place, topic: str, body: object) -> None:
    """A message of a board comes."""
    said = body if isinstance(body, str) else json.dumps(body)
    made.state.shared.hub.take(f"qingyun/1/{p.site}/{p.device}/{topic}", said.encode(), False)


def day_before() -> dt.date:
    """The day that has figures of all places."""
    return dt.datetime.now(LOCAL).date() - dt.timedelta(1)

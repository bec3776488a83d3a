"""A district of 2,800 sites with a year of figures, for tests and benches of the page.

Made through the store's own writing. They stand in one file that later runs copy."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import math
import os
import random
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import district_standing

from host import registry
from host.alarms import alarm_log
from host.common.local_days import LOCAL, date_of, day_of
from host.common.periods import parse
from host.forecast import bins, kept
from host.forecast.bins import BinForecast
from host.hazard import ledger, ledger_posting, papers, register
from host.hazard.batch_codes import Batches
from host.hazard.entry import STORED, Entry
from host.hazard.papers import Source
from host.readings.messages import Reading
from host.reconcile import kept as months
from host.reconcile import trucks
from host.registry import Registry
from host.rollup import day_bounds
from host.rollup.day_figures import _Run
from host.store import Batch, Store, lifts, revision_writer
from host.store import hazard as rows
from host.store.day_revisions import FIRST
from host.store.lifts import LiftRow
from host.store.revision_writer import PlatformRecord, Work

SITES, DAYS = 2800, 366
PLAYED = "s0001"  # its readings are stored, too
ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "serve"
TARE_G = 12_000
UNPLACED = 40  # every so many sites one has no coordinates
GAP = range(600, 720)  # minutes of the day that nobody measured
DAY = "DISTRICT_DAY"


def today() -> dt.date:
    """The last day of the year; with DAY in the environment that day, also past midnight."""
    given = os.environ.get(DAY)
    return dt.date.fromisoformat(given) if given else dt.datetime.now(LOCAL).date()


def write_registry(folder: Path, count: int = SITES) -> Registry:
    """The example registry, and so many collection points of two bins each."""
    shutil.copytree(ROOT / "registry", folder)
    towns = list(registry.load(folder).towns)
    _with_columns(folder / "sites.csv", ("longitude", "latitude"))
    sites, devices, bins = [], [], []
    for n in range(1, count + 1):
        site, device = f"s{n:04d}", f"qy-s{n:04d}"
        sites.append(
            f"{site},{towns[n % len(towns)]}第{n}投放点,{towns[n % len(towns)]},collection,,"
            + ("," if n % UNPLACED == 0 else place(n, n % len(towns), len(towns)))
        )
        devices.append(f"{device},{site}")
        for i, stream in enumerate(("干垃圾", "湿垃圾"), 1):
            bins.append(f"{site}-{i},{site},{device},w{i},f{i},{stream},240,12,wheelie,150,0.05")
    for name, lines in (("sites", sites), ("devices", devices), ("bins", bins)):
        with (folder / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return registry.load(folder)


def _with_columns(file: Path, names: Collection[str]) -> None:
    """Give a file these columns, empty, where it does not have them."""
    head, *lines = file.read_text("utf-8").splitlines()
    new = [n for n in names if n not in head.split(",")]
    text = [",".join([head, *new]), *(line + "," * len(new) for line in lines)]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")


def place(n: int, town: int, of: int) -> str:
    """Longitude and latitude of the n-th site: around the middle of its 街镇, of which so many
    stand in rows beside one another."""
    rng = random.Random(n)  # noqa: S311
    wide = math.ceil(math.sqrt(of))
    x = 121.05 + 0.35 * (town % wide + 0.5 + rng.uniform(-0.4, 0.4)) / wide
    y = 30.93 + 0.24 * (town // wide + 0.5 + rng.uniform(-0.4, 0.4)) / wide
    return f"{x:.6f},{y:.6f}"


def figures(store: Store, known: Registry, last: dt.date, days: int) -> None:
    """Figures of every collection bin for so many days up to the last."""
    first = day_of(last) - days + 1
    run = _Run(store, known, day_of(last), int(time.time()), full=False)
    rng = random.Random(7)  # noqa: S311
    works: list[Work] = []
    for bin_ in known.platforms():
        if not bin_.site.startswith("s") or bin_.site == PLAYED:
            continue
        account = PlatformRecord(bin_.bin, bin_.device, run._with(bin_), day_of(last))
        mass = rng.randrange(20_000, 90_000)
        entries = [_entry(first + n, mass + 997 * (n % 7)) for n in range(days)]
        works.append(Work(account, entries=entries))
        if len(works) == 400:
            assert revision_writer.write(
                store.database, revision_writer.stamp(store.database), works, []
            )
            works = []
    assert revision_writer.write(store.database, revision_writer.stamp(store.database), works, [])


def _entry(day: int, grams: int) -> revision_writer.Entry:
    facts = (0, grams, grams, 0, 0, 0, 1500, 30, 0, 84_000, 1, "", 600)
    return revision_writer.Entry(day, 1, day_bounds(date_of(day))[1], FIRST, facts, b"")


def play(
    store: Store,
    site: str,
    device: str,
    date: dt.date,
    *,
    left_out: Collection[int] = GAP,
    seq: int = 0,
) -> None:
    """A day of a site from a seq on, told once a minute but for those left out: two deposits,
    a lift. Where the next load is another, a motion is told with the one before."""
    t0, _ = day_bounds(date)
    readings: list[Reading] = []
    steps = (450, 900, 1194, 1200)
    for minute in range(24 * 60):
        if minute in left_out:
            continue
        load = 12_000 + (3_250 if minute >= 450 else 0) + (5_500 if minute >= 900 else 0)
        if minute >= 1200:
            load = 12_000
        if 1194 <= minute < 1200:
            load = 0
        fill = (load - 12_000) // 20 if load >= 12_000 else 0
        values = {"w1": load, "w2": 12_000, "f1": fill, "f2": 100}
        q = {"w1": "moving"} if minute + 1 in steps else {}
        values["w2"] += minute % 2  # a live scale is never still to the gram
        values["w1"] += minute % 2
        readings.append(Reading("a1b2c3d4", seq + minute, 1, t0 + 60 * minute, None, values, q))
    batch = Batch(readings=[(device, site, r) for r in readings])
    store.add(batch, t0 + 86_400)
    store.compact()


def hazardous(store: Store, known: Registry, folder: Path, now: int) -> None:
    """A hundred hours of one container, and two alarms that are open."""
    held = register.load(folder, known)
    container = held.containers[0]
    batches = Batches()
    entries = []
    for hours, grams in ((100, 42_000), (20, 8_500)):
        t = now - hours * 3600
        institution = held.of(container.store).institution
        batch = batches.next(institution, STORED, t)
        values = ledger_posting.columns(STORED, batch, t, grams, container=container, register=held)
        entries.append(
            Entry(
                table=STORED,
                batch=batch,
                t=t,
                recorded=now,
                by="test",
                institution=institution,
                store=container.store,
                container=container.container,
                edition=container.code.edition,
                code=container.code.code,
                grams=grams,
                values=values,
                origin=dict.fromkeys(values, "人工"),
            )
        )
    ledger.add(store, entries)
    where = held.stores[container.store]
    raised = [
        alarm_log.Body(
            rule=f"r-{kind}",
            kind=kind,
            level=level,
            site=where.site,
            store=where.store,
            subject=container.container,
            value=value,
            unit=unit,
            threshold=threshold,
            source="GB 18597-2023",
            text=text,
        )
        for kind, level, value, unit, threshold, text in (
            ("age", "告警", 100.0, "h", 48.0, "最早入库"),
            ("temperature", "提示", 41.5, "°C", 40.0, "温度"),
        )
    ]
    rows.add_alarms(
        store, [(None, alarm_log.RAISED, now - 600, alarm_log._encode(s).decode()) for s in raised]
    )


@dataclass(frozen=True)
class District:
    """What a test is given: the database and the registry."""

    db: Path
    folder: Path
    known: Registry
    days: int


def forecast(store: Store, known: Registry, now: int) -> None:
    """Of each bin at points; of some nothing is known, and some are not full in three days."""
    found = []
    points = {s.site for s in known.sites.values() if s.kind != "hazardous"}
    for n, bin_ in enumerate(b for b in known.bins if b.device and b.site in points):
        soon = float(n % 80)
        hours = (soon, soon + 6, None if soon > 60 else soon + 12)
        kg = (20.0, 31.5, 44.0 + n % 7)
        known_too = (hours, kg, "fill") if n % 9 else (None, None, "")
        found.append(BinForecast(bin_, n % 900, 1000 * (n % 60), *known_too))
    kept.keep(store, found, now, bins.tomorrow(now, dt.time(10)))


def reconciled(store: Store, known: Registry, folder: Path, now: int) -> None:
    """Yesterday of a truck that was at five sites, with a ticket, and another one without."""
    noon = day_bounds(today() - dt.timedelta(1))[0] + 12 * 3600
    held = [
        LiftRow(
            0, 2 + n, noon + 60 * n, 31_000 + 500 * n, truck, f"s{1 + n % 5:04d}", stream, "", ""
        )
        for truck, stream, first in (("沪A12345", "湿垃圾", 0), ("沪B67890", "干垃圾", 20))
        for n in range(first, first + 20)
    ]
    source = Source("lifts.csv", "1" * 64, 0, "test", now)
    lifts.add(store, papers.lift_file(source, held), held, papers.last(store))
    ticket = papers.Ticket(
        number="B1", facility="湿垃圾厂", plate="沪A12345", t=noon + 7200, stream="湿垃圾", town="",
        site="", code="", gross_g=11_880_000, tare_g=9_000_000, grams=2_880_000,
        source=Source("tickets.csv", "2" * 64, 2, "test", now),
    )  # fmt: skip
    papers.add(store, papers.TICKET, [ticket], papers.last(store))
    month = f"{today() - dt.timedelta(1):%Y-%m}"
    of = parse(month)
    assert of is not None
    span = day_bounds(of.first)[0], day_bounds(of.last)[1]
    whose = trucks.load(folder, known)
    held_ = register.load(folder, known)
    months.keep(store, held_, whose, month, span=span, now=now)
    names = f"L{papers.last(store) - 1}-2", f"B1@{noon + 7200}"
    district_standing.keep(store, held_, f"{PLAYED}-1", names, now)


def _made_of(count: int, days: int) -> str:
    """Another name whenever what it is made by is another."""
    parts = [Path(__file__), *sorted((ROOT / "host" / "store").glob("*.sql"))]
    parts += sorted((ROOT / "registry").glob("*.csv"))
    parts.append(ROOT / "host" / "store" / "revision_writer.py")
    made = hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()
    return f"{today()}-{count}-{days}-{made[:12]}"


def make(folder: Path, count: int = SITES, days: int = DAYS) -> District:
    """In an empty folder, of so many sites and days."""
    known = write_registry(folder / "registry", count)
    db = folder / "district.db"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several that want one, the first makes it
        _copy_of_kept(known, db, count, days)
    store = Store(db)
    now = int(time.time())
    hazardous(store, known, folder / "registry", now)
    forecast(store, known, now)
    if count < SITES:  # a month of the whole is minutes of a test
        reconciled(store, known, folder / "registry", now)
    store.close()
    return District(db, folder / "registry", known, days)


def _copy_of_kept(known: Registry, db: Path, count: int, days: int) -> None:
    made = KEPT / f"{_made_of(count, days)}.db"
    if made.exists():
        shutil.copy(made, db)
        return
    for old in KEPT.glob(f"*-{count}-{days}-*.db*"):
        old.unlink()
    store = Store(db, create=True)
    store.database.script("PRAGMA synchronous=OFF;\n")
    figures(store, known, today(), days)
    play(store, PLAYED, f"qy-{PLAYED}", today() - dt.timedelta(1))
    store.database.script("PRAGMA wal_checkpoint(TRUNCATE);\n")
    store.close()
    part = made.with_suffix(".part")
    shutil.copy(db, part)
    part.rename(made)

"""The daily report: two CSV files and a table for people."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from rich.table import Table

from .. import registry, rollup
from ..common import terminal
from ..common.atomic_write import whole
from ..common.disclaimer import DISCLAIMER
from ..common.local_days import LOCAL
from ..common.quantity import MISSING, count, coverage, kg, percent, share, tonnes, wan_tonnes
from ..common.shown import CsvWriter
from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET
from ..rollup import DAY_S, DailyRow, day_sums, density, revisions
from ..rollup.day_figures import update_figures
from ..rollup.left_out import left_out
from ..store import Store
from .summary import part

LABEL = "清运量（投放点实测）"
BASELINE_2020_KG = 630_400_000  # indicator 8: 63.04 万吨 in 2020
DAYS_2020 = 366
DAILY_COLUMNS = (
    *("date", "site", "town", "stream", "deposited_kg", "collected_kg", "collections"),
    *("coverage", "unattributed_kg", "removed_kg", "restated", "residual_kg", "residual_limit_kg"),
    *("flags", "estimated_kg", "estimated_off_kg", "estimated_collections", "verified_kg"),
)
BALANCE_COLUMNS = (
    *("date", "site", "town", "bin", "stream", "opening_kg", "deposited_kg", "collected_kg"),
    *("removed_kg", "unattributed_kg", "closing_kg", "residual_kg", "residual_limit_kg"),
    *("weighings", "doubt_kg", "coverage", "flags"),
)
FILES = ("daily.csv", "balance.csv", "district.csv")  # what a rollup writes
ESTIMATED = "清运量（满溢传感器估算）"
VERIFIED = "其中：检定有效的衡器计量"
DISTRICT_COLUMNS = ("date", "scope", "item", "value", "unit", "coverage", "note")


def write_daily(
    path: Path, rows: Iterable[DailyRow], restated: Mapping[tuple[str, str], int] | None = None
) -> None:
    """Write daily.csv, a line for each site and stream; restated: how often its figures changed."""
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow(DAILY_COLUMNS)
        for r in rows:
            mass = kg(r.known(r.deposited_g)), kg(r.known(r.collected_g))
            rest = kg(r.known(r.unattributed_g)), kg(r.known(r.removed_g))
            times = (restated or {}).get((r.site, r.stream), 0) or ""
            balance = (kg(g if r.measured else None) for g in (r.residual_g, r.limit_g))
            guess = (kg(r.guessed(g)) for g in (r.estimated_g, r.estimated_off_g))
            line = (*mass, count(r.known(r.collections)), coverage(r.coverage), *rest, times)
            more = (*balance, " ".join(r.flags), *guess, count(r.guessed_collections))
            verified = kg(r.known(r.verified_g or 0))
            out.writerow((r.date, r.site, r.town, r.stream, *line, *more, verified))


def write_balance(path: Path, date: dt.date, platforms: Iterable[rollup.BinDay]) -> None:
    """Write balance.csv, a line for each platform (formula: events.balance)."""
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow(BALANCE_COLUMNS)
        for p in platforms:
            b = p.balance
            place = p.bin.site, p.town, p.bin.bin, p.bin.stream
            masses = (b.opening, b.deposited, b.collected, b.removed, b.unattributed, b.closing)
            masses_kg = [kg(g if b.measured else None) for g in (*masses, b.residual, b.limit)]
            weighed = b.weighings if b.measured else MISSING, kg(b.doubt if b.measured else None)
            rest = coverage(share(b.covered_s, DAY_S)), " ".join(b.flags)
            out.writerow((date, *place, *masses_kg, *weighed, *rest))


def district_lines(date: dt.date, rows: Sequence[DailyRow]) -> list[tuple[object, ...]]:
    """The lines of district.csv: the district first, then each 街镇 that has sites.

    清运量 is 干垃圾 + 湿垃圾 and nothing else; the other streams have lines of their own."""
    lines: list[tuple[object, ...]] = []
    scopes = ["松江区", *dict.fromkeys(r.town for r in rows)]
    for scope in scopes:
        mine = [r for r in rows if scope in ("松江区", r.town)]
        for item, streams in (
            (LABEL, (DRY, WET)),
            (RECYCLABLE, (RECYCLABLE,)),
            (HAZARDOUS, (HAZARDOUS,)),
            (f"{STORED_HAZARDOUS}出库", (STORED_HAZARDOUS,)),
        ):
            these = [r for r in mine if r.stream in streams]
            if not these:
                continue
            sums = part(these)
            seen = coverage(sums.coverage)
            note = "干垃圾+湿垃圾" if item == LABEL else "不计入清运量"
            lines.append((date, scope, item, tonnes(sums.collected), "t", seen, note))
            if item == LABEL:
                wan = wan_tonnes(sums.collected)
                lines.append((date, scope, item, wan, "万吨", seen, note))
                if sums.verified is not None:
                    share = sums.verified_share
                    note = "" if share is None else f"占清运量 {percent(share)}%"
                    mass = tonnes(sums.verified if sums.collected is not None else None)
                    lines.append((date, scope, VERIFIED, mass, "t", "", note))
                lines += _estimated(date, scope, these)
    per_day = Decimal(BASELINE_2020_KG) / DAYS_2020 / 1000
    note = f"63.04 万吨 / {DAYS_2020} d（进厂计量口径）"
    lines.append((date, "松江区", "2020年日均基线", f"{per_day:.1f}", "t", "", note))
    lines.append((date, "松江区", DISCLAIMER, "", "", "", ""))
    return lines


def _estimated(date: dt.date, scope: str, part: Sequence[DailyRow]) -> Iterator[tuple[object, ...]]:
    """Lines of bins without a scale: next to the measured figure, never part of it."""
    times = sum(r.estimated_collections for r in part)
    sums = (sum(getattr(r, x) for r in part) for x in ("estimated_g", "estimated_off_g"))
    grams, off = (g or None for g in sums)  # without a density no mass is known
    if times or off:
        grams = 0 if grams is None and not times else grams
        note = f"估算值 ±{tonnes(off)} t，{times} 次，不计入实测清运量"
        yield date, scope, ESTIMATED, tonnes(grams), "t", "", note


def write_district(path: Path, lines: Iterable[tuple[object, ...]]) -> None:
    """Write district.csv in long form: one figure a line."""
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow(DISTRICT_COLUMNS)
        out.writerows(lines)


def _daily_table(date: dt.date, rows: Iterable[DailyRow]) -> Table:
    rows = list(rows)
    guessed = any(r.estimated_collections or r.estimated_off_g for r in rows)
    table = terminal.table(f"{date} {LABEL}", DISCLAIMER)
    terminal.columns(table, ("site", "街镇", "stream"))
    masses = ("deposited\nkg", "collected\nkg", "n", "cover-\nage", "residual\nkg")
    terminal.columns(table, (*masses, "estimated\nkg") if guessed else masses, right=True)
    terminal.columns(table, ("look at",), wrap=True)
    for r in rows:
        mass = kg(r.known(r.deposited_g)), kg(r.known(r.collected_g))
        seen = MISSING if r.coverage is None else f"{percent(r.coverage)} %"
        residual = kg(r.residual_g if r.measured else None)
        cells = [*mass, count(r.known(r.collections)), seen, residual]
        if guessed:
            cells.append(f"~{kg(r.guessed(r.estimated_g))}" if r.estimated_collections else "")
        table.add_row(r.site, r.town, r.stream, *cells, " ".join(r.flags))
    return table


def _district_table(lines: Iterable[tuple[object, ...]]) -> Table:
    table = terminal.table("松江区 (Songjiang District)", DISCLAIMER)
    for column in DISTRICT_COLUMNS[1:]:
        number = column in ("value", "coverage")
        terminal.columns(table, (column,), right=number, wrap=column == "note")
    for line in lines:
        if line[2] != DISCLAIMER:
            cells = [str(x) for x in line[1:]]
            if line[5] not in ("", MISSING):
                cells[4] = f"{percent(Decimal(str(line[5])))} %"
            table.add_row(*cells)
    return table


def run_rollup(
    db: Path | str, folder: Path, date: dt.date, out: Path, *, full: bool = False
) -> list[DailyRow]:
    """Compute a day, write daily.csv, balance.csv and district.csv into out, and print tables;
    the rows."""
    registered = registry.load(folder)
    store = Store(db)
    densities = density.load(folder)

    def progress(bins: Sequence[registry.Bin]) -> Iterable[registry.Bin]:
        return terminal.with_progress(bins, "adding up")

    if full:
        update_figures(store, registered, date, progress, full=True)
    day = rollup.roll(store, registered, date, progress, densities)
    rows = day.rows
    older = store.calibrations.restatements(str(date))
    restated = revisions.restated(store, (p.bin for p in day.platforms), date, date)
    day_sums.keep(store, registered, date)
    gone = left_out(store, registered, date, date)
    store.close()
    times = Counter((r.site, r.stream) for r, _ in older)
    times += Counter((r.bin.site, r.bin.stream) for r in restated)
    write_daily(out / "daily.csv", rows, times)
    write_balance(out / "balance.csv", date, day.platforms)
    lines = district_lines(date, rows)
    write_district(out / "district.csv", lines)
    console = terminal.console()
    console.print(_daily_table(date, rows))
    for r, c in older:
        change = f"deposited {kg(r.deposited_before)} → {kg(r.deposited_after)} kg, "
        change += f"collected {kg(r.collected_before)} → {kg(r.collected_after)} kg"
        why = f"{c.device} {c.channel}, calibration {c.calibration}: {c.reason} ({c.by})"
        console.print(f"restated: {r.site} {r.stream}: {change}; {why}", soft_wrap=True)
    for x in restated:
        console.print(f"restated: {x.bin.site} {x.bin.stream}: {x.words}", soft_wrap=True)
    for lost in gone:
        console.print(f"left out: {lost.words}", soft_wrap=True)
    console.print()
    console.print(_district_table(lines))
    return rows


def run_events(db: Path | str, folder: Path, date: dt.date, site: str | None) -> int:
    """Print each event of a day with the readings that show it; how many there are."""
    registered = registry.load(folder)
    if site is not None and site not in registered.sites:
        raise registry.RegistryError(f"{folder}: expected a site of sites.csv, found {site!r}")
    store = Store(db)
    table = terminal.table(f"{date} events")
    terminal.columns(table, ("time", "site", "bin", "event"))
    terminal.columns(table, ("kg", "before kg\n(seq)", "after kg\n(seq)"), right=True)
    terminal.columns(table, ("note",), wrap=True)
    n = 0
    bin_events = rollup.events(
        store, registered, date, lambda bins: terminal.with_progress(bins, "reading")
    )
    for bin_, events in bin_events:
        for e in events if site in (None, bin_.site) else ():
            clock = dt.datetime.fromtimestamp(e.t, LOCAL).strftime("%H:%M:%S")
            shown = (f"{kg(x.grams)} ({x.seq})" for x in (e.before, e.after))
            table.add_row(clock, bin_.site, bin_.bin, e.kind, kg(e.grams), *shown, e.note)
            n += 1
    terminal.console().print(table)
    return n

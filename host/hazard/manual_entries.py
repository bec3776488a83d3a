"""Ledger entries made by a person or imported from a file: all of a file or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from ..store import Store
from . import HazardError, ledger, sheets
from .entry import IMPORT, PERSON, STORED, TABLES, TAKEN, Entry
from .ledger_posting import columns, sourced
from .register import Register
from .stock import stock_of

MOST_G = 60_000_000  # more than a lorry carries


@dataclass(frozen=True)
class Draft:
    """An entry as somebody gives it: t in Unix seconds, net grams. where: names its place in a
    mistake."""

    table: str
    t: int
    grams: int
    container: str = ""
    institution: str = ""
    code: str = ""
    batch: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str = "ledger"


def when(text: str, now: int) -> int:
    """--time in Unix seconds; HazardError for another text, or a time after now."""
    t = sheets.parse_time(text)
    if t is None or t > now:
        raise HazardError(f"--time: expected a past YYYY-MM-DD HH:MM, found {text!r}")
    return t


def checked(table: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values, if a person may give these columns: HazardError for batch, time, mass, unit
    and columns that the table does not have."""
    names = TABLES[table]
    free = [c for c in names if c not in (names[0], names[1], names[6], "计量单位")]
    for name in values:
        if name not in free:
            raise HazardError(f"ledger: expected a column of {' '.join(free)}, found {name!r}")
    return dict(values)


def _entry(register: Register, s: Draft, by: str, now: int, origin: str) -> Entry:
    names = TABLES[s.table]
    container = register.container(s.container) if s.container else None
    if s.container and container is None:
        raise HazardError(
            f"{s.where}: container: expected one of containers.csv, found {s.container!r}"
        )
    if s.table in (STORED, TAKEN) and container is None:
        raise HazardError(f"{s.where}: container: expected one for {s.table}, found ''")
    values = columns(s.table, s.batch, s.t, s.grams, container=container, register=register)
    if container is None:
        if s.institution not in register.institutions:
            raise HazardError(
                f"{s.where}: institution: expected one of institutions.csv, found {s.institution!r}"
            )
        code = register.catalogue.anywhere(s.code)
        if code is None:
            raise HazardError(
                f"{s.where}: code: expected a code of the catalogue, found {s.code!r}"
            )
        institution, store = s.institution, ""
        values |= {
            "危险废物名称": code.category_name,
            "危险废物类别": code.category,
            "危险废物代码": code.code,
        }
    else:
        code, store = container.code, container.store
        institution = register.of(store).institution
        if s.code and s.code != code.code:
            raise HazardError(
                f"{s.where}: code: expected {code.code} as of {s.container}, found {s.code!r}"
            )
    of_person = checked(s.table, s.columns)
    whose = dict.fromkeys(values, "登记") | dict.fromkeys(
        (names[0], names[1], names[6], "计量单位", *of_person), origin
    )
    if container is None:
        whose["危险废物代码"] = origin
    return Entry(
        table=s.table, batch=s.batch, t=s.t, recorded=now, by=by, institution=institution,
        store=store, container=s.container, edition=code.edition, code=code.code,
        grams=s.grams, values=values | of_person, origin=whose,
    )  # fmt: skip


def add(
    store: Store,
    register: Register,
    drafts: Sequence[Draft],
    by: str,
    now: int,
    *,
    origin: str = PERSON,
) -> list[Entry]:
    """Check all entries, then add them; now: Unix seconds. HazardError for the first mistake,
    or where another process added to the ledger meanwhile."""
    if not by.strip():
        raise HazardError("--by: expected who says so")
    held = ledger.read(store)
    batches = ledger.batches(held, register.prefixes)
    used = {(e.institution, e.batch) for e in held}
    standing = ledger.live(held)
    rows = []
    for s in sorted(drafts, key=lambda x: x.t):
        draft = _entry(register, s, by, now, origin)
        batch = s.batch or batches.next(draft.institution, s.table, s.t)
        if s.batch and (draft.institution, s.batch) in used:
            raise HazardError(f"{s.where}: batch: {s.batch} is there already")
        used.add((draft.institution, batch))
        named = draft.values | {TABLES[s.table][0]: batch}
        entry = msgspec.structs.replace(draft, batch=batch, values=named)
        made = stock_of(register, [e for e in standing if e.t <= entry.t])
        rows.append(sourced(made, entry))
        standing = sorted([*standing, rows[-1]], key=lambda e: e.t)
    return ledger.add(store, rows, held)


COLUMNS = ("table", "time", "kg")
MORE = ("container", "institution", "code", "batch")


def from_file(
    store: Store, register: Register, path: Path, by: str, now: int
) -> tuple[list[Entry], list[str]]:
    """Entries of a file that were added, and repairs; HazardError names the first mistake, and
    nothing is added then."""
    every = tuple(dict.fromkeys(c for names in TABLES.values() for c in names))
    sheet = sheets.read(path, COLUMNS, (*MORE, *every))
    drafts = []
    for line in sheet.rows:
        table = line.text("table")
        if table not in TABLES:
            raise line.fail("table", f"one of {' '.join(TABLES)}")
        kg = line.number_of("kg", least=Decimal("0.001"), most=Decimal(MOST_G) / 1000)
        t = line.time("time")
        if t > now:
            raise line.fail("time", "a time that is over")
        free = {c: line.text(c, optional=True) for c in TABLES[table] if c in line.cells}
        drafts.append(
            Draft(
                table, t, round(kg * 1000),
                container=line.text("container", optional=True),
                institution=line.text("institution", optional=True),
                code=line.code("code") if line.text("code", optional=True) else "",
                batch=line.text("batch", optional=True),
                columns={c: v for c, v in free.items() if v},
                where=line.where,
            )
        )  # fmt: skip
    try:
        return add(store, register, drafts, by, now, origin=IMPORT), sheet.notes
    except HazardError as error:
        raise HazardError(f"{error}; nothing was added") from None

"""Ledger entries made by a person or imported from a file: all of a file or none."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from ..common.local_days import LOCAL
from ..common.shown import file_name
from ..store import Store
from ..tables import TableError, sheet
from . import HazardError, ledger
from .catalogue import CODE, Code
from .entry import IMPORT, PERSON, STORED, TABLES, TAKEN, Entry
from .ledger_posting import columns, sourced
from .register import Register
from .stock import stock_of

UNCLASSIFIED = "未归类"  # the name of a code that the catalogue does not have
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
    file: str = ""  # as Entry.file


def when(text: str, now: int) -> int:
    """--time in Unix seconds; HazardError for another text, or a time after now."""
    t = sheet.parse_time(text)
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


def _code(register: Register, s: Draft, now: int) -> Code:
    """Of the catalogue; one that it does not have is kept as not classified."""
    found = register.catalogue.anywhere(s.code)
    if found is not None:
        return found
    if not CODE.fullmatch(s.code):
        raise HazardError(f"{s.where}: code: expected a code as 900-214-08, found {s.code!r}")
    edition = register.catalogue.in_force(dt.datetime.fromtimestamp(now, LOCAL).date())
    return Code(
        edition.edition if edition else "", f"HW{s.code[-2:]}", UNCLASSIFIED, s.code, "", ""
    )


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
        code = _code(register, s, now)
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
        grams=s.grams, values=values | of_person, origin=whose, file=s.file,
    )  # fmt: skip


@dataclass
class Prepared:
    """Entries that can be added to the ledger `held`. refused: what cannot, a line each."""

    held: list[Entry]
    rows: list[Entry] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def prepare(
    store: Store,
    register: Register,
    drafts: Sequence[Draft],
    by: str,
    now: int,
    *,
    origin: str = PERSON,
) -> Prepared:
    """Check every entry; now: Unix seconds."""
    if not by.strip():
        raise HazardError("--by: expected who says so")
    done = Prepared(ledger.read(store))
    batches = ledger.batches(done.held, register.prefixes)
    used = {(e.institution, e.batch) for e in done.held}
    standing = ledger.live(done.held)
    for s in sorted(drafts, key=lambda x: x.t):
        try:
            draft = _entry(register, s, by, now, origin)
            if s.batch and (draft.institution, s.batch) in used:
                raise HazardError(f"{s.where}: batch: {s.batch} is there already")
        except HazardError as error:
            done.refused.append(str(error))
            continue
        batch = s.batch or batches.next(draft.institution, s.table, s.t)
        used.add((draft.institution, batch))
        named = draft.values | {TABLES[s.table][0]: batch}
        entry = msgspec.structs.replace(draft, batch=batch, values=named)
        made = stock_of(register, [e for e in standing if e.t <= entry.t])
        done.rows.append(sourced(made, entry))
        standing = sorted([*standing, done.rows[-1]], key=lambda e: e.t)
    return done


def add(
    store: Store,
    register: Register,
    drafts: Sequence[Draft],
    by: str,
    now: int,
) -> list[Entry]:
    """Check all entries, then add them. HazardError for the first mistake, or where another process
    added to the ledger meanwhile."""
    done = prepare(store, register, drafts, by, now)
    if done.refused:
        raise HazardError(done.refused[0])
    return ledger.add(store, done.rows, done.held)


COLUMNS = ("table", "time", "kg")
MORE = ("container", "institution", "code", "batch")


@dataclass
class FromFile:
    """The result of a file: entries, repairs, rows that cannot be added; digest: what names the
    file to take its entries back."""

    digest: str
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def from_file(
    store: Store, register: Register, path: Path, by: str, now: int, *, check: bool = False
) -> FromFile:
    """Add the entries of a file; HazardError names the first mistake, and nothing is added then.
    check: read only, and name every mistake."""
    every = tuple(dict.fromkeys(c for names in TABLES.values() for c in names))
    try:
        table = sheet.read(path, COLUMNS, (*MORE, *every))
        done = FromFile(hashlib.sha256(path.read_bytes()).hexdigest())
        drafts = []
        for line in table.lines():
            try:
                drafts.append(_draft(line, done.digest, now))
            except TableError as error:
                done.refused.append(str(error))
    except TableError as error:
        raise HazardError(f"{error}; nothing was added") from None
    made = prepare(store, register, drafts, by, now, origin=IMPORT)
    done.refused += made.refused
    done.notes = table.notes + [
        f"{e.file.partition(' ')[0]}: code: {e.code} is not in the catalogue: not classified "
        f"({UNCLASSIFIED}) until it is"
        for e in made.rows
        if not e.container and register.catalogue.anywhere(e.code) is None
    ]
    if check:
        done.entries = made.rows
        return done
    if done.refused:
        more = len(done.refused) - 1
        others = f", and {more} more (--check lists them)" if more else ""
        raise HazardError(f"{done.refused[0]}{others}; nothing was added")
    done.entries = ledger.add(store, made.rows, made.held)
    return done


def _draft(line: sheet.Line, digest: str, now: int) -> Draft:
    table = line.text("table")
    if table not in TABLES:
        raise line.fail("table", f"one of {' '.join(TABLES)}")
    kg = line.number_of("kg", least=Decimal("0.001"), most=Decimal(MOST_G) / 1000)
    if kg * 1000 != int(kg * 1000):
        raise line.fail("kg", "no more than whole grams")
    t = line.time("time")
    if t > now:
        raise line.fail("time", "a time that is over")
    free = {c: line.text(c, optional=True) for c in TABLES[table] if c in line.values}
    return Draft(
        *(table, t, int(kg * 1000)),
        container=line.text("container", optional=True),
        institution=line.text("institution", optional=True),
        code=line.code("code") if line.text("code", optional=True) else "",
        batch=line.text("batch", optional=True),
        columns={c: v for c, v in free.items() if v},
        where=line.where,
        file=f"{file_name(line.sheet.path)}:{line.number} sha256:{digest}",
    )


def of_file(entries: Sequence[Entry], digest: str) -> list[Entry]:
    """The entries that a file brought and that stand; digest: at least the first eight digits of
    its SHA-256. HazardError where there is none, or where several files begin so."""
    found = [e for e in ledger.live(entries) if f" sha256:{digest}" in e.file]
    files = {e.file.rpartition(":")[2] for e in found}
    if len(digest) < 8 or len(files) != 1:
        raise HazardError(
            f"--file: expected the first digits of the SHA-256 of one file that brought entries "
            f"which stand, found {digest!r}"
        )
    return found

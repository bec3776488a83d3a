"""SQL of 数字识别码 and of what was done with labels. A code is written in the transaction that
writes the ledger entry which it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from . import chains
from .database import Database

CODE = "数字识别码"
_TURN = "SELECT one FROM label_turn WHERE one=1"
_TAIL = 3  # digits of the serial in codes that were given before this table was there


@dataclass(frozen=True)
class Wanted:
    """A code that is asked for. stem: all of it but the serial; digits: of the serial."""

    stem: str
    digits: int


@dataclass(frozen=True)
class HandedOut:
    """A code as it was handed out. entry: of the ledger, None where a person gave the code."""

    code: str
    entry: int | None
    t: int


class UsedUp(Exception):
    """No serial is left. stem: of the code."""

    def __init__(self, stem: str) -> None:
        super().__init__(stem)
        self.stem = stem


@dataclass(frozen=True)
class Serials:
    """The first and the last serial that this host hands out."""

    first: int
    last: int


def hand_out(
    db: Database,
    wanted: Sequence[Wanted],
    serials: Serials,
    make: Callable[[Sequence[str]], Sequence[tuple[str, str]]],
    *,
    high: Callable[[str], int],
    note: Callable[[Sequence[str]], None],
    after: int | None,
    t: int,
    events: Sequence[tuple[str, str, int, str, str]] = (),
) -> tuple[list[int], list[str]]:
    """Codes, and the ledger entries that have them, in one transaction; ids and codes.

    make: codes -> (code or "", body as hazard.append takes it) of each entry. high: the highest
    serial of a stem that is known outside of the database; note: keeps codes outside, before
    they are committed here. after: as for hazard.append. events: as add_events takes them.
    UsedUp; Moved."""
    with db.transaction():
        db.query(f"{_TURN}{db.locking()}")
        chosen: list[str] = []
        last: dict[str, int] = {}
        for w in wanted:
            n = last.get(w.stem)
            if n is None:
                n = max(_high(db, w.stem, serials), high(w.stem), serials.first - 1)
            n = _free(db, w, n + 1)
            if n > serials.last:
                raise UsedUp(w.stem)
            last[w.stem] = n
            chosen.append(_code(w, n))
        entries = make(chosen)
        if chosen:
            note(chosen)
        ids = chains.add_to_ledger(db, [body for _, body in entries], after)
        of = {code: i for (code, _), i in zip(entries, ids, strict=True) if code}
        stems = {code: w.stem for code, w in zip(chosen, wanted, strict=True)}
        db.many(
            "INSERT INTO label_code (code, stem, serial, entry, t) VALUES (?,?,?,?,?)",
            [(c, stems[c], int(c[len(stems[c]) :]), of[c], t) for c in chosen],
        )
        add_events_within(db, events)
    return ids, chosen


def _code(w: Wanted, serial: int) -> str:
    return f"{w.stem}{serial:0{w.digits}d}"


def _high(db: Database, stem: str, serials: Serials) -> int:
    """The highest serial of this host's share that was handed out, 0 for none."""
    found = db.query(
        "SELECT max(serial) FROM label_code WHERE stem=? AND serial BETWEEN ? AND ? "
        "AND entry IS NOT NULL",
        (stem, serials.first, serials.last),
    )
    return int(found[0][0] or 0)


def _free(db: Database, w: Wanted, serial: int) -> int:
    """The serial, or the next one that no person has given yet."""
    while db.query("SELECT 1 FROM label_code WHERE code=?", (_code(w, serial),)):
        serial += 1
    return serial


def note_given(db: Database, codes: Sequence[str], t: int) -> None:
    """Codes of entries that persons or files gave, within the transaction under way: none of
    them is handed out later."""
    if not codes:
        return
    fresh = [
        code
        for code in dict.fromkeys(codes)
        if not db.query("SELECT 1 FROM label_code WHERE code=?", (code,))
    ]
    db.many(
        "INSERT INTO label_code (code, stem, serial, entry, t) VALUES (?,?,?,NULL,?)",
        [(code, *_parts(code), t) for code in fresh],
    )


def _parts(code: str) -> tuple[str, int]:
    tail = code[-_TAIL:]
    return (code[:-_TAIL], int(tail)) if tail.isascii() and tail.isdigit() else (code, 0)


class _Body(msgspec.Struct):
    said: dict[str, str] = {}
    recorded: int = 0


def begin(db: Database) -> None:
    """Note the codes of entries that are there already, and lock the two tables."""
    read = msgspec.json.Decoder(_Body).decode
    for link in chains.links(db, chains.LEDGER):
        try:
            body = read(link.body)
        except msgspec.MsgspecError:
            continue  # the ledger says so itself when it is read
        if code := body.said.get(CODE, ""):
            note_given(db, [code], body.recorded)
    db.only_add("label_code", ("code",))
    db.only_add("label_event", ("id",))


def count(db: Database) -> int:
    """How many codes were handed out."""
    sql = "SELECT count(*) FROM label_code WHERE entry IS NOT NULL"
    return int(db.query(sql)[0][0])


def find(db: Database, code: str) -> HandedOut | None:
    """A code that was handed out or given."""
    sql = "SELECT code, entry, t FROM label_code WHERE code=?"
    rows = db.query(sql, (code,))
    return HandedOut(*rows[0]) if rows else None


def every(db: Database) -> list[HandedOut]:
    """Each code that was handed out, in order of the entries."""
    sql = "SELECT code, entry, t FROM label_code WHERE entry IS NOT NULL ORDER BY entry"
    return [HandedOut(*row) for row in db.query(sql)]


def events(db: Database, code: str | None = None) -> list[tuple[str, str, int, str, str]]:
    """(code, what, t, who, note) of a label, or of each, in order."""
    sql = "SELECT code, what, t, who, note FROM label_event"
    if code is None:
        return db.query(f"{sql} ORDER BY id")
    return db.query(f"{sql} WHERE code=? ORDER BY id", (code,))


def add_events(db: Database, rows: Sequence[tuple[str, str, int, str, str]]) -> None:
    """(code, what, t, who, note), all or none."""
    with db.transaction():
        add_events_within(db, rows)


def add_events_within(db: Database, rows: Sequence[tuple[str, str, int, str, str]]) -> None:
    """The same within the transaction under way."""
    db.many("INSERT INTO label_event (code, what, t, who, note) VALUES (?,?,?,?,?)", rows)

"""Hands out 数字识别码 (HJ 1276-2022): a code is committed together with the ledger entry that it
names, and never handed out again ([why so](../../../docs/decisions/0019-codes-in-entries.md))."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...common.local_days import LOCAL
from ...store import Store, chains, label_codes
from ...store.label_codes import Serials, UsedUp, Wanted
from .. import HazardError, ledger
from ..entry import CODE, ISSUED, PRODUCED, STORED, Entry, body
from ..register import Register
from . import tables
from .journal import Journal
from .tables import Layout

CODED, VOID, PRINTED = "coded", "void", "printed"
_SHARE = re.compile(r"(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True)
class Issuer:
    """How this host hands out codes. serials: its share, when several hosts have stores of
    their own."""

    store: Store
    register: Register
    layout: Layout
    journal: Journal
    serials: Serials


def issuer(
    store: Store, register: Register, journal: Path | None = None, serials: str | None = None
) -> Issuer:
    """From the options of a command; HazardError names what is wrong."""
    layout = tables.layout(register.folder)
    most = 10**layout.digits - 1
    share = Serials(1, most)
    if serials:
        found = _SHARE.fullmatch(serials)
        share = Serials(int(found[1]), int(found[2])) if found else Serials(0, 0)
        if not 1 <= share.first <= share.last <= most:
            raise HazardError(f"--serials: expected FIRST-LAST of 1 to {most}, found {serials!r}")
    made = Journal(journal or beside(store), layout)
    return Issuer(store, register, layout, made, share)


def beside(store: Store) -> Path:
    """The folder of the journal where nobody names one, as that of archived days."""
    where = str(store.where)
    return Path("qingyun.codes") if "://" in where else Path(f"{where}.codes")


def resume(using: Issuer, last: Sequence[str]) -> list[str]:
    """Begin the journal anew after a restore. last: of each unit, waste and day the last code that
    stands on a label, none of which is handed out again, nor one below; those that were new."""
    for code in last:
        if using.layout.parts(code) is None:
            raise HazardError(
                f"--last: expected a 数字识别码 of {using.layout.length} characters, found {code!r}"
            )
    using.journal.start()
    known = set(using.journal.every()) | {c.code for c in label_codes.every(using.store.database)}
    fresh = [code for code in dict.fromkeys(last) if code not in known]
    using.journal.note(fresh)
    return fresh


def _ready(using: Issuer) -> None:
    """HazardError where the journal is not there, and codes were handed out before."""
    if using.journal.present():
        return
    # Looked for again after counting: another process may hand out the first code just now, and
    # it makes the journal before the database has the code.
    n = label_codes.count(using.store.database)
    if n and not using.journal.present():
        raise HazardError(
            f"{using.journal.folder}: expected the journal of codes there, as the database has {n} "
            "codes; if it was moved or the database restored: --journal DIR, or qingyun label "
            "resume --last CODE with the last label of each waste"
        )
    using.journal.start()


def stem(using: Issuer, entry: Entry) -> str:
    """The code of an entry without its serial; HazardError where it can have none."""
    if entry.table not in (PRODUCED, STORED) or entry.reverses:
        raise HazardError(
            f"ledger: entry {entry.id}: expected one of {PRODUCED} or {STORED}, found {entry.table}"
        )
    unit = using.register.institutions.get(entry.institution)
    if unit is None or not unit.credit_code:
        raise HazardError(
            f"institutions.csv: credit_code: expected the 统一社会信用代码 of {entry.institution}, "
            "which begins its codes, found ''"
        )
    return using.layout.stem(unit.credit_code, entry.code, day_of(entry))


def day_of(entry: Entry) -> dt.date:
    """The local day on which it happened."""
    return dt.datetime.fromtimestamp(entry.t, LOCAL).date()


def add(
    using: Issuer, entries: Sequence[Entry], held: Sequence[Entry] | None = None
) -> list[Entry]:
    """Add new entries to the ledger, each with a code of its own, all or none; with their ids.

    held: as ledger.add takes it."""
    stems = [stem(using, e) for e in entries]
    after = None if held is None else held[-1].id if held else 0
    return write(using, [*entries], stems, after)


def give(using: Issuer, ids: Sequence[int], by: str, now: int) -> list[Entry]:
    """Give codes to entries that are there: each is reversed and added again with its code, all
    or none. The added entries; HazardError where one cannot have a code. now: Unix seconds."""

    def entries(held: list[Entry]) -> tuple[list[Entry], list[str]]:
        rows, stems = [], []
        for id_ in dict.fromkeys(ids):
            old = ledger.reversible(held, id_)
            if code := old.values.get(CODE):
                raise HazardError(f"ledger: entry {id_} has the code {code} already")
            rows += [ledger.reversal(old, by, CODED, now), _again(old, by, CODED, now)]
            stems += ["", stem(using, old)]
        return rows, stems

    return _retried(using, entries)


def void(using: Issuer, code: str, by: str, reason: str, now: int, *, anew: bool) -> list[Entry]:
    """A label is not used: its entry stays in the ledger without the code, or with another one
    (anew), and the code is never handed out again. What was added; now: Unix seconds."""
    if label_codes.find(using.store.database, code) is None:
        raise HazardError(f"expected a 数字识别码 that was handed out, found {code!r}")
    if any(what == VOID for _, what, *_ in label_codes.events(using.store.database, code)):
        raise HazardError(f"{code}: is void already")

    def entries(held: list[Entry]) -> tuple[list[Entry], list[str]]:
        old = entry_of(held, code)
        if old is None:
            return [], []
        why = f"label void: {reason}"
        again = _again(old, by, why, now)
        return (
            [ledger.reversal(old, by, why, now), again],
            ["", stem(using, old) if anew else ""],
        )

    return _retried(using, entries, [(code, VOID, now, by, reason)])


def entry_of(entries: Sequence[Entry], code: str) -> Entry | None:
    """The live entry of 产生 or 入库 that has a code; None where there is none."""
    found = [
        e
        for e in ledger.live(entries)
        if e.values.get(CODE) == code and e.table in (PRODUCED, STORED)
    ]
    return found[-1] if found else None


def _again(old: Entry, by: str, reason: str, now: int) -> Entry:
    """The same entry to be added again, without a code."""
    return msgspec.structs.replace(
        old,
        id=0,
        recorded=now,
        by=by,
        reason=reason,
        values={k: v for k, v in old.values.items() if k != CODE},
        origin={k: v for k, v in old.origin.items() if k != CODE},
    )


def _retried(
    using: Issuer,
    entries: Callable[[list[Entry]], tuple[list[Entry], list[str]]],
    events: Sequence[tuple[str, str, int, str, str]] = (),
) -> list[Entry]:
    """Write what `entries` makes of the ledger as it is; again where others added to it."""
    for _ in chains.tries():
        held = ledger.read(using.store)
        rows, stems = entries(held)
        with suppress(ledger.MovedError):
            return write(using, rows, stems, held[-1].id if held else 0, events)
    raise ledger.MovedError("ledger: others add to it all the time: try again later")


def write(
    using: Issuer,
    rows: list[Entry],
    stems: Sequence[str],
    after: int | None,
    events: Sequence[tuple[str, str, int, str, str]] = (),
) -> list[Entry]:
    """Add entries, in one transaction with the codes of those that have a stem; with their ids.

    after: the id of the last entry that was there when they were made; MovedError where there is
    another by now. events: as label_codes.add_events takes them."""
    wanted = [Wanted(s, using.layout.digits) for s in stems if s]
    if wanted:
        _ready(using)
    made: list[Entry] = []

    def bodies(codes: Sequence[str]) -> list[tuple[str, str]]:
        left = iter(codes)
        named = [(next(left) if s else "", e) for s, e in zip(stems, rows, strict=True)]
        made[:] = [_named(e, code) for code, e in named]
        return [(code, body(e)) for (code, _), e in zip(named, made, strict=True)]

    share = using.serials
    try:
        ids, _ = label_codes.hand_out(
            using.store.database,
            wanted,
            share,
            bodies,
            high=lambda s: using.journal.high(s, share.first, share.last),
            note=lambda codes: using.journal.note(list(codes)),
            after=after,
            t=rows[0].recorded if rows else 0,
            events=events,
        )
    except chains.Moved:
        raise ledger.MovedError(
            "ledger: somebody else has just added to it: run it again"
        ) from None
    except UsedUp as error:
        raise HazardError(used_up(using, error.stem)) from None
    return [msgspec.structs.replace(e, id=i) for e, i in zip(made, ids, strict=True)]


def used_up(using: Issuer, stem_: str) -> str:
    """One line: no serial is left, and what can be done."""
    share = using.serials
    return (
        f"{CODE} {stem_}…: the serials {share.first}-{share.last} of this unit, waste and day are "
        "used up, and none is handed out twice; the entry stays without a code: fill fewer, larger "
        "containers, or give this host a larger share (--serials); HJ 1276-2022 has "
        f"{10**using.layout.digits - 1} for a day"
    )


def _named(entry: Entry, code: str) -> Entry:
    if not code:
        return entry
    return msgspec.structs.replace(
        entry,
        values=entry.values | {CODE: code},
        origin=entry.origin | {CODE: ISSUED},
    )

"""转移联单 (manifests) and weighbridge tickets as they are kept, and the imports that brought them.

Nothing kept is changed: what is taken back stays, and a row says that it no longer counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ..store import Store, lifts
from ..store import hazard as rows
from ..store.chains import Moved
from ..store.lifts import LiftRow
from . import HazardError

MANIFEST, TICKET, LIFTS, PLAN = "manifest", "ticket", "lifts", "plan"
_TAKEN_BACK = "taken back"
POSTED = "POST"  # stands for the file of what was sent without one


class Source(msgspec.Struct, frozen=True):
    """File and row of a record, who imported it, and when (Unix seconds)."""

    file: str
    sha256: str
    row: int
    by: str
    imported: int

    @property
    def key(self) -> tuple[str, int]:
        """What all records of one import share."""
        return self.sha256, self.imported


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a 联单: mass in g, t in Unix seconds. received_g: mass by the receiver; None: not
    given. item: its 序号; "" where it has none."""

    number: str
    item: str = ""
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


Record = Manifest | Ticket


class LiftFile(msgspec.Struct, frozen=True):
    """A file of what trucks weighed; its rows are kept beside it (store.lifts). source.row is 0;
    grams: of all rows; rows: their SHA-256 (digest_of)."""

    source: Source
    count: int
    grams: int
    rows: str


class _Planned(msgspec.Struct, frozen=True):
    """What an import of planned routes says of one of them (reconcile.plans)."""

    sites: tuple[str, ...]
    source: Source


class _Sourced(msgspec.Struct, frozen=True):
    """What every paper and planned route says of its import."""

    source: Source


class TakenBack(msgspec.Struct, frozen=True):
    """An import that no longer counts: which, by whom, why, when (Unix seconds)."""

    sha256: str
    imported: int
    by: str
    reason: str
    at: int


@dataclass(frozen=True)
class Import:
    """All records that one import brought. id: 1, 2, … as added; row: of the chain, its first.
    taken_back: None while it counts."""

    id: int
    row: int
    kind: str
    source: Source
    count: int
    grams: int
    taken_back: TakenBack | None


_encode = msgspec.json.Encoder(order="sorted").encode
_manifests = msgspec.json.Decoder(Manifest).decode
_tickets = msgspec.json.Decoder(Ticket).decode
_lift_files = msgspec.json.Decoder(LiftFile).decode
_planned = msgspec.json.Decoder(_Planned).decode
_sourced = msgspec.json.Decoder(_Sourced).decode
_taken_back = msgspec.json.Decoder(TakenBack).decode


def manifests(store: Store) -> list[Manifest]:
    """Those that count, by number."""
    gone = _gone(store)
    held = [_manifests(body) for body in rows.transfers(store, MANIFEST)]
    return [m for m in held if m.source.key not in gone]


def tickets(store: Store, until: int | None = None) -> list[Ticket]:
    """Those that count, by facility and number; until: as things stood before that Unix second."""
    gone = _gone(store, until)
    held = [_tickets(body) for body in rows.transfers(store, TICKET)]
    return [
        t for t in held if t.source.key not in gone and (until is None or t.source.imported < until)
    ]


def ticket_named(store: Store, number: str, t: int) -> Ticket | None:
    """The ticket of a number and Unix second that counts."""
    gone = _gone(store)
    found = (_tickets(body) for body in rows.transfers_of(store, TICKET, f"{number} {t} "))
    return next((x for x in found if x.source.key not in gone), None)


def _gone(store: Store, until: int | None = None) -> dict[tuple[str, int], TakenBack]:
    bodies = [_taken_back(body) for body in rows.transfers(store, _TAKEN_BACK)]
    return {(b.sha256, b.imported): b for b in bodies if until is None or b.at < until}


def add(store: Store, kind: str, records: Sequence[Record], after: int) -> None:
    """All or none. after: the last row that was there when they were checked (last()); HazardError
    where another has been added by now."""
    bodies = (
        (kind, f"{r.number} {r.t} {r.source.imported} {r.source.row}", _encode(r).decode())
        for r in records
    )
    try:
        rows.add_transfers(store, bodies, after)
    except Moved:
        text = "somebody else has imported meanwhile: import it once more"
        raise HazardError(f"{records[0].source.file}: {text}") from None


def lift_file(source: Source, held: Sequence[LiftRow]) -> tuple[str, str, str]:
    """The row of transfers of a file of lifts, as store.lifts.add() takes it."""
    grams = sum(row.grams for row in held)
    body = _encode(LiftFile(source, len(held), grams, digest_of(held))).decode()
    return LIFTS, f"{source.sha256} {source.imported}", body


def digest_of(held: Iterable[LiftRow]) -> str:
    """SHA-256 of the rows of a file of lifts by line, so that the chain holds them too."""
    made = hashlib.sha256()
    for row in held:
        made.update(_encode(row[1:]) + b"\n")
    return made.hexdigest()


def verify_lifts(store: Store) -> list[str]:
    """Faults of the rows of files of lifts against the chain, a line each."""
    faults, known = [], 0
    n = lifts.count(store)  # before the files: one may come meanwhile
    for file, body in rows.transfers_by_row(store, LIFTS):
        said = _lift_files(body)
        known += said.count
        if digest_of(lifts.of_file(store, file)) != said.rows:
            name = f"transfers: row {file}: {said.source.file}"
            faults.append(f"{name}: its {said.count} weighings were changed")
    if n > known and not faults:
        faults.append(f"transfers: expected {known} weighings of trucks, found {n}: inserted")
    return faults


def gone_lift_files(store: Store) -> set[int]:
    """The files of lifts that no longer count, by id."""
    return rows.transfers_numbered_as(store, LIFTS, _TAKEN_BACK)  # as lift_file(), take_back()


def lift_source(store: Store, file: int) -> Source | None:
    """Who brought a file of lifts, and when; None where there is no such file."""
    body = rows.transfer(store, LIFTS, file)
    return None if body is None else _lift_files(body).source


def gone_imports(store: Store) -> set[tuple[str, int]]:
    """The keys of the sources of imports that no longer count."""
    return set(_gone(store))


def last(store: Store) -> int:
    """The number of rows, for add()."""
    return rows.transfer_count(store)


def came_since(store: Store, after: int) -> int:
    """How many imports, decisions and what was taken back came after a number of rows (last()): a
    file of papers has a row for each."""
    keys, n = set(), 0
    for kind, body in rows.transfers_after(store, after):
        if kind in (MANIFEST, TICKET, PLAN):
            keys.add(_sourced(body).source.key)
        else:
            n += 1
    return len(keys) + n


def every(store: Store) -> Iterator[tuple[str, Record]]:
    """(kind, record) of all that was imported, taken back or not."""
    for body in rows.transfers(store, MANIFEST):
        yield MANIFEST, _manifests(body)
    for body in rows.transfers(store, TICKET):
        yield TICKET, _tickets(body)


def imports(store: Store) -> list[Import]:
    """Every import in the order in which it was added, with what was taken back."""
    gone = _gone(store)
    firsts: dict[tuple[str, int], tuple[int, str, Source]] = {}
    counts: Counter[tuple[str, int]] = Counter()
    grams: Counter[tuple[str, int]] = Counter()
    for kind, decode in ((MANIFEST, _manifests), (TICKET, _tickets)):
        for row, body in rows.transfers_by_row(store, kind):
            record: Record = decode(body)
            key = record.source.key
            firsts.setdefault(key, (row, kind, record.source))
            counts[key] += 1
            grams[key] += record.grams
    for row, body in rows.transfers_by_row(store, LIFTS):
        file = _lift_files(body)
        key = file.source.key
        firsts[key] = row, LIFTS, file.source
        counts[key], grams[key] = file.count, file.grams
    for row, body in rows.transfers_by_row(store, PLAN):
        plan = _planned(body)
        firsts.setdefault(plan.source.key, (row, PLAN, plan.source))
        counts[plan.source.key] += len(plan.sites)
    # By row of the chain: an id stays, also where the host's clock was put back.
    ordered = sorted(firsts, key=lambda key: firsts[key][0])
    return [
        Import(n, *firsts[key], counts[key], grams[key], gone.get(key))
        for n, key in enumerate(ordered, 1)
    ]


def take_back(store: Store, id_: int, *, by: str, reason: str, now: int) -> Import:
    """Let an import count no longer; HazardError where there is none, or where it is taken back
    already."""
    if not by.strip() or not reason.strip():
        raise HazardError("expected --by and --reason: who takes it back, and why")
    after = last(store)
    found = next((i for i in imports(store) if i.id == id_), None)
    if found is None:
        raise HazardError(f"--id: expected one of `qingyun transfers imports`, found {id_}")
    if found.taken_back is not None:
        raise HazardError(f"--id: import {id_} was taken back by {found.taken_back.by} already")
    body = TakenBack(*found.source.key, by, reason, now)
    name = f"{found.source.sha256} {found.source.imported}"
    try:
        rows.add_transfers(store, [(_TAKEN_BACK, name, _encode(body).decode())], after)
    except Moved:
        raise HazardError("somebody else has imported meanwhile: try once more") from None
    return found

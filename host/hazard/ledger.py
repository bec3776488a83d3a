"""The ledger as a hash chain: read, add, reverse, verify. Entries are never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..store import Store, chains
from ..store import hazard as rows
from . import HazardError, anchors
from .batch_codes import Batches
from .entry import CODE, Entry, body, parse


class MovedError(HazardError):
    """Another process added to the ledger since it was read."""


def read(store: Store, after: int = 0) -> list[Entry]:
    """Every entry after the id `after`, in the order of adding, with reversals."""
    return [parse(link.body) for link in rows.links(store, after)]


def live(entries: Iterable[Entry]) -> list[Entry]:
    """Entries that are neither reversed nor reversals, by the time of their steps."""
    kept = list(entries)
    gone = {e.reverses for e in kept if e.reverses}
    held = [e for e in kept if not e.reverses and e.id not in gone]
    return sorted(held, key=lambda e: (e.t, e.id))


def add(store: Store, entries: Sequence[Entry], held: Sequence[Entry] | None = None) -> list[Entry]:
    """Add to the chain, all or none; the entries with their ids.

    held: the whole ledger as it was read; MovedError where it has grown since."""
    if not entries:
        return []
    after = None if held is None else held[-1].id if held else 0
    try:
        codes = [e.values[CODE] for e in entries if not e.reverses and e.values.get(CODE)]
        bodies = [body(e) for e in entries]
        ids = rows.append(store, bodies, after, codes=codes, t=entries[0].recorded)
    except chains.Moved:
        raise MovedError("ledger: somebody else has just added to it: run it again") from None
    return [msgspec.structs.replace(e, id=i) for e, i in zip(entries, ids, strict=True)]


def reversal(entry: Entry, by: str, reason: str, now: int) -> Entry:
    """The entry that reverses another; now: Unix seconds."""
    return msgspec.structs.replace(
        entry,
        id=0,
        recorded=now,
        by=by,
        grams=-entry.grams,
        reverses=entry.id,
        reason=reason,
    )


def reversible(entries: Sequence[Entry], id_: int) -> Entry:
    """The entry with an id; HazardError where there is none, or it cannot be reversed."""
    entry = next((e for e in entries if e.id == id_), None)
    if entry is None:
        raise HazardError(f"ledger: expected the id of an entry, found {id_}")
    if entry.reverses:
        raise HazardError(f"ledger: {id_} is itself the reversal of {entry.reverses}")
    if any(e.reverses == id_ for e in entries):
        raise HazardError(f"ledger: {id_} was reversed already")
    return entry


def batches(entries: Iterable[Entry], prefixes: Mapping[str, str] | None = None) -> Batches:
    """The batch codes in use. prefixes: table -> prefix of new ones."""
    codes = Batches(prefixes)
    for e in entries:
        codes.saw(e)
    return codes


def head(store: Store) -> tuple[int, str]:
    """Number of rows and hash of the last one, to be noted outside the database."""
    return chains.head(store.database, chains.LEDGER)


def verify(store: Store, noted: tuple[int, str] | None = None) -> list[str]:
    """Faults of the chain, a line each; empty where it is intact.

    noted: (number of rows, hash of the last) as noted earlier. Only this shows that a chain
    was replaced as a whole."""
    known = [] if noted is None else [("noted", *noted)]
    return anchors.verify_chain(store, chains.LEDGER, known)

"""Ledger, alarms and transfers as chains: verified in themselves, and against what was anchored.

Whoever can write the database can also make a whole chain anew, with its head. An anchor tells
where the three chains stood, in one word that is left in places outside: backups, reports,
workbooks, a retained topic, a daily letter. So a chain that was cut or made anew fits no more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..store import Store, chains
from ..store.chains import CHAINS, LEDGER, START
from . import papers

_KEPT = 40  # hexadecimal digits of a hash: 160 bits
_WORD = re.compile(rf"\bQY1((?:-\d{{1,9}}-[0-9a-f]{{{_KEPT}}}){{{len(CHAINS)}}})\b")
NAMES = {"ledger": "ledger", "alarm": "alarms", "transfer": "transfers"}


@dataclass(frozen=True)
class Anchor:
    """How many rows each of CHAINS had, and how the hash of its last row began."""

    stood: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return "QY1" + "".join(f"-{n}-{hash_}" for n, hash_ in self.stood)


def of(store: Store) -> Anchor:
    """Where the chains stand now, by their rows."""
    return Anchor(
        tuple((n, h[:_KEPT]) for n, h in (chains.last(store.database, c) for c in CHAINS))
    )


def note(store: Store) -> str:
    """The line of a report that leaves the anchor there; empty where there is nothing to anchor."""
    now = of(store)
    return f"台账、告警、联单校验：{now}" if any(n for n, _ in now.stood) else ""


def found_in(text: str) -> list[Anchor]:
    """Every anchor in a text, each once."""
    words = dict.fromkeys(match[1] for match in _WORD.finditer(text))
    parts = (word.split("-")[1:] for word in words)
    return [Anchor(tuple((int(p[i]), p[i + 1]) for i in range(0, len(p), 2))) for p in parts]


def verify_chain(store: Store, chain: str, noted: Iterable[tuple[str, int, str]] = ()) -> list[str]:
    """Faults of a chain, a line each; empty where it is intact.

    noted: (where, number of rows, how the hash of the last began) as noted earlier."""
    row = "row" if chain == LEDGER else f"{NAMES[chain]}: row"
    faults: list[str] = []
    n, prev = 0, START
    seen = {0: START}
    for link in chains.links(store.database, chain):
        n += 1
        if link.id != n:
            faults.append(f"{row} {link.id}: expected row {n}: removed or inserted")
            n = link.id if isinstance(link.id, int) else n
        if link.prev != prev:
            faults.append(f"{row} {link.id}: does not follow from the row before")
        if chains.digest(link.prev, link.id, link.body) != link.hash:
            faults.append(f"{row} {link.id}: was changed")
        seen[n] = prev = str(link.hash)
    count, last = chains.head(store.database, chain)
    if (count, last) != (n, prev):
        end = "end" if chain == LEDGER else f"{NAMES[chain]}: end"
        faults.append(f"{end}: expected {count} rows up to {last[:16]}, found {n}")
    for where, rows, hash_ in noted:
        told = f"{row} {rows}: expected {hash_[:16]} as {where}"
        if rows not in seen:
            cut = f"only {n} rows: the end was cut off" if rows > n else "none"
            faults.append(f"{told}, found {cut}")
        elif rows and not seen[rows].startswith(hash_):
            faults.append(f"{told}, found {seen[rows][:16]}: not the same {NAMES[chain]}")
    return faults


def verify(store: Store, anchored: Iterable[tuple[str, Anchor]] = ()) -> list[str]:
    """Faults of the three chains, and of what they bind, a line each. anchored: (place, what was
    anchored there)."""
    known = [(f"anchored in {place}", anchor) for place, anchor in anchored]
    faults = [
        fault
        for i, chain in enumerate(CHAINS)
        for fault in verify_chain(store, chain, [(w, *a.stood[i]) for w, a in known])
    ]
    return faults or papers.verify_lifts(store)

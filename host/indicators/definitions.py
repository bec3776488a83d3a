"""Definitions of indicators from definitions.csv: period, unit, formula over figures."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from . import IndicatorError, addition_rules, catalog
from .catalog import Catalog

# formula -> its roles (required, optional)
FORMULAS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "none": (frozenset(), frozenset()),
    "evidence": (frozenset(), frozenset()),
    "sum": (frozenset({"sum"}), frozenset()),
    "haulage": (frozenset({"sum"}), frozenset()),
    "ratio": (frozenset({"num", "den"}), frozenset({"per"})),
    "growth": (frozenset({"this", "base"}), frozenset()),
    "decline": (frozenset({"this", "base"}), frozenset()),
}
_TERM = re.compile(r"([+-]?)\s*([a-z0-9_]+)(?:@(\d{4}))?\s*")
COLUMNS = (
    *("role", "plan", "number", "level1", "level2", "name", "mandatory", "unit"),
    *("baseline_2020", "target_2025", "departments", "from", "to", "formula", "inputs"),
    *("scale", "decimals", "source", "note", "reason"),
)


@dataclass(frozen=True)
class Term:
    """One addend of a role. sign: 1 or -1; year: None for that of the period."""

    figure: str
    sign: int
    year: int | None


@dataclass(frozen=True)
class Definition:
    """One row. role: indicator, or beside for a value shown with an indicator's. effective_from,
    effective_to: first and last day. decimals: of the value in its unit."""

    role: str
    plan: str
    number: str
    level1: str
    level2: str
    name: str
    mandatory: bool
    unit: str
    baseline_2020: str
    target_2025: str
    departments: str
    effective_from: dt.date
    effective_to: dt.date | None
    formula: str
    inputs: dict[str, tuple[Term, ...]]
    scale: Decimal
    decimals: int
    source: str
    note: str
    reason: str

    def holds(self, day: dt.date) -> bool:
        return self.effective_from <= day and (self.effective_to or dt.date.max) >= day


def _terms(text: str) -> dict[str, tuple[Term, ...]]:
    """role -> terms of a text such as `num: a + b - c; den: d@2020`; ValueError for another."""
    roles: dict[str, tuple[Term, ...]] = {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        role, colon, terms = part.partition(":")
        addends: list[Term] = []
        rest = terms.strip()
        while rest:
            m = _TERM.match(rest)
            if not m or bool(m[1]) != bool(addends):
                raise ValueError(f"expected figures joined by + or -, found {rest!r}")
            addends.append(Term(m[2], -1 if m[1] == "-" else 1, int(m[3]) if m[3] else None))
            rest = rest[m.end() :]
        if not colon or not addends or role in roles:
            raise ValueError(f"expected role: figures; …, found {part!r}")
        roles[role] = tuple(addends)
    return roles


def _check(d: Definition, figures: Catalog) -> None:
    """ValueError for wrong roles, unknown figures or sums that are not allowed."""
    needed, besides = FORMULAS[d.formula]
    if not needed <= d.inputs.keys() <= needed | besides:
        raise ValueError(f"inputs: expected {' '.join(sorted(needed))} for {d.formula}")
    for role, terms in d.inputs.items():
        for t in terms:
            if t.figure not in figures:
                raise ValueError(f"inputs: {t.figure}: no such figure in figures.csv")
        added = [figures[t.figure] for t in terms if t.sign > 0]
        # Every indicator with the name 清运量 must follow its rule.
        hauled = d.formula == "haulage" or d.name.startswith(("清运量", "生活垃圾清运量"))
        if rule := addition_rules.broken(added, haulage=hauled):
            raise ValueError(f"inputs: {role}: {rule}")
    if d.formula in ("none", "evidence") and not d.reason:
        raise ValueError("reason: expected why it is not measured here")


def _definition(row: dict[str, str]) -> Definition:
    formula = row["formula"]
    if formula not in FORMULAS:
        raise ValueError(f"formula: expected one of {' '.join(FORMULAS)}, found {formula!r}")
    if row["role"] not in ("indicator", "beside"):
        raise ValueError(f"role: expected indicator or beside, found {row['role']!r}")
    try:
        start = dt.date.fromisoformat(row["from"])
        end = dt.date.fromisoformat(row["to"]) if row["to"] else None
        scale, decimals = Decimal(row["scale"]), int(row["decimals"])
    except (ValueError, InvalidOperation):
        raise ValueError("from, to, scale, decimals: expected dates and numbers") from None
    return Definition(
        role=row["role"],
        plan=row["plan"],
        number=row["number"],
        level1=row["level1"],
        level2=row["level2"],
        name=row["name"],
        mandatory=row["mandatory"] == "1",
        unit=row["unit"],
        baseline_2020=row["baseline_2020"],
        target_2025=row["target_2025"],
        departments=row["departments"],
        effective_from=start,
        effective_to=end,
        formula=formula,
        inputs=_terms(row["inputs"]),
        scale=scale,
        decimals=decimals,
        source=row["source"],
        note=row["note"],
        reason=row["reason"],
    )


def load(figures: Catalog, path: Path | None = None) -> list[Definition]:
    """The rows in the order of the file; IndicatorError names the first mistake."""
    rows: list[Definition] = []
    for where, row in catalog.table(path, "definitions.csv", COLUMNS):
        try:
            d = _definition(row)
            _check(d, figures)
            _apart(d, rows)
        except ValueError as error:
            raise IndicatorError(f"{where}: {error}") from None
        rows.append(d)
    return rows


def _apart(d: Definition, others: Iterable[Definition]) -> None:
    """ValueError where another row of the same indicator holds on one of its days."""
    for o in others:
        same = (o.role, o.number) == (d.role, d.number)
        if not same or (d.role == "beside" and o.name != d.name):
            continue
        if o.effective_from <= (d.effective_to or dt.date.max) and d.effective_from <= (
            o.effective_to or dt.date.max
        ):
            raise ValueError(f"from: {d.number} has a definition on that day already")


def in_force(rows: Iterable[Definition], day: dt.date) -> list[Definition]:
    """The rows that hold on a day."""
    return [d for d in rows if d.holds(day)]

"""What a unit files, from a store and a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...store import Store
from .. import HazardError, ledger
from ..register import Register
from . import declared, forms, plan, report
from .facts import Sources
from .fields import Filled
from .forms import REPORT
from .span import Span, parse


@dataclass(frozen=True)
class Pack:
    """title: of the whole. span: the period that it is about."""

    title: str
    unit: str
    span: Span
    forms: Sequence[Filled]

    @property
    def period(self) -> str:
        return f"{self.span.name}  {self.unit}"


def of(store: Store, register: Register, unit: str, period: str, *, is_plan: bool) -> Pack:
    """The report of a period, or the plan of a year, of a unit; HazardError names what is wrong."""
    if unit not in register.institutions:
        raise HazardError(f"--institution: expected one of institutions.csv, found {unit!r}")
    option = "--plan" if is_plan else "--period"
    try:
        span = parse(period)
    except HazardError as error:
        raise HazardError(f"{option}: {error}") from None
    known = forms.load(register.folder)
    said = declared.load(register.folder, register, unit, known)
    sources = Sources(register, ledger.live(ledger.read(store)), unit, said)
    name = register.institutions[unit].name
    if not is_plan:
        made = report.build(known[REPORT], sources, span)
        return Pack(made.title, name, span, [made])
    if len(period) != 4:
        raise HazardError(f"--plan: expected YYYY, found {period!r}")
    before = parse(str(span.year - 1))
    tables = plan.build(known, sources, span, before)
    return Pack(f"{span.year}年危险废物管理计划", name, span, tables)

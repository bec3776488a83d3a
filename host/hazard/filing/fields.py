"""Fields of a form: a value, where it comes from, or that nobody has said it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ...office.table import Cell
from .declared import Declared
from .forms import Form, FormColumn

TONNE = "吨"  # HJ 1259-2022 5.5.1
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?")


@dataclass(frozen=True)
class Field:
    """value: None where nobody has said it. basis: the entries, the file or the row behind it; of
    an empty field, what may help to fill it."""

    value: Cell
    basis: str = ""


EMPTY = Field(None)
Facts = Mapping[str, Callable[[], Field]]  # fact -> its field


def tonnes(grams: int, basis: str) -> Field:
    """A mass as forms have it: tonnes, exact to the gram."""
    return Field(Decimal(grams).scaleb(-6), basis)


def text(value: str, basis: str) -> Field:
    return Field(value, basis) if value else EMPTY


@dataclass
class Filled:
    """A form with its rows. A field that does not concern a row is "". doubts: what to look at."""

    form: Form
    title: str
    columns: list[str]
    period: str
    said: Declared
    rows: list[list[Field]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # what each row is about
    doubts: list[str] = field(default_factory=list)

    def add(self, name: str, facts: Facts, of: Sequence[str]) -> None:
        """A row about something. of: its names in declared.csv, the closest first."""
        self.rows.append([self._field(name, c, facts, of) for c in self.form.columns])
        self.names.append(name)

    def _field(self, name: str, column: FormColumn, facts: Facts, of: Sequence[str]) -> Field:
        """What ledger or register knows, else what somebody said; both where they differ."""
        known = facts[column.of]() if column.of in facts else EMPTY
        said = self.said.find(self.form.form, self.period, column.title, of)
        if said is None:
            return known
        basis = f"{said.place}：{said.by} {said.day}"
        if known.value is None:
            is_number = _NUMBER.fullmatch(said.value)
            return Field(Decimal(said.value) if is_number else said.value, basis)
        if str(known.value) != said.value:
            text_ = f"{known.value}（{known.basis}），{basis} 为 {said.value}：按前者填写"
            self.doubts.append(f"{name}：{column.column} 为 {text_}")
        return known

    def end(self) -> None:
        """Tell what of declared.csv no field took."""
        unused = self.said.unused(self.form.form, self.period)
        self.doubts += [f"{said.place}：没有字段用到它" for said in unused]

    def empty(self) -> list[tuple[str, str, str]]:
        """(what the row is about, column, what may help) of each field that somebody has to
        say."""
        return [
            (name, title, f.basis)
            for name, row in zip(self.names, self.rows, strict=True)
            for title, f in zip(self.columns, row, strict=True)
            if f.value is None
        ]

"""The forms and their columns, which are data: forms.csv and columns.csv here, and what a registry
folder has in filing_columns.csv in the place of a form's columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...common import csv_file
from ...registry import csv_rows
from .. import HazardError

REPORT = "report"
FILE = "filing_columns.csv"
_COLUMNS = ("form", "group", "column", "of", "width")
_WIDTH = re.compile(r"[1-9]\d?")


@dataclass(frozen=True)
class FormColumn:
    """of: the fact that fills it, see facts; "" where only a person knows. width in Latin
    characters."""

    group: str
    column: str
    of: str
    width: float

    @property
    def title(self) -> str:
        return f"{self.group}\n{self.column}" if self.group else self.column


@dataclass(frozen=True)
class Form:
    """categories: of the units that fill it; () for all."""

    form: str
    title: str
    categories: tuple[str, ...]
    source: str
    columns: tuple[FormColumn, ...]

    def named(self) -> dict[str, FormColumn]:
        """Its columns by name, and by group/name, which is needed where a name comes twice."""
        found = {f"{c.group}/{c.column}": c for c in self.columns if c.group}
        names = [c.column for c in self.columns]
        return found | {c.column: c for c in self.columns if names.count(c.column) == 1}


def load(folder: Path | None = None) -> dict[str, Form]:
    """Every form by its name; RegistryError names a mistake of the registry folder."""
    columns = dict(_of_package())
    if folder is not None and (folder / FILE).exists():
        columns |= _of_registry(folder, tuple(columns))
    made = {}
    for _, row in _read("forms.csv").rows(("form", "title", "categories", "source")):
        categories = tuple(c for c in row["categories"].split("|") if c)
        form = row["form"]
        made[form] = Form(form, row["title"], categories, row["source"], columns[form])
    return made


def _of_registry(folder: Path, known: tuple[str, ...]) -> dict[str, tuple[FormColumn, ...]]:
    facts = {c.of for columns in _of_package().values() for c in columns if c.of}
    found: dict[str, list[FormColumn]] = {}
    for row in csv_rows(folder, FILE, _COLUMNS):
        form, of = row.one_of("form", known), row.optional("of")
        if of and of not in facts:
            raise row.fail("of", f"one of {' '.join(sorted(facts))}, or nothing")
        width = float(row.match("width", _WIDTH, "1 to 99"))
        column = FormColumn(row.optional("group"), row.text("column"), of, width)
        found.setdefault(form, []).append(column)
    return {form: tuple(columns) for form, columns in found.items()}


@cache
def _of_package() -> Mapping[str, tuple[FormColumn, ...]]:
    made: dict[str, list[FormColumn]] = {}
    for _, r in _read("columns.csv").rows(_COLUMNS):
        column = FormColumn(r["group"], r["column"], r["of"], float(r["width"]))
        made.setdefault(r["form"], []).append(column)
    return {form: tuple(columns) for form, columns in made.items()}


def _read(name: str) -> csv_file.CsvFile:
    return csv_file.read(Path(__file__).with_name(name), HazardError)


def for_category(forms: Iterable[Form], category: str) -> list[Form]:
    """The forms of the plan that a unit of a 管理类别 fills."""
    return [f for f in forms if f.form != REPORT and category in f.categories]

"""What people said for fields that neither ledger nor register knows: declared.csv."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...registry import csv_rows
from ..register import LAST, Register
from .forms import Form

FILE = "declared.csv"
_COLUMNS = ("institution", "period", "form", "of", "column", "value", "by", "day")
_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?|")
# Masses and what names the waste come from the ledger alone.
LEDGER_ALONE = ("own_name", "code", "produced", "used", "sent", "opening", "closing")


@dataclass(frozen=True)
class Said:
    value: str
    by: str
    day: dt.date
    place: str


class Declared:
    """Looks up what was said, the nearest first: for that period, then for every period; for that
    waste, unit or facility, then for all."""

    def __init__(self, rows: Mapping[tuple[str, str, str, str], Said]) -> None:
        self._rows = rows
        self._used: set[tuple[str, str, str, str]] = set()

    def find(self, form: str, period: str, title: str, of: Iterable[str]) -> Said | None:
        """of: names of what a row is about, such as the code and the receiver."""
        for when in (period, ""):
            for name in (*of, ""):
                key = form, when, name, title
                if key in self._rows:
                    self._used.add(key)
                    return self._rows[key]
        return None

    def names(self, form: str, period: str) -> list[str]:
        """What the rows of a form are about, in their order."""
        found = (of for f, when, of, _ in self._rows if f == form and when in (period, "") and of)
        return list(dict.fromkeys(found))

    def unused(self, form: str, period: str) -> list[Said]:
        """Rows for a form and this very period that no field took."""
        return [
            said
            for key, said in self._rows.items()
            if key[0] == form and key[1] == period and key not in self._used
        ]


def load(folder: Path | None, register: Register, unit: str, forms: Mapping[str, Form]) -> Declared:
    """The rows of declared.csv about an institution; none without it. RegistryError names the
    first mistake."""
    found: dict[tuple[str, str, str, str], Said] = {}
    if folder is None or not (folder / FILE).exists():
        return Declared(found)
    seen: set[tuple[str, ...]] = set()
    for row in csv_rows(folder, FILE, _COLUMNS):
        name = row.known("institution", register.institutions, "one of institutions.csv")
        form = row.known("form", forms, f"one of {' '.join(forms)}")
        columns = forms[form].named()
        column = columns[row.known("column", columns, f"a column of {form}")]
        if column.of in LEDGER_ALONE:
            raise row.fail("column", "one that does not come from the ledger")
        period = row.match("period", _PERIOD, "YYYY, YYYY-Q1, YYYY-MM or nothing")
        key = form, period, row.optional("of"), column.title
        row.unique("column", seen, (name, *key))
        seen.add((name, *key))
        row.text("day")
        said = Said(row.text("value"), row.text("by"), row.date("day", LAST), Path(row.place).name)
        if name == unit:
            found[key] = said
    return Declared(found)

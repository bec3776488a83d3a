"""Batch codes of the ledger: HWRK20221024001 is the prefix of the table, the local day, a serial.

The prefixes are data: batch_prefixes.csv of the package, and of a registry folder that has other
ones. An entry keeps the code it was made with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ..common import csv_file
from ..common.local_days import LOCAL
from ..registry import csv_rows
from . import HazardError
from .entry import TABLES, Entry

FILE = "batch_prefixes.csv"
_PREFIX = re.compile(r"[A-Z]{1,12}")
_CODE = re.compile(r"\D*([0-9]{8})([0-9]{3,9})")


@cache
def _of_package() -> dict[str, str]:
    rows = csv_file.read(Path(__file__).with_name(FILE), HazardError).rows(("table", "prefix"))
    return {row["table"]: row["prefix"] for _, row in rows}


def prefixes(folder: Path | None = None) -> dict[str, str]:
    """Table -> prefix, with what the folder's file says; RegistryError names a mistake."""
    found = dict(_of_package())
    if folder is None or not (folder / FILE).exists():
        return found
    for row in csv_rows(folder, FILE, ("table", "prefix")):
        table = row.one_of("table", tuple(TABLES))
        prefix = row.match("prefix", _PREFIX, "1 to 12 letters A to Z")
        if any(other == prefix for name, other in found.items() if name != table):
            raise row.fail("prefix", "another one than of the other tables")
        found[table] = prefix
    return found


class Batches:
    """Assigns batch codes, each once for an institution."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        """given: table -> prefix; None: those of the package."""
        self._prefixes = _of_package() if given is None else given
        self._last: dict[tuple[str, str, str], int] = {}  # institution, table, day -> serial
        self._used: set[tuple[str, str]] = set()

    def saw(self, entry: Entry) -> None:
        """Note the code of an entry as used, whatever its prefix was then."""
        self._used.add((entry.institution, entry.batch))
        match = _CODE.fullmatch(entry.batch)
        if match:
            key = entry.institution, entry.table, match[1]
            self._last[key] = max(self._last.get(key, 0), int(match[2]))

    def next(self, institution: str, table: str, t: int) -> str:
        """The next free code of the local day of t (Unix seconds)."""
        day = dt.datetime.fromtimestamp(t, LOCAL).strftime("%Y%m%d")
        key = institution, table, day
        while True:
            self._last[key] = serial = self._last.get(key, 0) + 1
            code = f"{self._prefixes[table]}{day}{serial:03d}"
            if (institution, code) not in self._used:
                return code

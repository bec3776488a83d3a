"""One table as a file: CSV, a workbook, or a page that prints on A4."""

from __future__ import annotations

from pathlib import Path

from ..common.atomic_write import whole
from ..common.disclaimer import DISCLAIMER
from ..common.shown import CsvWriter
from .table import Table

FORMS = ("csv", "xlsx", "html")


def write(made: Table, path: Path, form: str) -> None:
    """As one of FORMS."""
    if form == "xlsx":
        from .xlsx import Workbook  # noqa: PLC0415  only where a workbook is written

        with Workbook(path, made.title, DISCLAIMER) as book:
            book.add(made)
    elif form == "html":
        from .page import page  # noqa: PLC0415

        with whole(path) as part:
            part.write_text(page(made.title, made.period, [made], DISCLAIMER), encoding="utf-8")
    else:
        with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            out = CsvWriter(file)
            out.writerow([c.title for c in made.columns])
            out.writerows(["" if v is None else v for v in row] for row in made.rows)

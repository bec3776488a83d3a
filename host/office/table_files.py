"""Tables as a file: CSV of one, or a workbook or a page that prints on A4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..common.atomic_write import whole
from ..common.disclaimer import DISCLAIMER
from ..common.shown import CsvWriter
from .table import Table

FORMS = ("csv", "xlsx", "html")


def write(made: Table, path: Path, form: str) -> None:
    """One table, as one of FORMS."""
    if form != "csv":
        write_all([made], path, form, made.period)
        return
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow([c.title for c in made.columns])
        out.writerows(["" if v is None else v for v in row] for row in made.rows)


def write_all(
    made: Sequence[Table], path: Path, form: str, period: str, drawn: Sequence[str] = ()
) -> None:
    """Several as a workbook (xlsx), or as a page (html) below what is drawn (SVG). They have the
    title of the first."""
    if form == "xlsx":
        from .xlsx import Workbook  # noqa: PLC0415  only where a workbook is written

        with Workbook(path, made[0].title, DISCLAIMER) as book:
            for table in made:
                book.add(table)
    else:
        from .page import page  # noqa: PLC0415

        with whole(path) as part:
            text = page(made[0].title, period, [*drawn, *made], DISCLAIMER)
            part.write_text(text, encoding="utf-8")

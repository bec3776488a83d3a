"""How figures are written: exact, rounded as a spreadsheet does it, and — where there is none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from libreoffice import sheets

from host.common import quantity
from host.common.quantity import kg, known, percent, share, shown, tonnes, wan_tonnes
from host.office.page import page
from host.office.table import Column, Table
from host.office.xlsx import Workbook
from host.serve import formatting

# Halves, and what binary fractions make of them: t and shares that a program might round apart.
TIES = ["0.0125", "0.0005", "2.6745", "0.0035", "1.0005", "0.9995", "0.1235", "8.8125"]
SHARES = ["0.03345", "0.0005", "0.0345", "0.1235", "0.99949", "0.9995", "0.03225", "0.333333"]


def test_grams_are_exact() -> None:
    assert (kg(12_345), tonnes(12_345), wan_tonnes(12_345)) == (
        "12.345",
        "0.012345",
        "0.0000012345",
    )
    assert kg(-1) == "-0.001" and kg(0) == "0.000" and kg(5, "+") == "+0.005"
    assert kg(630_400_000_001) == "630400000.001"


def test_what_nobody_measured_is_no_zero() -> None:
    assert known(0, 0) is None
    assert known(0, 1) == 0
    assert known(-40, 0) == -40  # it was seen across a gap: it must not be lost
    assert {f(None) for f in (kg, tonnes, wan_tonnes, quantity.count, quantity.coverage)} == {"—"}
    assert quantity.kg_number(None) is None and quantity.count(0) == "0"
    assert share(0, 0) is None and share(0, 86_400) == 0


def test_a_share_is_settled_once() -> None:
    assert share(1, 3) == Decimal("0.333333") and quantity.coverage(share(1, 3)) == "0.333333"
    assert share(86_399, 86_400) == Decimal("0.999988")
    # 0.03348 is 3.3 %; with four decimals a reader would make 3.4 % of it.
    assert percent(Decimal("0.03348")) == "3.3"


def test_a_spreadsheet_shows_the_same_digits(tmp_path: Path) -> None:
    """Workbook as LibreOffice shows it, page of HTML, served page."""
    columns = (Column("t", 12, 3), Column("share", 12, 1, percent=True))
    rows = [[Decimal(t), Decimal(s)] for t, s in zip(TIES, SHARES, strict=True)]
    table = Table("x", "title", "t", "p", columns, rows)
    with Workbook(tmp_path / "x.xlsx", "title", "said") as book:
        book.add(table)
    found = [row[:2] for row in sheets(tmp_path / "x.xlsx", tmp_path)["x"][3:11]]
    ours = [[shown(t, 3), f"{percent(s)}%"] for t, s in rows]
    assert found == ours
    html = page("title", "p", [table], "said")
    assert all(f">{cell}<" in html for row in ours for cell in row)
    assert [formatting.percent(s) for _, s in rows] == [f"{percent(s)} %" for _, s in rows]


@pytest.mark.parametrize("value", [0.03345, 2.6745, 0.0345])
def test_a_float_is_what_it_is_written_as(value: float) -> None:
    assert shown(value, 3) == shown(Decimal(str(value)), 3)

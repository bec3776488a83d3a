"""One cell: what is a number, a time, a name, and what is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from host.tables import cells


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("29800.5", "29800.5"), ("29,800.5", "29800.5"), ("1,234,567", "1234567"),
        ("1 234 567.25", "1234567.25"), ("３１,０００．５０", "31000.50"), ("-3", "-3"),
        ("007", "7"),
        ("29800,5", None), ("2,0", None), ("1,0355", None), ("1,23,456", None), (",5", None),
        ("1.234.567", None), ("1,234 567", None), ("1e3", None), ("NaN", None), ("Infinity", None),
        ("", None), ("三十", None), ("1_000", None), ("9" * 41, None), ("35kg", None),
    ],
)  # fmt: skip
def test_numbers(text: str, value: str | None) -> None:
    assert cells.number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-03-03 08:15", "2026-03-03 08:15:00"),
        ("2026-03-03 08:15:00.0", "2026-03-03 08:15:00"),
        ("2026-03-03T08:15:30.999", "2026-03-03 08:15:30"),
        ("2026/3/3 下午2:05", "2026-03-03 14:05:00"),
        ("2026/3/3 上午12:05", "2026-03-03 00:05:00"),
        ("2026/3/3 2:05 PM", "2026-03-03 14:05:00"),
        ("2026年3月3日8时5分", "2026-03-03 08:05:00"),
        ("20260303 0815", "2026-03-03 08:15:00"),
        ('="2026-03-03"', "2026-03-03 00:00:00"),
        (46084.34375, "2026-03-03 08:15:00"),
        (dt.datetime(2026, 3, 3, 8, 14, 59, 999_600), "2026-03-03 08:15:00"),
        (dt.date(2026, 3, 3), "2026-03-03 00:00:00"),
        ("2026/3/3 下午14:05", None),
        ("2026/3/3 下午2:05 PM", None),
        ("03/03/2026", None),
        ("2026-02-30", None),
        (dt.time(8, 15), None),
        (dt.timedelta(days=3), None),
        (dt.datetime(1899, 12, 30), None),
        (dt.datetime(2100, 1, 1), None),
        (1e300, ValueError),
        (None, None),
    ],
)
def test_times(raw: object, expected: object) -> None:
    if expected is ValueError:
        with pytest.raises(ValueError, match="15 digits"):
            cells.moment(raw)
        return
    found = cells.moment(raw)
    assert (None if found is None else found.strftime("%Y-%m-%d %H:%M:%S")) == expected


def test_a_serial_of_a_workbook_of_1904() -> None:
    assert cells.moment(46084.0 - cells.DAYS_1904, of_1904=True) == cells.moment(46084.0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (15.290000000000001, "15.29"), (20263101000001.0, "20263101000001"), (0.0, "0"),
        (1e-7, "0.0000001"), (5, "5"), (True, "TRUE"), (None, ""), (" a\x01b ", "ab"),
        ("a\nb", "a b"), ('="0001"', "0001"), ("=1", "=1"),
    ],
)  # fmt: skip
def test_text(raw: object, text: str) -> None:
    assert cells.text(raw) == text


def test_a_number_that_a_spreadsheet_has_cut() -> None:
    """An identification of 18 digits loses its last three in a cell that is a number."""
    with pytest.raises(ValueError, match="digits kept as text"):
        cells.text(310117199001011234.0)


def test_names_however_they_are_typed() -> None:
    same = [
        "天马焚烧厂（二期）",
        "天马焚烧厂(二期)",
        " 天马 焚烧厂（二期) ",
        '"天马焚烧厂（二期）"',
    ]
    assert len({cells.folded(name) for name in same}) == 1
    assert cells.folded("天马一期") != cells.folded("天马二期")
    assert {cells.folded_number(n) for n in ("0001", "1", "０００１", " 1")} == {"1"}
    assert cells.folded_number("B001") == "b001" and cells.folded_number("000") == "0"

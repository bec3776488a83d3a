"""The one reader of CSV files: what it takes, and the line it says for what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.common import csv_file
from host.common.errors import UserError

COLUMNS = ("name", "kg")


def rows(path: Path, data: str | bytes, encoding: str = "utf-8") -> list[csv_file.Row]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return list(csv_file.read(path).rows(COLUMNS))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write(tmp_path: Path, encoding: str, end: str) -> None:
    """Empty lines and blanks around cells are left out; a cell may hold a line break."""
    text = end.join([",,", "name, kg ,note", " 桶一 ,1.5,", ",,", '"二\n行",2,"a,b"', ""])
    assert rows(tmp_path / "f.csv", text, encoding) == [
        (3, {"name": "桶一", "kg": "1.5", "note": ""}),
        (6, {"name": "二\n行", "kg": "2", "note": "a,b"}),
    ]
    expected = "GB18030" if encoding == "gb18030" else None
    assert csv_file.read(tmp_path / "f.csv").encoding == expected


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", ":1: expected a column name"),
        (b"\n\nname,k\n", ":3: expected a column kg"),
        (b"name,kg,kg\n", ":1: expected one column kg, found more"),
        (b"name,kg\na,1\n\nb\n", ":4: expected 2 columns, found 1"),
        (b"name,kg\na,1,2\n", ":2: expected 2 columns, found 3"),
        (b"name,kg\na,\xff\n", ":2: expected UTF-8 or GB18030, found byte 0xff"),
        ("name,kg\n方松,1\n".encode() + "方松,2".encode("gbk"), ":2: expected one encoding"),
        (b'name,kg\na,"' + b"1" * 200_000, ":2: not a CSV: field larger than field limit"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, data: bytes, problem: str) -> None:
    with pytest.raises(UserError) as raised:
        rows(tmp_path / "f.csv", data)
    assert str(raised.value).startswith(f"{tmp_path / 'f.csv'}{problem}")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"f\.csv: cannot be read: No such file or directory$"):
        csv_file.read(tmp_path / "f.csv")

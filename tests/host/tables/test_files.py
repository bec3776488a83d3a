"""Files as offices make them: every kind gives the same rows, and what is odd is told."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import tables_made
import xlsxwriter
from libreoffice import convert
from tables_made import HEAD

from host.tables import TableError, parts, sheet, workbook
from host.tables.workbook import MOST_CELLS

ROWS = tables_made.tickets(3)
GRID: list[list[object]] = [list(HEAD), *ROWS]


def read(path: Path) -> tuple[list[tuple[str, int, Decimal]], list[str]]:
    """(number, time, net mass) of each row, and the notes without the path."""
    table = sheet.read(path, HEAD)
    found = [
        (
            line.text("磅单号"),
            line.time("进厂时间"),
            line.number_of("净重", least=Decimal(0), most=Decimal(60000)),
        )
        for line in table.lines()
    ]
    return found, [note.removeprefix(str(path)) for note in table.notes]


EXPECTED = [
    (str(r[0]), 1_772_496_900 + 60 * n, Decimal(str(r[6])))  # from 2026-03-03 08:15 in Shanghai
    for n, r in enumerate(ROWS)
]


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("a.csv", tables_made.csv(GRID).encode(), None),
        ("a.csv", tables_made.csv(GRID).encode("gbk"), ": not UTF-8, read as GB18030"),
        ("a.txt", tables_made.csv(GRID, "\t").encode("utf-16"), ": not UTF-8, read as UTF-16"),
        ("a.csv", tables_made.csv(GRID, ";").encode("utf-8-sig"), None),
        ("a.xls", tables_made.csv(GRID, "\t").encode(), ": text, not a workbook: read as such"),
        ("a.xls", tables_made.web_page(GRID).encode("gbk"), ": a web page, not a workbook: "),
        ("a.html", tables_made.web_page(GRID).encode(), ": a web page, not a workbook: "),
    ],
)
def test_text_of_every_kind(tmp_path: Path, name: str, data: bytes, note: str | None) -> None:
    (tmp_path / name).write_bytes(data)
    found, notes = read(tmp_path / name)
    assert found == EXPECTED
    assert (notes == []) if note is None else any(n.startswith(note) for n in notes), notes


def test_workbooks_of_every_kind(tmp_path: Path) -> None:
    """XLSX as openpyxl writes it, and XLS and ODS as LibreOffice does."""
    book = tables_made.workbook(tmp_path / "a.xlsx", GRID)
    assert read(book) == (EXPECTED, [])
    for ending in ("xls", "ods"):
        convert(book, ending, tmp_path)
        assert read(tmp_path / f"a.{ending}") == (EXPECTED, []), ending


DATES = [
    "yyyy-mm-dd hh:mm", "yyyy/m/d h:mm;@", 'yyyy"年"m"月"d"日" h:mm', "[$-804]yyyy\\-m\\-d h:mm;@",
    '[$-804]yyyy"年"m"月"d"日" 上午/下午 h"时"mm"分";@', '[DBNum1][$-804]yyyy"年"m"月"d"日";@',
    "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "m/d/yy h:mm", "General",
]  # fmt: skip


@pytest.mark.parametrize("of_1904", [False, True])
def test_dates_of_every_format(tmp_path: Path, of_1904: bool) -> None:
    """A date is a number with a format; without one it is told. The same from days of 1904."""
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": of_1904})
    page = book.add_worksheet()
    page.write_row(0, 0, HEAD)
    serial = 46084.34375 - (1462 if of_1904 else 0)
    forms: list[object] = [*DATES, 22, 27, 31, 57, 58]  # the last four are East Asian
    for n, form in enumerate(forms, 1):
        page.write_row(n, 0, [f"B{n}", "天马", None, "干垃圾", 3, 1, 2, "t"])
        page.write_number(n, 2, serial, book.add_format({"num_format": form}))
    book.close()
    found, notes = read(path)
    assert [t for _, t, _ in found] == [1772496900] * len(forms)  # 2026-03-03 08:15 in Shanghai
    general = DATES.index("General") + 2
    assert notes == [f":{general}: 进厂时间: {serial} read as 2026-03-03 08:15:00"]


def test_what_does_not_meet_the_eye(tmp_path: Path) -> None:
    """Hidden rows, a filter, errors of formulas, another sheet, sums, a title: each is told."""
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("三月")
    page.merge_range(1, 1, 1, 8, "三月磅单")
    for n, row in enumerate(GRID, 2):
        page.write_row(n, 1, [v if not isinstance(v, dt.datetime) else str(v) for v in row])
    page.set_row(4, None, None, {"hidden": True})
    page.autofilter(2, 1, 5, 8)
    page.write_formula(3, 10, "=1/0", None, "#DIV/0!")
    page.write_row(6, 1, ["合计", "", "", "", "", "", 56461.5])
    book.add_worksheet("四月").write_row(0, 0, HEAD)
    book.close()
    found, notes = read(path)
    assert found == EXPECTED
    assert notes == [
        ": hidden rows are read: 5",
        ": a filter is set: rows that it hides are read too",
        ": errors of formulas are read as empty: K4",
        ": 四月 has such a table too: it is not read",
        ":7: a sum of other rows: left out",
    ]
    convert(path, "ods", tmp_path)  # which takes a hidden row where there is a filter for its work
    found, of_ods = read(tmp_path / "a.ods")
    assert found == EXPECTED
    assert of_ods == notes[1:]


def test_a_formula_without_a_value_is_told(tmp_path: Path) -> None:
    """As programs write it that compute nothing; LibreOffice keeps the values when it saves."""
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in GRID:
        book.active.append(row)
    for n in range(2, 5):
        book.active.cell(n, 7, f"=E{n}-F{n}")
    book.save(path)
    table = sheet.read(path, HEAD)
    says = ": formulas that nobody has computed are read as empty: G2 G3 G4: open it in a spreadsh"
    (note,) = table.notes
    assert note.startswith(f"{path}{says}")
    (tmp_path / "saved").mkdir()
    convert(path, "xlsx", tmp_path / "saved")
    assert read(tmp_path / "saved" / "a.xlsx") == (EXPECTED, [])


def test_a_hidden_row_without_a_number(tmp_path: Path) -> None:
    """Some programs number neither rows nor cells."""
    path = tables_made.workbook(tmp_path / "a.xlsx", GRID)
    with zipfile.ZipFile(path) as file:
        held = {name: file.read(name) for name in file.namelist()}
    name = "xl/worksheets/sheet1.xml"
    xml = re.sub(rb' (r|spans)="[A-Z0-9:]+"', b"", held[name])
    held[name] = xml.replace(b"<row", b"<ROW", 2).replace(b"<row", b'<row hidden="1"', 1)
    held[name] = held[name].replace(b"<ROW", b"<row")
    with zipfile.ZipFile(path, "w") as file:
        for part, data in held.items():
            file.writestr(part, data)
    assert read(path) == (EXPECTED, [": hidden rows are read: 3"])


def test_a_formula_that_was_written_with_0_for_its_value(tmp_path: Path) -> None:
    """As XlsxWriter does, and LibreOffice keeps it when it saves. A column in which a formula has
    another value was computed."""
    path = tmp_path / "a.xlsx"
    head = ["车牌号", "满桶", "空桶", "净重", "扣重"]
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(1, 1, head)
        for n, removed in ((2, 0), (3, 2)):
            page.write_row(n, 1, ["沪A1", 54, 12])
            page.write_formula(n, 4, "=C3-D3")
            page.write_formula(n, 5, "=6-6", None, removed)
    table = sheet.read(path, head)
    first, second = table.lines()
    most = {"least": Decimal(0), "most": Decimal(100)}
    assert [first.number_of("扣重", **most), second.number_of("扣重", **most)] == [0, 2]
    with pytest.raises(TableError) as error:
        first.number_of("净重", **most)
    said = "净重: expected a value, found a formula that nobody has computed"
    assert str(error.value) == f"{path}:3: {said}"
    assert "read as empty: E3 E4: open it" in table.notes[0]


def test_an_ods_says_what_its_filter_hides(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("content.xml", ods_of('<table:table-row table:visibility="filter">'))
    part = parts.of(path).parts["一"]
    assert (part.filtered, part.hidden, part.last_row, part.last_column) == (True, [], 50, 40)


def test_repeated_cells_of_an_ods_count_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row, repeated 50 times, of one cell, repeated 40 times: refused before it is read, where
    it is too much."""
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", ods_of("<table:table-row {}>"))
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        file.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{manifest}"/>')
    with pytest.raises(TableError, match="expected a column 磅单号"):  # it can be read
        read(path)
    monkeypatch.setattr(workbook, "MOST_CELLS", 1999)
    monkeypatch.setattr(python_calamine, "CalamineWorkbook", None)  # it is not asked
    with pytest.raises(TableError, match="values reach to row 50 and column 40: delete what"):
        read(path)
    assert parts.of(path).parts["一"].last_row == 50


def ods_of(row: str) -> str:
    """content.xml of one sheet."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    repeated = 'table:number-rows-repeated="50"'
    row = row.replace("{}", repeated) if "{}" in row else row.replace(">", f" {repeated}>")
    cell = '<table:table-cell table:number-columns-repeated="40" office:value-type="float" '
    return (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="一">{row}{cell}office:value="1"><text:p>1</text:p>'
        "</table:table-cell></table:table-row></table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )


@pytest.mark.parametrize("merged", [True, False])
def test_a_header_of_two_rows(tmp_path: Path, merged: bool) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    page.append([*HEAD[:4], "重量", None, None, "单位"])
    page.append([None] * 4 + HEAD[4:7] + [None])
    for cells in ("E1:G1", "A1:A2", "B1:B2", "C1:C2", "D1:D2", "H1:H2") if merged else ():
        page.merge_cells(cells)
    for row in ROWS:
        page.append(row)
    book.save(path)
    found, notes = read(path)
    assert (found, notes) == (EXPECTED, [":2: the header has two rows: read as one"])


def test_a_mass_merged_over_rows_does_not_count_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in GRID:
        book.active.append(row)
    book.active.merge_cells("B2:B4")
    book.active.merge_cells("G3:G4")
    book.save(path)
    expected = "净重: expected a number for each row, not one merged over rows"
    with pytest.raises(TableError, match=rf"a.xlsx:3: {expected}"):
        read(path)
    html = tables_made.web_page(GRID).replace("<td>18820.5", "<td rowspan=2>18820.5", 1)
    (tmp_path / "a.xls").write_text(html.replace("<td>18820.5</td>", "", 1), encoding="utf-8")
    with pytest.raises(TableError, match=rf"a.xls:2: {expected}"):
        read(tmp_path / "a.xls")


def test_a_name_merged_over_rows_is_that_of_each(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in GRID:
        book.active.append(row)
    book.active.merge_cells("B2:B4")
    book.save(path)
    table = sheet.read(path, HEAD)
    assert [line.text("处置设施") for line in table.lines()] == ["天马焚烧厂"] * 3
    assert table.notes == [f"{path}:2: 处置设施: '天马焚烧厂' is merged: read for rows 2 to 4"]


def far(path: Path, rows: int, columns: int) -> Path:
    """Three cells, two of them far away."""
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    page.write(0, 0, "磅单号")
    page.write(rows - 1, 0, "x")
    page.write(0, columns - 1, "x")
    book.close()
    return path


def test_what_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    """A reader holds the rectangle up to the last cell with a value. Formats count for nothing."""
    columns = MOST_CELLS // 1_048_576 + 1
    with pytest.raises(TableError, match=r"values reach to row 1048576 and column 20: delete"):
        sheet.read(far(tmp_path / "a.xlsx", 1_048_576, columns), HEAD)
    path = tmp_path / "b.xlsx"
    book = openpyxl.load_workbook(tables_made.workbook(path, GRID))
    book.active.cell(1_048_576, 200).number_format = "0.00"
    book.save(path)
    assert read(path) == (EXPECTED, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 no more", "not a workbook: "),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not a workbook: "),
        (b"\x89PNG\r\n\0\0", "not a workbook: open it in a spreadsheet"),
        (b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "a workbook as XML: open it in a spreadsheet and save it as .xlsx"),
        (b'<?xml version="1.0"?>\n<office:document office:version="1.3">', "a workbook as XML: "),
        (b"ID;PCALCOOO32\nB;Y3;X9", "a workbook as SYLK: open it in a spreadsheet and save it"),
        (b"MIME-Version: 1.0\nX-Document-Type: Workbook", "a web archive: open it in a spreadsh"),
        (b"", ":1: expected a column 磅单号"),
        (b"\xff\xfe\x00", "expected UTF-8 or GB18030"),
    ],
)  # fmt: skip
def test_one_line_says_what_to_do(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(data)
    with pytest.raises(TableError) as caught:
        sheet.read(path, HEAD)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_workbook_with_parts_that_are_cut(tmp_path: Path) -> None:
    """Any cut, any damaged byte: rows as they are, or one line."""
    whole = tables_made.workbook(tmp_path / "w.xlsx", GRID).read_bytes()
    path, lines = tmp_path / "a.xlsx", 0
    for n in range(0, len(whole), max(1, len(whole) // 60)):
        for data in (whole[:n], whole[:n] + bytes([whole[n] ^ 0x55]) + whole[n + 1 :]):
            path.write_bytes(data)
            try:
                found, _ = read(path)
            except TableError as error:
                assert "\n" not in str(error)
                lines += 1
            else:
                assert found == EXPECTED
    assert lines > 20

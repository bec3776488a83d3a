"""The official table of the catalogue as an office gets it: workbook, CSV, text of the PDF."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook

from host.hazard.catalogue import Code

HEAD = ("废物类别", "行业来源", "废物代码", "危险废物", "危险特性")
TITLE = "国家危险废物名录"
Row = list[str]
_FIRST = {"900": "非特定行业", "841": "卫生", "772": "环境治理业", "321": "常用有色金属冶炼"}
_PARTS = ("基础", "专用", "合成", "日用", "其他", "特种")
_WHOLE = ("化学品", "材料", "金属", "器材", "电子", "燃料", "印刷", "建材")


def industry(code: str) -> str:
    """One for each first digits of a code: the data here has no 行业来源."""
    n = int(code[:3])
    return _FIRST.get(code[:3], f"{_PARTS[n % 6]}{_WHOLE[n // 6 % 8]}制造{'业' * (n // 48 % 2)}")


def rows(codes: Sequence[Code]) -> list[Row]:
    """Each row with all five cells."""
    return [
        [f"{c.category} {c.category_name}", industry(c.code), c.code, c.description,
         c.hazard.replace("/", ",")] for c in codes
    ]  # fmt: skip


def write_xlsx(path: Path, table: Sequence[Row], *, merged: bool = True) -> None:
    """A workbook; category and industry stand in cells merged over their rows."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.append([f"附表 {TITLE}"])
    page.append(HEAD)
    at = 3
    for _, group in groupby(table, key=lambda row: row[0]):
        held = list(group)
        for n, row in enumerate(held):
            first = row[0].replace(" ", "\n") if n == 0 or not merged else None
            page.append([first, row[1], row[2], row[3], row[4]])
        if merged and len(held) > 1:
            page.merge_cells(start_row=at, end_row=at + len(held) - 1, start_column=1, end_column=1)
        at += len(held)
    book.save(path)


def write_csv(path: Path, table: Sequence[Row]) -> None:
    """A CSV as a spreadsheet makes it of merged cells: the category once, then nothing."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        before = ""
        for row in table:
            out.writerow(["" if row[0] == before else row[0], *row[1:]])
            before = row[0]


def wrapped(text: str, width: int) -> list[str]:
    """A cell as lines of a PDF."""
    return [text[i : i + width] for i in range(0, len(text), width)] or [""]


def text_of(table: Sequence[Row], luck: random.Random) -> str:
    """The text of the PDF: heads on each page, page numbers, cells broken anywhere, some codes
    broken, a few digits in full width."""
    lines = [f"附表 {TITLE}", "（2021 年版）"]
    before, first = "", ""
    for n, (category, trade, code, waste, hazard) in enumerate(table):
        if n % 12 == 0:
            lines += [] if n == 0 else ["", f"— {n // 12 + 3} —", ""]
            lines += ["  ".join(HEAD)] if luck.random() < 0.5 else list(HEAD)
        if category != before:
            number, _, name = category.partition(" ")
            lines += [number, *wrapped(name, luck.choice((4, 6, 40)))]
        if category != before or first != code[:3]:
            lines += wrapped(trade, luck.choice((4, 30)))
        before, first = category, code[:3]
        way = luck.random()
        shown = code
        if way < 0.1:
            shown = f"{code[:8]}\n{code[8:]}"
        elif way < 0.2:
            shown = f"{code[:4]}\n{code[4:]}"
        elif way < 0.25:
            shown = code.translate({48 + i: 0xFF10 + i for i in range(10)})
        cell = wrapped(waste, luck.randint(18, 34))
        lines += f"{shown} {cell[0]}".split("\n") if way < 0.6 else [*shown.split("\n"), cell[0]]
        lines += cell[1:]
        lines[-1:] = [f"{lines[-1]}  {hazard}"] if luck.random() < 0.5 else [lines[-1], hazard]
    return "\n".join([*lines, "注：1.名录中“废物代码”为八位。", "附录", "1 900-003-04 农药", ""])

"""Tables of a web page, which many programs save under the name of a workbook."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST_SPAN = 1000  # cells over which one may be merged


def is_markup(text: str) -> bool:
    start = text[:4096].lstrip().lower()
    return start.startswith("<") and any(tag in start for tag in ("<html", "<table", "<!doctype"))


@dataclass
class Grid:
    """The cells of a table. A merged one stands in the first of its rows and columns. merged: cells
    merged over rows, (first row, last row, column), rows from 1."""

    rows: list[list[str]] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)


def tables(text: str) -> list[Grid]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.tables


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Grid] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._taken: dict[int, int] = {}  # column -> last row of the merged cell above

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(Grid())
            self._taken = {}
        elif tag == "tr" and self.tables:
            self._end_cell()
            self.tables[-1].rows.append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1].rows:
            self._end_cell()
            given = dict(attrs)
            self._span = _span(given.get("rowspan")), _span(given.get("colspan"))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        self._cell = None
        grid = self.tables[-1]
        row, number = grid.rows[-1], len(grid.rows)
        while self._taken.get(len(row), 0) >= number:
            row.append("")
        last = number + self._span[0] - 1
        for n in range(self._span[1]):
            if last > number:
                self._taken[len(row)] = last
                grid.merged.append((number, last, len(row)))
            row.append(text if n == 0 else "")


def _span(text: str | None) -> int:
    return min(int(text), MOST_SPAN) if text and text.isdecimal() and int(text) > 0 else 1

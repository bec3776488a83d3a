"""The figures beside their goals: a table, a picture, and the page that holds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from marked_page import put
from rich.console import Console

from host.common import svg, terminal

BEGIN = "<!-- made by make bench-host: do not edit below this line -->"
END = "<!-- made by make bench-host: end -->"


@dataclass(frozen=True)
class Row:
    """One figure. goal: at least, or with most=True at most, so much; None: none is set."""

    what: str
    value: float
    unit: str = ""
    goal: float | None = None
    most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value <= self.goal if self.most else self.value >= self.goal

    def cells(self) -> tuple[str, str, str, str, str]:
        """what, measured, goal, whether it is met, note."""
        unit = f" {self.unit}" if self.unit else ""
        goal = "" if self.goal is None else f"{'≤' if self.most else '≥'} {number(self.goal)}{unit}"
        met = {None: "", True: "met", False: "**short**"}[self.met]
        return self.what, f"{number(self.value)}{unit}", goal, met, self.note


def number(value: float) -> str:
    """Three digits, thousands apart; whole numbers as they are."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


HEAD = ("what", "measured", "goal", "", "")


def show(rows: Sequence[Row], console: Console) -> None:
    table = terminal.table()
    terminal.columns(table, HEAD[:1])
    terminal.columns(table, HEAD[1:3], right=True)
    terminal.columns(table, HEAD[3:4])
    for row in rows:
        what, value, goal, met, _ = row.cells()
        table.add_row(what, value, goal, met.strip("*"))
    console.print(table)


def shortfalls(rows: Sequence[Row]) -> list[str]:
    return [" ".join(r.cells()[:3]) for r in rows if r.met is False]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], rule: str) -> str:
    first, *rest = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([first, rule, *rest])


def page(
    path: Path,
    picture: Path,
    rows: Sequence[Row],
    conditions: str,
    derived: Sequence[tuple[str, str, str]],
) -> None:
    """Put the figures between the marks of the page, and what follows from them."""
    table = _markdown(HEAD, [row.cells() for row in rows], "| --- | ---: | ---: | --- | --- |")
    follows = _markdown(("derived", "arithmetic", "result"), derived, "| --- | --- | --- |")
    image = f"![Messages or readings a second, by who takes them]({picture.name})"
    short = shortfalls(rows)
    end = "Short of the goal: " + "; ".join(short) + "." if short else "Every goal is met."
    put(path, BEGIN, END, "\n\n".join((conditions, image, table, end, follows)))


Bar = tuple[str, float, bool]  # name, a second, whether it is ours
OWN, OTHER = "#0b6e4f", "#8a8f98"


def chart(groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Bars on a scale of powers of ten, a group below the other."""
    left, wide, high, low, decades = 250, 480, 22, 2, 4  # 100 to 1,000,000 a second
    y, rows = 14, []
    for title, bars in groups:
        y += 24
        rows.append(svg.text(12, y, title, font_weight="bold"))
        y += 8
        for name, value, own in bars:
            length = wide * min(1.0, max(0.0, math.log10(max(value, 1)) - low) / decades)
            rows.append(svg.text(left - 8, y + 14, name, text_anchor="end"))
            rows.append(svg.rect(left, y + 2, length, high - 6, fill=OWN if own else OTHER))
            rows.append(svg.text(left + length + 6, y + 14, f"{value:,.0f}"))
            y += high
    grid = []
    for n in range(decades + 1):
        x, label = left + wide * n / decades, f"{10 ** (low + n):,}"
        grid.append(svg.line(x, 22, x, y + 4, stroke="#ddd"))
        grid.append(svg.text(x, y + 20, label, text_anchor="middle", fill="#666"))
    size = left + wide + 90, y + 30
    parts = [svg.rect(0, 0, *size, fill="white"), *grid, *rows]
    font = {"font_family": "sans-serif", "font_size": "12"}
    return svg.document(parts, width=size[0], height=size[1], **font) + "\n"

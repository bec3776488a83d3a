"""The figures beside their goals: a table, a picture, and the page that holds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from marked_page import put
from rich.console import Console

from host.common import terminal

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


def svg(groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Bars on a scale of powers of ten, a group below the other."""
    left, wide, high, low, decades = 250, 480, 22, 2, 4  # 100 to 1,000,000 a second
    at, out = 14, []
    for title, bars in groups:
        at += 24
        out.append(f'<text x="12" y="{at}" font-weight="bold">{title}</text>')
        at += 8
        for name, value, own in bars:
            length = wide * min(1.0, max(0.0, math.log10(max(value, 1)) - low) / decades)
            out.append(f'<text x="{left - 8}" y="{at + 14}" text-anchor="end">{name}</text>')
            out.append(
                f'<rect x="{left}" y="{at + 2}" width="{length:.1f}" height="{high - 6}" '
                f'fill="{"#0b6e4f" if own else "#8a8f98"}"/>'
                f'<text x="{left + length + 6:.1f}" y="{at + 14}">{value:,.0f}</text>'
            )
            at += high
    grid = []
    for n in range(decades + 1):
        x = left + wide * n / decades
        grid.append(f'<line x1="{x}" x2="{x}" y1="22" y2="{at + 4}" stroke="#ddd"/>')
        text = f"{10 ** (low + n):,}"
        grid.append(f'<text x="{x}" y="{at + 20}" text-anchor="middle" fill="#666">{text}</text>')
    size = f'width="{left + wide + 90}" height="{at + 30}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
            'font-size="12">',
            f'<rect {size} fill="white"/>',
            *grid,
            *out,
            "</svg>",
            "",
        ]
    )

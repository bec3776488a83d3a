"""The figures as tables and as a picture, and the page that holds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from marked_page import put
from rich.console import Console

from accuracy.baselines import BASELINES
from accuracy.bench import OURS, Result
from accuracy.summary import Summary, by_family, median, overall, quantile, shortfalls
from host.common import svg, terminal

BEGIN = "<!-- made by make bench-accuracy: do not edit below this line -->"
END = "<!-- made by make bench-accuracy: end -->"
METHODS = (OURS, *BASELINES)
COLOURS = ("#0b6e4f", "#c0392b", "#d68910", "#7d3c98", "#2471a3")
MASS_COLUMNS = (
    *("days", "median %", "p95 %", "worst %", "flagged", "worst not flagged %"),
    *("kg invented", "kg beside lifts"),
)
EVENT_COLUMNS = (
    *("collections found", "missed", "invented", "deposits found", "missed", "invented"),
    *("deposit error median g", "p95 g", "kg from faults", "fault told s"),
)


def percent(share: float | None) -> str:
    """As % with three significant digits."""
    if share is None:
        return "–"
    value = 100 * share
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(4, digits)}f}"


def rate(share: float | None) -> str:
    return "–" if share is None else f"{share:.4f}"


def mass_cells(s: Summary) -> list[str]:
    """One row of the first table."""
    cells = [str(s.days), percent(median(s.errors)), percent(quantile(s.errors, 0.95))]
    cells += [percent(s.errors[-1] if s.errors else None), f"{100 * s.flagged / s.days:.0f} %"]
    cells.append(percent(s.worst_unflagged))
    return [*cells, f"{s.invented_g / 1000:.1f}", f"{s.hidden_g / 1000:.1f}"]


def event_cells(s: Summary) -> list[str]:
    """One row of the second table."""
    cells = []
    for kind in ("collection", "deposit"):
        cells += [str(s.hits[kind]), str(s.missed[kind]), str(s.invented[kind])]
    grams = [quantile(s.deposit_errors, q) for q in (0.5, 0.95)]
    cells += ["–" if g is None else f"{g:.0f}" for g in grams]
    told = max(s.fault_after, default=None)
    cells.append(f"{s.from_faults_g / 1000:.1f}")
    return [*cells, "–" if told is None else f"{told:.0f}"]


def their_cells(s: Summary) -> list[str]:
    """Of a method, all families together."""
    cells = [percent(median(s.errors)), percent(quantile(s.errors, 0.95))]
    cells.append(percent(s.errors[-1] if s.errors else None))
    for kind in ("collection", "deposit"):
        cells += [rate(s.recall(kind)), rate(s.precision(kind))]
    return [*cells, f"{s.invented_g / 1000:.0f}"]


THEIR_COLUMNS = (
    *("error median %", "p95 %", "worst %", "collections recall", "precision"),
    *("deposits recall", "precision", "kg invented"),
)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def tables_of(results: Sequence[Result]) -> list[tuple[str, Sequence[str], list[list[str]]]]:
    """(title, head, rows) of the tables."""
    methods = [m for m in METHODS if any(m in r.scores for r in results)]
    ours = by_family(results, OURS) | {"all": overall(results, OURS)}
    mass = [[name, *mass_cells(s)] for name, s in ours.items()]
    events = [[name, *event_cells(s)] for name, s in ours.items()]
    second = [[m, *their_cells(overall(results, m))] for m in methods]
    families = {m: by_family(results, m) | {"all": overall(results, m)} for m in methods}
    third = [
        [
            name,
            *(
                " / ".join(
                    percent(v)
                    for v in (
                        median(families[m][name].errors),
                        quantile(families[m][name].errors, 0.95),
                    )
                )
                for m in methods
            ),
        ]
        for name in ours
    ]
    return [
        ("Qingyun: error of the collected mass per site-day", ("family", *MASS_COLUMNS), mass),
        ("Qingyun: events", ("family", *EVENT_COLUMNS), events),
        ("All kinds of days together", ("method", *THEIR_COLUMNS), second),
        (
            "Error of the collected mass per site-day, median / p95 in %",
            ("family", *methods),
            third,
        ),
    ]


def show(results: Sequence[Result], console: Console) -> None:
    for title, head, rows in tables_of(results):
        table = terminal.table(title)
        terminal.columns(table, head[:1])
        terminal.columns(table, [h.replace(" ", "\n") for h in head[1:]], right=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()


def page(path: Path, picture: Path, results: Sequence[Result], conditions: str) -> None:
    """Put the figures between the marks of the page."""
    parts = [conditions]
    for title, head, rows in tables_of(results):
        parts.append(f"**{title}**\n\n{_markdown(head, rows)}")
    short = shortfalls(results, OURS)
    if short:
        parts.append("Short of the goal:\n\n" + "\n".join(f"- {line}" for line in short))
    else:
        parts.append("Every goal is met.")
    parts.insert(1, f"![Error of the collected mass by kind of day]({picture.name})")
    put(path, BEGIN, END, "\n\n".join(parts))


def chart(results: Sequence[Result]) -> str:
    """Median (dot) to p95 (bar's end) of the error for each kind of day and method."""
    methods = [m for m in METHODS if any(m in r.scores for r in results)]
    families = {m: by_family(results, m) for m in methods}
    names = [f for f, s in families[methods[0]].items() if s.errors]
    left, top, wide, high = 110, 50, 640, 14 * len(methods) + 14
    low, decades = -3.0, 6.0  # 0.001 % to 1000 %

    def x(share: float | None) -> float:
        value = max(100 * (share or 0.0), 10**low)
        return left + wide * min(1.0, (math.log10(value) - low) / decades)

    total = top + high * len(names) + 30
    parts = [svg.rect(0, 0, left + wide + 30, total, fill="white")]
    for i, (name, colour) in enumerate(zip(methods, COLOURS, strict=False)):
        parts.append(svg.circle(left + 135 * i, 16, 5, fill=colour))
        parts.append(svg.text(left + 135 * i + 9, 20, name))
    for n in range(int(decades) + 1):
        mark = left + wide * n / decades
        parts.append(svg.line(mark, top - 8, mark, total - 24, stroke="#ddd"))
        label = f"{10 ** (low + n):g} %"
        parts.append(svg.text(mark, total - 8, label, text_anchor="middle"))
    goal, dashed = x(0.005), {"stroke": "#0b6e4f", "stroke_dasharray": "4 3"}
    parts.append(svg.line(goal, top - 8, goal, total - 24, **dashed))
    for row, family in enumerate(names):
        y0 = top + row * high
        parts.append(svg.text(left - 8, y0 + high / 2, family, text_anchor="end"))
        for i, (name, colour) in enumerate(zip(methods, COLOURS, strict=False)):
            errors, y = families[name][family].errors, y0 + 7 + 14 * i
            a, b = x(median(errors)), x(quantile(errors, 0.95))
            parts.append(svg.line(a, y, b, y, stroke=colour, stroke_width=3))
            parts.append(svg.circle(a, y, 4, fill=colour))
    size = {"width": left + wide + 30, "height": total}
    return svg.document(parts, **size, font_family="sans-serif", font_size="12") + "\n"

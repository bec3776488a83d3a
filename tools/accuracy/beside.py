"""The same days with another converter in place of the HX711, and how near both are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from accuracy.bench import OURS, Result
from accuracy.report import percent
from accuracy.summary import Summary, median, overall, quantile
from host.common import terminal

MOST_POINTS = 0.1  # between the two, of what is held
HELD = (
    *("kg collected, % of the truth", "error of a day, median %", "error of a day, p95 %"),
    *("collections, recall %", "collections, precision %"),
    *("deposits, recall %", "deposits, precision %"),
)


def figures(results: Sequence[Result]) -> list[float | None]:
    """In %, as HELD names them."""
    s: Summary = overall(results, OURS)
    weighed = [r.scores[OURS] for r in results if r.scores[OURS].off is None]
    true = sum(score.true_collected for score in weighed)
    shares = [sum(score.collected for score in weighed) / true if true else None]
    shares += [median(s.errors), quantile(s.errors, 0.95)]
    for kind in ("collection", "deposit"):
        shares += [s.recall(kind), s.precision(kind)]
    return [None if share is None else 100 * share for share in shares]


def apart(theirs: Sequence[Result], ours: Sequence[Result], name: str) -> list[str]:
    """Where `name` is farther from the HX711 than MOST_POINTS, a line each."""
    lines = []
    for what, a, b in zip(HELD, figures(theirs), figures(ours), strict=True):
        if a is not None and (b is None or abs(a - b) > MOST_POINTS):
            lines.append(f"{what}: {name} {b}, HX711 {a:.5g}, at most {MOST_POINTS} points apart")
    return lines


def show(hx711: Sequence[Result], other: Sequence[Result], name: str, console: Console) -> None:
    """Both beside each other, and by how many points they are apart."""
    table = terminal.table(f"The same {len(other)} days: HX711, and {name} in its place")
    terminal.columns(table, [""])
    terminal.columns(table, ["HX711", name, "points apart"], right=True)
    for what, a, b in zip(HELD, figures(hx711), figures(other), strict=True):
        if a is not None and b is not None:
            table.add_row(what, f"{a:.4f}", f"{b:.4f}", f"{abs(a - b):.4f}")
    s, t = overall(hx711, OURS), overall(other, OURS)
    for what, x, y in (
        ("worst day without a flag, %", percent(s.worst_unflagged), percent(t.worst_unflagged)),
        ("kg invented", f"{s.invented_g / 1000:.1f}", f"{t.invented_g / 1000:.1f}"),
        ("kg from faults", f"{s.from_faults_g / 1000:.1f}", f"{t.from_faults_g / 1000:.1f}"),
        ("conversions", str(sum(r.frames for r in hx711)), str(sum(r.frames for r in other))),
    ):
        table.add_row(what, x, y, "")
    console.print(table)

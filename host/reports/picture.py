"""A day of a site as a picture: weight, fill, events, gaps. SVG by hand, PNG from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.atomic_write import form_of, whole
from ..common.errors import UserError
from ..common.quantity import MISSING
from ..events import Event, Kind
from ..events.limits import GAP_S
from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET, Registry
from ..rollup import DAY_S, day_bounds

if TYPE_CHECKING:
    from .explain import BinStory

WIDTH, LEFT, RIGHT, TOP = 1240, 60, 52, 56
PANEL, HEAD, FOOT = 168, 22, 26  # of one bin: plot, title above, hours below
LEGEND, LABEL = 34, 48
SCALES_KG = (5, 10, 20, 50, 100, 150, 200, 500, 1000, 2000, 5000, 10000)
ENGLISH = {
    WET: "wet waste",
    DRY: "dry waste",
    RECYCLABLE: "recyclables",
    HAZARDOUS: "harmful waste",
    STORED_HAZARDOUS: "hazardous waste",
}
COLOURS = {
    Kind.DEPOSIT: "#2a7f3f",
    Kind.COLLECTION: "#b3261e",
    Kind.RETURNED: "#5f6368",
    Kind.REMOVAL: "#b06a00",
    Kind.UNATTRIBUTED: "#7b3fa0",
}
WEIGHT, FILL, GAP, FAULT = "#1f4e9c", "#c98a00", "#d9d9d9", "#f6c9c5"
# The renderer of PNGs takes sans-serif for Arial alone, and draws no text where none of the
# families is there: so those that systems come with are named.
FAMILIES = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
    *("Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
    *("DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"),  # no Chinese
)
FONTS = ",".join(f"'{family}'" for family in FAMILIES)
INSTALL = "apt install fonts-wqy-zenhei"
STYLE = (
    f"text{{font:12px {FONTS},sans-serif;fill:#202124}}"
    ".h{font-size:16px;font-weight:bold}.s{font-size:11px;fill:#5f6368}"
    ".r{text-anchor:end}.m{text-anchor:middle}.g{stroke:#e3e3e3}"
)


class PictureError(UserError):
    """The picture cannot be made; one line."""


def check(path: Path) -> None:
    """PictureError when a file of this name could not be written, before any work."""
    form_of(path, "svg png")
    if not path.parent.is_dir():
        raise PictureError(f"--out: {path.parent}: no such folder")


def write(path: Path, draw: Callable[[bool], str]) -> str:
    """Write what draw(latin) gives. A PNG has the text for which there are fonts; what it
    lacks, in one line, else empty."""
    if path.suffix.lower() != ".png":
        with whole(path) as part:
            part.write_text(draw(False), encoding="utf-8")
        return ""
    render = _resvg()
    chinese = _draws(render, "清运")
    lacks = ""
    if not chinese and _draws(render, "kg"):
        lacks = f"no Chinese font is installed, so its text is English; for Chinese: {INSTALL}"
    elif not chinese:
        lacks = f"no font is installed, so it has no text; expected one: {INSTALL}"
    with whole(path) as part:
        part.write_bytes(render(draw(not chinese)))
    return lacks


def _draws(render: Callable[[str], bytes], letters: str) -> bool:
    """Whether there is a font for letters, all different: without one they look alike."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><style>{STYLE}</style>'
    seen = {render(f'{head}<text y="15">{letter}</text></svg>') for letter in letters}
    return len(seen) == len(letters)


def _resvg() -> Callable[[str], bytes]:
    resvg = import_module("resvg_py")  # of an extra
    return lambda svg: bytes(resvg.svg_to_bytes(svg_string=svg))


def day(told: Sequence[BinStory], site: str, known: Registry, date: dt.date, *, latin: bool) -> str:
    """The SVG text: a panel for each bin. latin: no Chinese in it."""
    panels = [Panel(story, date, i, latin) for i, story in enumerate(told)]
    height = TOP + len(panels) * (HEAD + PANEL + FOOT) + LEGEND
    name = "" if latin else f" {known.sites[site].name}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="30" class="h">{escape(site + name)} {date}</text>',
        f'<text x="{LEFT}" y="46" class="s">Asia/Shanghai; gross load in kg (left), '
        "fill in % (right)</text>",
    ]
    for panel in panels:
        lines += panel.lines()
    lines += _legend(height - 14)
    return "\n".join([*lines, "</svg>", ""])


class Panel:
    """One bin: its axes, its curves and its events."""

    def __init__(self, story: BinStory, date: dt.date, index: int, latin: bool) -> None:
        self.story = story
        self.t0, self.t1 = day_bounds(date)
        self.top = TOP + index * (HEAD + PANEL + FOOT) + HEAD
        self.latin = latin
        self.row, self.labelled = 0, float(-WIDTH)  # of the last label
        loads = [s.grams for s in story.samples if s.usable and self._today(s.t)]
        most = max((g for g in loads if g is not None), default=0) / 1000
        self.most = next((k for k in SCALES_KG if k >= most * 1.05), SCALES_KG[-1])

    def _today(self, t: int) -> bool:
        return self.t0 <= t < self.t1

    def x(self, t: int) -> float:
        share = (min(max(t, self.t0), self.t1) - self.t0) / DAY_S
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, grams: int) -> float:
        return self.top + PANEL * (1 - max(grams, 0) / 1000 / self.most)

    def lines(self) -> Iterator[str]:
        b = self.story.bin
        stream = ENGLISH[b.stream] if self.latin else b.stream
        balance = self.story.balance
        said = f"{b.bin} {stream}"
        if balance is not None:
            said += f" · deposited {balance.deposited / 1000:.1f} kg, collected "
            said += f"{balance.collected / 1000:.1f} kg, residual {balance.residual / 1000:+.3f} kg"
            said += " · look at: " + ", ".join(balance.flags) if balance.flags else ""
        elif b.channel:
            said += f" · {MISSING} nothing was measured"
        yield f'<text x="{LEFT}" y="{self.top - 7}">{escape(said)}</text>'
        yield from self._unseen()
        yield from self._axes(bool(b.channel))
        yield from self._curve(self._fills(), FILL, 1)
        yield from self._curve(self._loads(), WEIGHT, 1.6)
        for e in self.story.events(self.t0, self.t1):
            yield from self._event(e)
        for x in self.story.emptyings:
            yield self._arrow(
                self.x(x.t), self.top + 4, "down", COLOURS[Kind.COLLECTION], "emptied"
            )

    def _band(self, start: int, end: int, colour: str, what: str) -> str:
        x, width = self.x(start), self.x(end) - self.x(start)
        return (
            f'<rect x="{x:.1f}" y="{self.top}" width="{max(width, 0.8):.1f}" height="{PANEL}" '
            f'fill="{colour}"><title>{escape(what)}</title></rect>'
        )

    def _unseen(self) -> Iterator[str]:
        """What nobody measured, and what is flagged."""
        at = self.t0
        covered = self.story.found.covered
        for start, end in [*covered, (self.t1, self.t1)] if self.story.bin.channel else ():
            if start > at and end > self.t0 and at < self.t1:
                yield self._band(at, min(start, self.t1), GAP, "not measured")
            at = max(at, end)
        for f in self.story.found.flags:
            if f.t < self.t1 and f.t_end >= self.t0:
                yield self._band(f.t, f.t_end, FAULT, f"{f.kind} {f.note}")

    def _axes(self, weighed: bool) -> Iterator[str]:
        right, bottom = WIDTH - RIGHT, self.top + PANEL
        for i in range(5):
            y = self.top + PANEL * (1 - i / 4)
            yield f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>'
            if weighed:
                kg = f"{self.most * i / 4:g}"
                yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="s r">{kg}</text>'
            if self.story.fills:
                yield f'<text x="{right + 6}" y="{y + 4:.1f}" class="s">{25 * i} %</text>'
        for hour in range(0, 25, 2):
            x = self.x(self.t0 + 3600 * hour)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{self.top}" y2="{bottom}" class="g"/>'
            yield f'<text x="{x:.1f}" y="{bottom + 14}" class="s m">{hour:02}:00</text>'

    def _loads(self) -> Iterator[tuple[int, float]]:
        """(t, y) as the load was: it stays until the next reading."""
        before: float | None = None
        for s in self.story.samples:
            if s.usable and self._today(s.t):
                y = self.y(s.grams or 0)
                if before is not None:
                    yield s.t, before
                yield s.t, y
                before = y
            elif not s.usable:
                before = None

    def _fills(self) -> Iterator[tuple[int, float]]:
        for s in self.story.fills:
            if s.fill is not None and self._today(s.t):
                yield s.t, self.top + PANEL * (1 - min(s.fill, 1000) / 1000)

    def _curve(
        self, points: Iterable[tuple[int, float]], colour: str, width: float
    ) -> Iterator[str]:
        """Lines through the points, broken where there is a gap."""
        run: list[str] = []
        last: int | None = None
        for t, y in [*points, (1 << 62, 0.0)]:
            if last is not None and t - last > GAP_S and run:
                yield (
                    f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}" '
                    f'stroke-width="{width}"/>'
                )
                run = []
            run.append(f"{self.x(t):.1f},{y:.1f}")
            last = t

    def _event(self, e: Event) -> Iterator[str]:
        colour = COLOURS[e.kind]
        x = self.x(e.t)
        what = f"{e.kind} {e.grams / 1000:.3f} kg: {e.why}"
        if e.kind is Kind.DEPOSIT:
            yield self._arrow(x, self.top + PANEL - 3, "up", colour, what)
            return
        way = "down" if e.kind in (Kind.COLLECTION, Kind.REMOVAL) else "side"
        yield self._arrow(x, self.top + 4, way, colour, what)
        if e.grams:
            label = f"{e.grams / 1000:{'+' if e.kind is Kind.UNATTRIBUTED else ''}.1f}"
            end = ' class="r"' if x > WIDTH - RIGHT - 60 else ""
            shift = -7 if end else 7
            # Beside the last one there may be no room: below it, then.
            self.row = (self.row + 1) % 3 if x - self.labelled < LABEL else 0
            self.labelled = x
            y = self.top + 12 + 14 * self.row
            yield (f'<text x="{x + shift:.1f}" y="{y}"{end} style="fill:{colour}">{label}</text>')

    def _arrow(self, x: float, y: float, way: str, colour: str, what: str) -> str:
        shape = {
            "up": f"M{x - 4:.1f},{y} h8 l-4,-8 z",
            "down": f"M{x - 5:.1f},{y - 2} h10 l-5,10 z",
            "side": f"M{x - 5:.1f},{y + 3} l5,-5 l5,5 l-5,5 z",
        }[way]
        return f'<path d="{shape}" fill="{colour}"><title>{escape(what)}</title></path>'


def _legend(y: int) -> Iterator[str]:
    x = LEFT
    marks = [("load", WEIGHT), ("fill", FILL), ("not measured", GAP), ("fault", FAULT)]
    for name, colour in [*marks, *((str(k), c) for k, c in COLOURS.items())]:
        yield f'<rect x="{x}" y="{y - 10}" width="12" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 17}" y="{y}" class="s">{name}</text>'
        x += 40 + 7 * len(name)

"""A day of a site as a picture: weight, fill, events, gaps. SVG, and PNG from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..common import svg
from ..common.atomic_write import whole
from ..common.errors import UserError
from ..common.output_form import form_of
from ..common.quantity import MISSING
from ..events import Event, Kind
from ..events.limits import GAP_S
from ..registry import DRY, HAZARDOUS, RECYCLABLE, STORED_HAZARDOUS, WET, Registry
from ..rollup import DAY_S, day_bounds

if TYPE_CHECKING:
    from .explain import BinStory

WIDTH, LEFT, RIGHT, TOP = 1240, 60, 52, 56
PANEL, HEAD, FOOT = 168, 22, 26  # pixels of one bin: plot, title above, hours below
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
# The PNG renderer maps sans-serif to Arial alone and draws no text without one of the families,
# so the fonts that systems install are listed.
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
    """Raise PictureError, before any work, if a file of this name cannot be written."""
    form_of(path, "svg png")
    if not path.parent.is_dir():
        raise PictureError(f"--out: {path.parent}: no such folder")


def write(path: Path, draw: Callable[[bool], str]) -> str:
    """Write what draw(latin) returns. For a PNG, the text for which fonts are installed; one line
    says what is missing, "" if nothing is."""
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
    """Whether a font has these letters, all different: without a font they look alike."""
    style = svg.element("style", STYLE)
    drawn = {
        render(svg.document([style, svg.text(0, 15, letter)], width=20, height=20))
        for letter in letters
    }
    return len(drawn) == len(letters)


def _resvg() -> Callable[[str], bytes]:
    resvg = import_module("resvg_py")  # of an extra
    return lambda svg: bytes(resvg.svg_to_bytes(svg_string=svg))


def day(
    bin_stories: Sequence[BinStory], site: str, registry: Registry, date: dt.date, *, latin: bool
) -> str:
    """The SVG of a day, a panel for each bin. latin: without Chinese text."""
    panels = [Panel(story, date, i, latin) for i, story in enumerate(bin_stories)]
    height = TOP + len(panels) * (HEAD + PANEL + FOOT) + LEGEND
    name = "" if latin else f" {registry.sites[site].name}"
    under = "Asia/Shanghai; gross load in kg (left), fill in % (right)"
    parts = [
        svg.element("style", STYLE),
        svg.rect(0, 0, WIDTH, height, fill="#ffffff"),
        svg.text(LEFT, 30, f"{site}{name} {date}", class_="h"),
        svg.text(LEFT, 46, under, class_="s"),
        *(line for panel in panels for line in panel.lines()),
        *_legend(height - 14),
    ]
    box = f"0 0 {WIDTH} {height}"
    return svg.document(parts, viewBox=box, width=WIDTH, height=height) + "\n"


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
        """Pixels from the left of Unix time t, within the day."""
        share = (min(max(t, self.t0), self.t1) - self.t0) / DAY_S
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, grams: int) -> float:
        """Pixels from the top of a load."""
        return self.top + PANEL * (1 - max(grams, 0) / 1000 / self.most)

    def lines(self) -> Iterator[str]:
        """The elements of the panel."""
        b = self.story.bin
        stream = ENGLISH[b.stream] if self.latin else b.stream
        balance = self.story.balance
        head = f"{b.bin} {stream}"
        if balance is not None:
            head += f" · deposited {balance.deposited / 1000:.1f} kg, collected "
            head += f"{balance.collected / 1000:.1f} kg, residual {balance.residual / 1000:+.3f} kg"
            head += " · look at: " + ", ".join(balance.flags) if balance.flags else ""
        elif b.channel:
            head += f" · {MISSING} nothing was measured"
        yield svg.text(LEFT, self.top - 7, head)
        yield from self._unseen()
        yield from self._axes(bool(b.channel))
        yield from self._curve(self._fills(), FILL, 1)
        yield from self._curve(self._loads(), WEIGHT, 1.6)
        for e in self.story.events(self.t0, self.t1):
            yield from self._event(e)
        for x in self.story.emptyings:
            yield self._arrow(
                self.x(x.t),
                self.top + 4,
                "down",
                COLOURS[Kind.COLLECTION],
                "?" if x.doubt else "emptied",
            )

    def _band(self, start: int, end: int, colour: str, tooltip: str) -> str:
        x, width = self.x(start), self.x(end) - self.x(start)
        return svg.rect(x, self.top, max(width, 0.8), PANEL, tooltip, fill=colour)

    def _unseen(self) -> Iterator[str]:
        """Bands where nothing was measured, and where a flag holds."""
        seen_until = self.t0
        covered = self.story.found.covered
        for start, end in [*covered, (self.t1, self.t1)] if self.story.bin.channel else ():
            if start > seen_until and end > self.t0 and seen_until < self.t1:
                yield self._band(seen_until, min(start, self.t1), GAP, "not measured")
            seen_until = max(seen_until, end)
        for f in self.story.found.flags:
            if f.t < self.t1 and f.t_end >= self.t0:
                yield self._band(f.t, f.t_end, FAULT, f"{f.kind} {f.note}")

    def _axes(self, weighed: bool) -> Iterator[str]:
        right, bottom = WIDTH - RIGHT, self.top + PANEL
        for i in range(5):
            y = self.top + PANEL * (1 - i / 4)
            yield svg.line(LEFT, y, right, y, class_="g")
            if weighed:
                yield svg.text(LEFT - 6, y + 4, f"{self.most * i / 4:g}", class_="s r")
            if self.story.fills:
                yield svg.text(right + 6, y + 4, f"{25 * i} %", class_="s")
        for hour in range(0, 25, 2):
            x = self.x(self.t0 + 3600 * hour)
            yield svg.line(x, self.top, x, bottom, class_="g")
            yield svg.text(x, bottom + 14, f"{hour:02}:00", class_="s m")

    def _loads(self) -> Iterator[tuple[int, float]]:
        """(t, y) of the load, which stays until the next reading."""
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
        """Lines through the points, broken at gaps."""
        run: list[tuple[float, float]] = []
        last: int | None = None
        for t, y in [*points, (1 << 62, 0.0)]:
            if last is not None and t - last > GAP_S and run:
                yield svg.polyline(run, stroke=colour, stroke_width=width)
                run = []
            run.append((self.x(t), y))
            last = t

    def _event(self, e: Event) -> Iterator[str]:
        colour = COLOURS[e.kind]
        x = self.x(e.t)
        tooltip = f"{e.kind} {e.grams / 1000:.3f} kg: {e.why}"
        if e.kind is Kind.DEPOSIT:
            yield self._arrow(x, self.top + PANEL - 3, "up", colour, tooltip)
            return
        way = "down" if e.kind in (Kind.COLLECTION, Kind.REMOVAL) else "side"
        yield self._arrow(x, self.top + 4, way, colour, tooltip)
        if e.grams:
            label = f"{e.grams / 1000:{'+' if e.kind is Kind.UNATTRIBUTED else ''}.1f}"
            end = "r" if x > WIDTH - RIGHT - 60 else None
            shift = -7 if end else 7
            # Labels that would overlap move down by a row.
            self.row = (self.row + 1) % 3 if x - self.labelled < LABEL else 0
            self.labelled = x
            y = self.top + 12 + 14 * self.row
            yield svg.text(x + shift, y, label, class_=end, style=f"fill:{colour}")

    def _arrow(self, x: float, y: float, way: str, colour: str, tooltip: str) -> str:
        shape = {
            "up": f"M{x - 4:.1f},{y} h8 l-4,-8 z",
            "down": f"M{x - 5:.1f},{y - 2} h10 l-5,10 z",
            "side": f"M{x - 5:.1f},{y + 3} l5,-5 l5,5 l-5,5 z",
        }[way]
        return svg.element("path", svg.title(tooltip), d=shape, fill=colour)


def _legend(y: int) -> Iterator[str]:
    x = LEFT
    marks = [("load", WEIGHT), ("fill", FILL), ("not measured", GAP), ("fault", FAULT)]
    entries = []
    for name, colour in [*marks, *((str(k), c) for k, c in COLOURS.items())]:
        entries.append((x, name, colour))
        x += 40 + 7 * len(name)
    return svg.legend(entries, y, size=12)

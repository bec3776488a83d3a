"""The river of a month as a picture: widths are masses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..common import svg
from ..office.table import Cell, Column, Table
from .river import NO_LIFT, NO_TICKET, NOWHERE, River

WIDTH, LEAST_HEIGHT = 960, 360
NARROW = 340  # pixels: of a phone
_TOP, _GAP, _NODE = 44, 10, 14
_LEFT, _RIGHT = 190, 190  # of names beside the outer ranks, where there is room
_COLOURS = {"干垃圾": "#595959", "湿垃圾": "#8B5A2B", "可回收物": "#2E75B6", "有害垃圾": "#C00000"}
_OTHER, _OF_GAP = "#7F7F7F", "#E07B00"
_GAPS = {NO_TICKET, NO_LIFT, NOWHERE}


def _tonnes(grams: int) -> str:
    return f"{grams / 1e6:,.1f} t"


@dataclass(frozen=True)
class _Rank:
    """Nodes of one rank from the left: where they stand, name → top, in pixels."""

    names: Sequence[str]
    x: float
    tops: Mapping[str, float]

    def number(self, name: str) -> int:
        return self.names.index(name)


def picture(river: River, title: str, said: Callable[[str], str] = str, width: int = WIDTH) -> str:
    """SVG of three ranks: 街镇, streams, facilities. Gaps are orange and say their name. said:
    gives a name in the language of who looks; width: WIDTH, or NARROW with names over the bands."""
    names = river.ranks
    most = max(sum(river.mass(n, r) for n in rank) for r, rank in enumerate(names))
    gaps = max(map(len, names)) * _GAP
    height = max(LEAST_HEIGHT, 14 * max(map(len, names)) + gaps)
    scale = (height - gaps) / most if most else 0.0
    left, right = (_LEFT, _RIGHT) if width == WIDTH else (0, 0)
    x = left, (width - _NODE) / 2, width - right - _NODE
    ranks = [_Rank(names[r], x[r], _tops(river, r, scale)) for r in range(3)]
    parts = [svg.title(title)]
    if width == WIDTH:
        parts.append(svg.text(_LEFT, 18, title, class_="t"))
    parts += _ribbons(river.first, ranks[0], ranks[1], scale, said)
    parts += _ribbons(river.second, ranks[1], ranks[2], scale, said)
    is_ended = (True, False, False) if width == WIDTH else (False, False, True)
    lower = (0, 0, 0) if width == WIDTH else (0, -8, 8)  # not on one line with the next rank
    for r, rank in enumerate(ranks):
        for name, top in rank.tops.items():
            grams = river.mass(name, r)
            words, tall = f"{said(name)} {_tonnes(grams)}", grams * scale
            parts.append(_bar(name, rank.x, top, tall, words))
            at, kind = (rank.x - 6, "e") if is_ended[r] else (rank.x + _NODE + 6, "s")
            parts.append(svg.text(at, top + tall / 2 + 4 + lower[r], words, class_=kind))
    box = f"0 0 {width} {height + _TOP + 10}"
    named = "broad" if width == WIDTH else "slim"
    return svg.document(parts, viewBox=box, role="img", aria_label=title, class_=named)


def _tops(river: River, r: int, scale: float) -> dict[str, float]:
    found, y = {}, float(_TOP)
    for name in river.ranks[r]:
        found[name] = y
        y += max(1.0, river.mass(name, r) * scale) + _GAP
    return found


def _bar(name: str, x: float, top: float, tall: float, words: str) -> str:
    colour = _OF_GAP if name in _GAPS else _COLOURS.get(name, _OTHER)
    return svg.rect(x, top, float(_NODE), max(1.0, tall), words, fill=colour)


def _ribbons(
    flows: Counter[tuple[str, str]],
    left: _Rank,
    right: _Rank,
    scale: float,
    said: Callable[[str], str],
) -> list[str]:
    """A band for each flow, stacked at both ends in the order of the nodes there."""
    parts = []
    used: dict[tuple[int, str], float] = defaultdict(float)
    x0, x1 = left.x + _NODE, right.x
    middle = (x0 + x1) / 2
    for (a, b), grams in sorted(
        flows.items(), key=lambda f: (left.number(f[0][0]), right.number(f[0][1]))
    ):
        wide = grams * scale
        y0, y1 = left.tops[a] + used[0, a], right.tops[b] + used[1, b]
        used[0, a] += wide
        used[1, b] += wide
        path = (
            f"M{x0:.1f},{y0:.1f} C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f} "
            f"L{x1:.1f},{y1 + wide:.1f} C{middle:.1f},{y1 + wide:.1f} "
            f"{middle:.1f},{y0 + wide:.1f} {x0:.1f},{y0 + wide:.1f} Z"
        )
        stream = b if b in _COLOURS else a
        colour = _OF_GAP if {a, b} & _GAPS else _COLOURS.get(stream, _OTHER)
        words = svg.title(f"{said(a)} → {said(b)} {_tonnes(grams)}")
        parts.append(svg.element("path", words, d=path, fill=colour, fill_opacity="0.35"))
    return parts


def table(river: River, period: str) -> Table:
    """The same as rows, for whoever does not see the picture."""
    columns = [Column("从", 20), Column("到", 24), Column("t", 12, 3)]
    rows: list[list[Cell]] = [
        [a, b, grams / 1e6]
        for flows in (river.first, river.second)
        for (a, b), grams in sorted(flows.items(), key=lambda f: (-f[1], f[0]))
    ]
    notes = (
        "从街镇到品类为车载称重，从品类到设施为进厂计量，各按各的秤；两段之差即途中的减少或增加",
        f"{NO_LIFT}：磅单多于本车收运的部分；{NO_TICKET}：收运后没有磅单；{NOWHERE}：称重记录没有点位",
    )
    return Table("去向", "垃圾去向", "t", period, columns, rows, notes)

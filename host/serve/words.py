"""How figures and terms are written on the pages: Chinese first, English beside it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from host import quantity
from host.live import age
from host.quantity import MISSING as NOTHING
from host.quantity import kg
from host.reports.picture import ENGLISH
from host.reports.summary import HAULED, Part
from host.rollup import LOCAL

STATUS = {
    "online": ("在线", "online"),
    "offline": ("离线", "offline"),
    "safe": ("安全模式", "safe mode"),
    "unknown": ("未知", "unknown"),
    "none": ("无设备", "no board"),
}
KINDS = {"collection": ("投放点", "collection point"), "hazardous": ("危废贮存", "hazardous store")}
ROLES = {"viewer": "查看", "operator": "操作", "admin": "管理"}
EVENTS = {
    "deposit": "投放",
    "collection": "清运",
    "returned": "放回",
    "removal": "取走",
    "unattributed": "未归因",
}


def both(chinese: str, english: str) -> Markup:
    """A term in both languages, each marked as what it is."""
    return Markup('<span lang="zh">{}</span> <span class="en" lang="en">{}</span>').format(
        chinese, english
    )


def pair(table: dict[str, tuple[str, str]], key: str) -> Markup:
    return both(*table.get(key, (key, "")))


def stream(name: str) -> Markup:
    return both(name, ENGLISH.get(name, ""))


def clock(t: float | None) -> str:
    """Unix seconds as the time of day in Shanghai, with the date where it is not today."""
    if t is None:
        return NOTHING
    at, now = dt.datetime.fromtimestamp(t, LOCAL), dt.datetime.now(LOCAL)
    return at.strftime("%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def ago(t: float | None) -> str:
    return NOTHING if t is None else age(dt.datetime.now().timestamp() - t)


def tonnes(part: Part | None) -> str:
    """Three decimals below 100 t, one above; not measured is not zero."""
    if part is None or part.tonnes is None:
        return NOTHING
    return quantity.shown(part.tonnes, 1 if part.tonnes >= 100 else 3)


def coverage(part: Part | None) -> str:
    return percent(part.coverage if part else None)


def percent(share: Decimal | float | None) -> str:
    return NOTHING if share is None else f"{quantity.percent(share)} %"


def said(value: object) -> object:
    """What a template writes: what is not there is not zero."""
    return NOTHING if value is None else value


def change(now: Part | None, before: Part | None) -> str:
    """How much more or less than before, in percent."""
    if now is None or before is None or not now.tonnes or not before.tonnes:
        return NOTHING
    return f"{100 * (now.tonnes / before.tonnes - 1):+.1f} %"


def bars(
    values: list[tuple[str, float | None]], unit: str, width: int = 640, height: int = 120
) -> Markup:
    """A small bar chart as SVG, for what a table beside it says too."""
    most = max((v for _, v in values if v is not None), default=0.0)
    if not values or most <= 0:
        return Markup('<p class="none">{}</p>').format(both("尚无数据", "no data yet"))
    step = width / len(values)
    out = [
        f'<svg class="bars" viewBox="0 0 {width} {height + 16}" role="img" '
        f'aria-label="{escape(values[0][0])} – {escape(values[-1][0])}, ≤ {most:.3g} '
        f'{escape(unit)}" preserveAspectRatio="none">'
    ]
    for i, (name, value) in enumerate(values):
        x, w = i * step, max(1.0, step * 0.8)
        if value is None:
            out.append(f'<rect class="gap" x="{x:.1f}" y="0" width="{w:.1f}" height="{height}"/>')
            continue
        h = height * value / most
        out.append(
            f'<rect class="bar" x="{x:.1f}" y="{height - h:.1f}" width="{w:.1f}" '
            f'height="{h:.1f}"><title>{escape(name)}: {value:.3f} {escape(unit)}</title></rect>'
        )
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704  every part of it is a number or escaped


def address(path: str, query: dict[str, Any], **change: Any) -> str:
    """A path with its filters, some of them changed; empty ones are left out."""
    held = {k: v for k, v in {**query, **change}.items() if v not in (None, "", [])}
    return f"{path}?{urlencode(held, doseq=True)}" if held else path


GLOBALS = {
    "b": both,
    "pair": pair,
    "stream": stream,
    "STATUS": STATUS,
    "KINDS": KINDS,
    "ROLES": ROLES,
    "EVENTS": EVENTS,
    "HAULED": HAULED,
    "bars": bars,
    "address": address,
}
FILTERS = {
    "clock": clock,
    "ago": ago,
    "tonnes": tonnes,
    "coverage": coverage,
    "percent": percent,
    "kg": kg,
}

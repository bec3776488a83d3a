"""How figures and terms are written on the pages, in the language of who looks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from markupsafe import Markup

from host.common import quantity as digits
from host.common.local_days import LOCAL
from host.common.quantity import MISSING as NOTHING
from host.common.quantity import kg
from host.hazard.alarms import MOST
from host.hazard.rules import LEVELS
from host.reports.summary import HAULED, Part
from host.rollup import day_bounds
from host.serve import chart
from host.serve.language import TAGS, UNITS_S, Words

ROLES = ("viewer", "operator", "admin")


def clock(t: float | None, day: dt.date | None = None) -> str:
    """Unix seconds as the time of day in Shanghai, with the date where it is not that day
    (today where none is given); the end of a day is 24:00."""
    if t is None:
        return NOTHING
    moment = dt.datetime.fromtimestamp(t, LOCAL)
    if moment.date() == (day or dt.datetime.now(LOCAL).date()):
        return moment.strftime("%H:%M:%S")
    if day is not None and t == day_bounds(day)[1]:
        return "24:00:00"
    return moment.strftime("%Y-%m-%d %H:%M")


def ago(words: Words, t: float | None) -> str:
    """How long ago, in one unit that gives at least two of it."""
    if t is None:
        return NOTHING
    seconds = max(0, int(dt.datetime.now().timestamp() - t))
    unit = next((u for u, size in UNITS_S.items() if seconds >= 2 * size), "s")
    return words(f"unit.{unit}", n=seconds // UNITS_S[unit])


def quantity(words: Words, value: float, unit: str) -> str:
    """A value of a rule with its unit; times in words."""
    if value >= MOST:
        return words("never")
    if unit in UNITS_S:
        return words.duration(value * UNITS_S[unit])
    return f"{value:g} {words.said(unit)}"


def tonnes(part: Part | None) -> str:
    """Three decimals below 100 t, one above; not measured is not zero."""
    if part is None or part.tonnes is None:
        return NOTHING
    return digits.shown(part.tonnes, 1 if part.tonnes >= 100 else 3)


def coverage(part: Part | None) -> str:
    return percent(part.coverage if part else None)


def percent(share: Decimal | float | None) -> str:
    return NOTHING if share is None else f"{digits.percent(share)} %"


def said(value: object) -> object:
    """What a template writes: what is not there is not zero."""
    return NOTHING if value is None else value


def change(now: Part | None, before: Part | None) -> str:
    """How much more or less than before, in percent."""
    if now is None or before is None or not now.tonnes or not before.tonnes:
        return NOTHING
    return f"{100 * (now.tonnes / before.tonnes - 1):+.1f} %"


def bars(words: Words, values: list[tuple[str, float | None]], unit: str) -> Markup:
    """A small bar chart, for what a table beside it says too."""
    if not any(value for _, value in values):
        return Markup('<p class="none">{}</p>').format(words("no_data"))
    return chart.bars(values, unit)


def address(path: str, query: dict[str, Any], **change: Any) -> str:
    """A path with its filters, some of them changed; empty ones are left out."""
    held = {k: v for k, v in {**query, **change}.items() if v not in (None, "", [])}
    return f"{path}?{urlencode(held, doseq=True)}" if held else path


def sentence(text: str) -> str:
    """With a capital first letter; nothing else is changed."""
    return text[:1].upper() + text[1:]


def speak(environment: Environment, words: Words) -> None:
    """Give templates the texts of one language, and how things are written in it."""
    bound = {f.__name__: partial(f, words) for f in (ago, quantity, bars)}
    environment.globals.update(
        bound,
        _=words,
        said=words.said,
        of=words.of,
        duration=words.duration,
        scripts={g: words.under(g + ".") for g in ("js", "link", "status", "unit")},
        language=TAGS[words.language],
        address=address,
        ROLES=ROLES,
        HAULED=HAULED,
        GRAVE=LEVELS[1],
    )
    environment.filters.update(
        clock=clock,
        ago=bound["ago"],
        tonnes=tonnes,
        coverage=coverage,
        percent=percent,
        kg=kg,
        said=words.said,
        sentence=sentence,
        flag=partial(words.of, "flag"),
    )

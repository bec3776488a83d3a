"""How figures and terms are written on the pages, in the language of the viewer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from markupsafe import Markup

from ..alarms.alarm_log import MOST
from ..alarms.rules import LEVELS
from ..common import quantity as digits
from ..common.local_days import LOCAL
from ..common.quantity import MISSING as NOTHING
from ..common.quantity import kg
from ..reports.summary import HAULED, Part
from ..rollup import day_bounds
from . import chart
from .language import TAGS, UNITS_S, Words

ROLES = ("viewer", "operator", "admin")


def clock(t: float | None, day: dt.date | None = None) -> str:
    """Unix seconds as the time of day in Asia/Shanghai, with the date unless it is that day (by
    default today); the end of a day is 24:00."""
    if t is None:
        return NOTHING
    moment = dt.datetime.fromtimestamp(t, LOCAL)
    if moment.date() == (day or dt.datetime.now(LOCAL).date()):
        return moment.strftime("%H:%M:%S")
    if day is not None and t == day_bounds(day)[1]:
        return "24:00:00"
    return moment.strftime("%Y-%m-%d %H:%M")


def ago(words: Words, t: float | None) -> str:
    """The time since t (Unix seconds), in the largest unit that gives at least two of it."""
    if t is None:
        return NOTHING
    seconds = max(0, int(dt.datetime.now().timestamp() - t))
    unit = next((u for u, size in UNITS_S.items() if seconds >= 2 * size), "s")
    return words(f"unit.{unit}", n=seconds // UNITS_S[unit])


def quantity(words: Words, value: float, unit: str) -> str:
    """The value of a rule with its unit; durations in words."""
    if value >= MOST:
        return words("never")
    if unit in UNITS_S:
        return words.duration(value * UNITS_S[unit])
    return f"{value:g} {words.said(unit)}"


def tonnes(part: Part | None) -> str:
    """Tonnes with three decimals below 100 t and one above; — where nothing was measured."""
    if part is None or part.tonnes is None:
        return NOTHING
    return digits.shown(part.tonnes, 1 if part.tonnes >= 100 else 3)


def coverage(part: Part | None) -> str:
    """Coverage in percent; — where no scale is registered."""
    return percent(part.coverage if part else None)


def percent(share: Decimal | float | None) -> str:
    """A share from 0 to 1 in percent; — for None."""
    return NOTHING if share is None else f"{digits.percent(share)} %"


def said(value: object) -> object:
    """What a template writes for a value: — for None, which is not zero."""
    return NOTHING if value is None else value


def change(now: Part | None, before: Part | None) -> str:
    """The relative change in percent; — unless both were measured and are above 0."""
    if now is None or before is None or not now.tonnes or not before.tonnes:
        return NOTHING
    return f"{100 * (now.tonnes / before.tonnes - 1):+.1f} %"


def bars(words: Words, values: list[tuple[str, float | None]], unit: str) -> Markup:
    """A small bar chart; a table next to it has the same values."""
    if not any(value for _, value in values):
        return Markup('<p class="none">{}</p>').format(words("no_data"))
    return chart.bars(values, unit)


def address(path: str, query: dict[str, Any], **change: Any) -> str:
    """A path with its filters, changed as given; empty filters are left out."""
    held = {k: v for k, v in {**query, **change}.items() if v not in (None, "", [])}
    return f"{path}?{urlencode(held, doseq=True)}" if held else path


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def speak(environment: Environment, words: Words) -> None:
    """Give templates the texts and the number formats of one language."""
    bound = {f.__name__: partial(f, words) for f in (ago, quantity, bars)}
    environment.globals.update(
        bound,
        _=words,
        said=words.said,
        of=words.of,
        duration=words.duration,
        scripts={g: words.under(g + ".") for g in ("js", "link", "mark", "sign", "status", "unit")},
        language=TAGS[words.language],
        address=address,
        hour_bars=chart.hours,
        small_bars=chart.small,
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

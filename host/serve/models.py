"""The answers of the API, as its OpenAPI description has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from ..reports.summary import Part
from .day_cache import Restated
from .language import words
from .site_charts import Shown


class Problem(BaseModel):
    """What is wrong, in one line."""

    detail: str


class Listed(BaseModel):
    """A page of a list."""

    total: int
    next: str | None
    items: list[dict[str, Any]]


class Mass(BaseModel):
    """tonnes and collections are null where nothing was measured; coverage: 0 to 1, null
    where there is no scale."""

    tonnes: float | None
    collections: int | None
    coverage: float | None


class TownDay(BaseModel):
    town: str
    hauled: Mass
    streams: dict[str, Mass]


class District(BaseModel):
    """scope: whose sums these are, as `district` or `town:NAME`. towns: the whole of it first, with
    the name \"\"."""

    scope: str
    date: dt.date
    computed: float | None = Field(description="Unix seconds; null: not yet.")
    boards: dict[str, int]
    alarms: dict[str, int]
    towns: list[TownDay]


class Period(BaseModel):
    """scope, towns: as in District. days_known: of how many days there are figures yet."""

    scope: str
    period: str
    first: dt.date
    last: dt.date
    days_known: int
    towns: list[TownDay]
    series: list[dict[str, Any]]
    restated: list[dict[str, Any]]


class Site(BaseModel):
    site: str
    name: str
    town: str
    kind: str
    now: dict[str, Any]
    boards: list[dict[str, Any]]


class Curves(BaseModel):
    site: str
    date: dt.date
    curves: list[dict[str, Any]]
    events: list[dict[str, Any]]
    gaps: list[dict[str, Any]]


class Indicators(BaseModel):
    """ready false: they are being computed; ask again."""

    period: str
    ready: bool
    indicators: list[dict[str, Any]]


class Asked(BaseModel):
    """s: with interval only, 10 to 3600 seconds."""

    do: str = Field(pattern="^(read|log|interval|restart)$")
    s: int | None = Field(default=None, ge=10, le=3600)


class Answered(BaseModel):
    device: str
    do: str
    answer: Any


def mass(part: Part) -> Mass:
    """A part in tonnes, as it is sent."""
    return Mass(
        tonnes=None if part.tonnes is None else float(part.tonnes),
        collections=part.collections,
        coverage=None if part.coverage is None else float(part.coverage),
    )


def towns(rows: Sequence[tuple[str, Part, dict[str, Part]]]) -> list[TownDay]:
    """The lines of history.table(), as they are sent."""
    return [
        TownDay(town=t, hauled=mass(h), streams={s: mass(p) for s, p in parts.items()})
        for t, h, parts in rows
    ]


NOT_COUNTED = "已结账，未计入 after closing, not counted; "
EVIDENCE = {
    "before": "之前 before",
    "away": "空位 bin away",
    "after": "之后 after",
    "fill": "满溢传感器 fill",
}


def restated(r: Restated) -> dict[str, Any]:
    """A restatement, as it is sent."""
    figures = {k: v for k, v in vars(r).items() if k != "counted"}
    return figures if r.counted else figures | {"why": NOT_COUNTED + r.why}


def event(e: Shown) -> dict[str, Any]:
    """An event of a site's day, as it is sent."""
    words_zh = words()["zh"]
    evidence = [(EVIDENCE[part], *rest) for part, *rest in e.evidence]
    return vars(e) | {"name": words_zh(f"event.{e.kind}"), "evidence": evidence}

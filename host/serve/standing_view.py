"""What a platform's standing rests on, as rows and as dots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from ..common.local_days import clock, date_of, local_day
from ..reconcile.robust import median
from ..standing import tables
from ..standing.evidence import SETTLED_S
from ..standing.model import Finding, Kind, Quantity, Verdict, Weighing
from ..standing.statement import QUIET, SETTLED, Body, Head
from . import dots
from .dots import Dot, Frame, Line
from .language import Words

KINDS = (*Kind, QUIET, SETTLED)


@dataclass(frozen=True)
class Shown:
    """A row. kind: of KINDS; until: Unix seconds, 0: it is one moment; known_g: what stood there;
    off_g, half_g: what was shown beyond it, 95 %; reading: device/channel/life/seq; names: of a
    lift and of its ticket."""

    t: int
    kind: str
    known_g: int | None
    off_g: float | None
    half_g: float | None = None
    c: float | None = None
    until: int = 0
    reading: str = ""
    names: tuple[str, ...] = field(default=())

    @property
    def date(self) -> str:
        return str(date_of(local_day(self.t)))


def rows(head: Head, body: Body, kind: str) -> list[Shown]:
    """All of it, or what is of one kind, the latest first."""
    found = [_weighing(w, body) for w in body.weighings]
    found += [
        Shown(q.t0, QUIET, q.load_g, q.moved_g, None, q.warmer, q.t1) for q in body.quiet
    ]  # fmt: skip
    found += [
        Shown(x.t, SETTLED, head.tare_g, x.change_g, until=x.t + SETTLED_S) for x in body.settled
    ]
    return sorted((r for r in found if kind in ("", r.kind)), key=lambda r: (-r.t, r.kind))


def _weighing(w: Weighing, body: Body) -> Shown:
    reading, _, lift = w.source.partition(" ")
    ticket = body.tickets.get(lift, "")
    half = 2 * w.error_g or None
    names = tuple(filter(None, (lift, ticket)))
    return Shown(w.t, w.kind, w.load_g, w.off_g, half, w.c, reading=reading, names=names)


def finding(f: Finding) -> dict[str, Any]:
    """As a template writes it."""
    css = {Verdict.WITHIN: "good", Verdict.BEYOND: "bad"}.get(f.verdict, "warn")
    return {
        "quantity": str(f.quantity),
        "verdict": f.verdict.name.lower(),
        "css": css,
        "value": tables.value_of(f),
        "limit": tables.limit_of(f),
        "n": f.n,
        "since": f.since,
        "cause": str(f.cause),
        "because": f.because,
    }


def pictures(head: Head, body: Body, words: Words) -> list[tuple[str, Markup]]:
    """(key, SVG) of each quantity of which something is known."""
    found = []
    for key, draw in _DRAWN.items():
        made = draw(head, body, words(f"standing_drawn.{key}"))
        if made:
            found.append((key, made))
    return found


def _grams(kind: Kind, body: Body) -> list[Dot]:
    return [
        Dot(w.t, w.off_g, 0.0, kind, f"{clock(w.t)}: {w.off_g:+d} g")
        for w in body.weighings if w.kind is kind
    ]  # fmt: skip


def _zero(head: Head, body: Body, summary: str) -> Markup | None:
    found, f = _grams(Kind.BARE, body), head.of(Quantity.ZERO)
    if not found:
        return None
    return dots.picture(found, Frame(summary, "g", dots.days(found), f.limit, since=f.since))


def _span(head: Head, body: Body, summary: str) -> Markup | None:
    """In percent of what is known: of a lift its mass, of an empty bin the tare."""
    found, f = [], head.of(Quantity.SPAN)
    for w in body.weighings:
        load = {Kind.LIFT: w.load_g, Kind.RETURN: head.tare_g}.get(w.kind, 0)
        if load:
            share, half = 100 * w.off_g / load, 200 * w.error_g / load
            tip = f"{clock(w.t)}: {share:+.2f} % ± {half:.2f} %"
            found.append(Dot(w.t, share, half if w.kind is Kind.LIFT else 0.0, w.kind, tip))
    if not found:
        return None
    frame = Frame(summary, "%", dots.days(found), 100 * f.limit, since=f.since)
    return dots.picture(found, frame)


def _creep(head: Head, body: Body, summary: str) -> Markup | None:
    found = [
        Dot(x.t, x.change_g, 0.0, SETTLED, f"{clock(x.t)}: {x.change_g:+d} g") for x in body.settled
    ]
    if not found:
        return None
    limit = head.of(Quantity.CREEP).limit
    return dots.picture(found, Frame(summary, "g", dots.days(found), limit))


def _temperature(head: Head, body: Body, summary: str) -> Markup | None:
    """The bare platform by the air, and the line that was fitted."""
    found = [
        Dot(w.c, w.off_g, 0.0, Kind.BARE, f"{clock(w.t)}: {w.c:.1f} °C, {w.off_g:+d} g")
        for w in body.weighings if w.kind is Kind.BARE and w.c is not None
    ]  # fmt: skip
    if not found:
        return None
    f, lines = head.of(Quantity.TEMPERATURE), []
    if f.n:
        c, level = median([d.x for d in found]), median([d.y for d in found])
        low, high = min(d.x for d in found), max(d.x for d in found)
        lines = [Line(low, level + f.value * (low - c), high, level + f.value * (high - c))]
    return dots.picture(found, Frame(summary, "g", dots.even(found, "°C"), lines=lines))


def _quiet(_: Head, body: Body, summary: str) -> Markup | None:
    """Quiet hours: by how much the weight moved with the air."""
    found = [
        Dot(q.warmer, q.moved_g, 0.0, QUIET, f"{clock(q.t0)}: {q.warmer} °C, {q.moved_g:+.0f} g")
        for q in body.quiet if q.warmer is not None and q.moved_g is not None
    ]  # fmt: skip
    if not found:
        return None
    return dots.picture(found, Frame(summary, "g", dots.even(found, "°C")))


_DRAWN: dict[str, Callable[[Head, Body, str], Markup | None]] = {
    "zero": _zero,
    "span": _span,
    "creep": _creep,
    "temperature": _temperature,
    "quiet": _quiet,
}

"""The standing of a platform as it is told, in files and on the page, and kept."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable

import msgspec

from . import proposal, temperature, verdict
from .effect import Advice, Effect, advice, effects
from .model import Finding, Kind, Known, Quantity, Verdict, Weighing
from .proposal import Proposal
from .read import Found

# The worst first.
GRAVITY = (
    *(Advice.LOOK, Advice.CALIBRATE, Advice.CLEAN),
    *(Advice.WAIT, Advice.UNKNOWN, Advice.NOTHING),
)
QUIET, SETTLED = "quiet", "settled"  # beside the kinds of weighings


class QuietHours(msgspec.Struct, frozen=True, array_like=True):
    """Hours in which nobody came, Unix seconds. load_g: what stood there; warmer: by how many °C
    the air went up and down as the cells felt it; moved_g: by how much the weight did with it;
    None: the air is not known."""

    t0: int
    t1: int
    load_g: int
    warmer: float | None
    moved_g: float | None


class Settled(msgspec.Struct, frozen=True, array_like=True):
    """An emptied bin that stood alone for half an hour after t (Unix seconds): what changed in it,
    and the load that had left, g."""

    t: int
    change_g: int
    load_g: int


class Total(msgspec.Struct, frozen=True):
    """What a fault means for the days since it began, from first to last: g reported, and how much
    of it is the fault's, with its standard uncertainty (the same error stands in each day).
    unknown_from: since when nobody can tell."""

    first: dt.date
    last: dt.date
    reported_g: int
    off_g: int
    error_g: int
    unknown_from: dt.date | None = None


class Head(msgspec.Struct, frozen=True):
    """Verdicts of a platform at Unix time `until`. begin: of its evidence; counts: kind of evidence
    → how many; effect: None where no fault concerns what was reported."""

    bin: str
    site: str
    device: str
    channel: str
    stream: str
    until: int
    begin: int
    calibration: str
    e_g: int
    tare_g: int
    advice: Advice
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    effect: Total | None

    def of(self, quantity: Quantity) -> Finding:
        return next(f for f in self.findings if f.quantity is quantity)

    @property
    def far(self) -> float:
        """How far what is known is from right, in limits."""
        known = [f for f in self.findings if f.limit and f.verdict is not Verdict.UNKNOWN]
        return max((abs(f.value) / f.limit for f in known), default=0.0)


class Body(msgspec.Struct, frozen=True):
    """What it rests on. tickets: lift → ticket of its load; proposal: coefficients of temperature;
    counts_per_kg: of the calibration."""

    weighings: list[Weighing]
    tickets: dict[str, str]
    quiet: list[QuietHours]
    settled: list[Settled]
    days: list[Effect]
    proposal: Proposal | None
    counts_per_kg: float | None

    def of_names(self, sees: Callable[[str], bool]) -> Body:
        """For who may not know every lift and ticket: without the names of the others."""
        kept = []
        for w in self.weighings:
            reading, _, lift = w.source.partition(" ")
            kept.append(w if not lift or sees(lift) else w._replace(source=reading))
        tickets = {x: t for x, t in self.tickets.items() if sees(x) and sees(t)}
        return msgspec.structs.replace(self, weighings=kept, tickets=tickets)


class Statement(msgspec.Struct, frozen=True):
    """A platform."""

    head: Head
    body: Body


_encode = msgspec.json.Encoder().encode
_head, _body = msgspec.json.Decoder(Head).decode, msgspec.json.Decoder(Body).decode


def of(found: Found, now: int) -> Statement:
    """By what was known before Unix time now."""
    k, b = found.known, found.bin
    made = verdict.standing(k, now)
    days = effects(made, found.collected)
    weighings = verdict.evidence(k, now)
    quiet = _quiet(k, now)
    since = now - temperature.WINDOW_S
    settled = [Settled(*each) for each in k.settled if since <= each[0] < now]
    counts = {str(kind): sum(w.kind is kind for w in weighings) for kind in Kind}
    counts |= {QUIET: len(quiet), SETTLED: len(settled)}
    head = Head(
        b.bin, b.site, b.device, b.channel, b.stream, now, found.begin, found.calibration,
        k.e_g, k.tare_g, advice(made), made.findings, counts, _total(days),
    )  # fmt: skip
    lifts = {w.source.partition(" ")[2] for w in weighings if w.kind is Kind.LIFT}
    tickets = {x: t for x, t in found.tickets.items() if x in lifts}
    body = Body(
        weighings, tickets, quiet, settled, days, proposal.propose(k, now), found.counts_per_kg
    )
    return Statement(head, body)


def _total(days: list[Effect]) -> Total | None:
    if not days:
        return None
    known = [e for e in days if e.off_g is not None]
    span = known or days
    reported, off = sum(e.reported_g for e in known), sum(e.off_g or 0 for e in known)
    error = sum(e.error_g or 0 for e in known)
    unknown = next((e.date for e in days if e.off_g is None), None)
    return Total(span[0].date, span[-1].date, reported, off, error, unknown)


def _quiet(known: Known, now: int) -> list[QuietHours]:
    """Those that the fit of temperature rests on."""
    until = temperature.fitted_until(now)
    fit = temperature.of(known, now)
    lag = fit.lag_s if fit else temperature.USUAL_LAG_S
    found = []
    for s in temperature.stretches(known, until - temperature.WINDOW_S, until):
        warm = [known.air.at(t, lag) for t in s.t] if known.air else [None]
        felt = [c for c in warm if c is not None]
        warmer = moved = None
        if len(felt) == len(warm):
            x, y = temperature.even(s.t, felt), temperature.even(s.t, s.grams)
            square, warmer = sum(a * a for a in x), max(x) - min(x)
            moved = warmer * sum(a * b for a, b in zip(x, y, strict=True)) / square if square else 0
        found.append(QuietHours(s.t[0], s.t[-1], round(s.load), _to(warmer, 2), _to(moved, 1)))
    return found


def _to(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def packed(made: Statement) -> tuple[str, bytes]:
    """Head and body as the store keeps them."""
    return _encode(made.head).decode(), zlib.compress(_encode(made.body), 6)


def head_of(text: str) -> Head:
    """Of packed()."""
    return _head(text)


def body_of(packed_: bytes) -> Body:
    """Of packed()."""
    return _body(zlib.decompress(packed_))

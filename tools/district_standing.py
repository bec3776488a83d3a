"""Standings of a district: of the platforms as they are, and of one that has a month of evidence
and a gain that moved."""

from __future__ import annotations

import random

from host.common.local_days import DAY_S, date_of, local_day
from host.hazard.register import Register
from host.rollup import day_bounds
from host.standing import kept, statement
from host.standing.effect import Advice, Effect
from host.standing.model import WIDE, Cause, Finding, Kind, Quantity, Verdict, Weighing
from host.standing.proposal import Proposal
from host.standing.statement import Body, Head, QuietHours, Settled, Statement, Total
from host.store import Store, standings
from host.store.standings import StandingRow

DAYS, MOVED = 30, 12  # days of evidence; the gain moved so many days before the end


def keep(store: Store, known: Register, bin_: str, names: tuple[str, str], now: int) -> None:
    """Of every platform; bin_: the one with evidence; names: of a lift and a ticket of it."""
    until = day_bounds(date_of(local_day(now)))[0]
    kept.keep(store, known, until, now)
    told = made(known, bin_, *names, until)
    head, packed = statement.packed(told)
    there = standings.find(store, bin_)
    assert there is not None
    standings.replace(store, [(again(there[0], told.head, head), packed)])


def again(row: StandingRow, head: Head, packed: str) -> StandingRow:
    """Another standing of the same platform and moment."""
    held = standings.Held(row.n, row.changed)
    return kept.row_of(head, packed, (row.made, row.since, row.after), held)


def made(known: Register, bin_: str, lift: str, ticket: str, until: int) -> Statement:
    """Of a month before `until` (Unix seconds)."""
    b = next(b for b in known.known.platforms() if b.bin == bin_)
    luck = random.Random(5)  # noqa: S311
    moved = until - MOVED * DAY_S
    weighings, quiet, settled, days = [], [], [], []
    for n in range(DAYS):
        t = until - (DAYS - n) * DAY_S + 36_000
        c, place = 12 + 8 * luck.random(), f"{b.device}/{b.channel}/a1b2c3d4"
        gain = 0.011 if t >= moved else 0.0
        foot = 4_000 if n == 9 else 0
        bare = round(luck.gauss(2 * (c - 16), 5)) + foot
        weighings.append(Weighing(t, Kind.BARE, 0, bare, 6.0, f"{place}/{9 * n}", c))
        left = round(luck.gauss(200, 60))
        source = f"{place}/{9 * n + 1}"
        weighings.append(Weighing(t + 60, Kind.RETURN, b.tare_g, left, 90.0, source, c))
        load = luck.randrange(28_000, 52_000)
        off = round(load * gain + luck.gauss(0, 300))
        name = lift if n == DAYS - 1 else f"L9-{n}"
        source = f"{place}/{9 * n + 2} {name}"
        weighings.append(Weighing(t + 1, Kind.LIFT, load, off, 350.0, source, None))
        quiet.append(QuietHours(t - 30_000, t - 9_000, 24_000, round(c / 4, 2), round(c / 2, 1)))
        settled.append(Settled(t + 60, round(luck.gauss(-3, 4)), load))
        if t >= moved:
            date = date_of(local_day(t))
            days.append(Effect(date, load, round(load * 0.011), round(load * 0.002)))
    findings = (
        Finding(Quantity.ZERO, Verdict.WITHIN, 4.0, 3.0, b.e_g, DAYS),
        Finding(
            *(Quantity.SPAN, Verdict.BEYOND, 0.011, 0.002, 0.004, 2 * DAYS, moved, Cause.CELL),
            "24 weighings since then say +1.10 % of those before",
        ),
        Finding(Quantity.CREEP, Verdict.WITHIN, -3.0, 1.0, b.e_g / 2, DAYS),
        Finding(Quantity.TEMPERATURE, Verdict.UNKNOWN, 2.0, 6.0, b.e_g / 5, DAYS, because=WIDE),
        Finding(Quantity.HYSTERESIS, Verdict.UNKNOWN, because="no load is known both on its way up"
                " and on its way down"),
    )  # fmt: skip
    counts = {kind.value: DAYS for kind in Kind} | {statement.QUIET: DAYS, statement.SETTLED: DAYS}
    reported, off = sum(e.reported_g for e in days), sum(e.off_g or 0 for e in days)
    error = sum(e.error_g or 0 for e in days)
    total = Total(days[0].date, days[-1].date, reported, off, error)
    head = Head(
        b.bin, b.site, b.device, b.channel, b.stream, until, until - DAYS * DAY_S, "k-20260301-aa",
        b.e_g, b.tare_g, Advice.CALIBRATE, findings, counts, total,
    )  # fmt: skip
    proposal = Proposal(16.0, 3.0, 2.1, 40.0, 5400, 24.0, 6.0, 11.0, 12)
    body = Body(sorted(weighings), {lift: ticket}, quiet, settled, days, proposal, 21_000.0)
    return Statement(head, body)

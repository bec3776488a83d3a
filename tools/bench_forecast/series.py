"""The two published series, and a simulated district, as growth with questions about it."""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from host.common.local_days import LOCAL
from host.forecast.growth import FILL, HOUR_S, Growth, growth_of, of_marks

FILES = "wyndham_smartbin/fill_daily.csv", "edinburgh_enevo/collections_june.csv"
_START = int(dt.datetime(2026, 1, 5, tzinfo=LOCAL).timestamp())
DAYS_OFF = {dt.date(2026, 2, 15) + dt.timedelta(n) for n in range(9)}  # 春节
DAYS_OFF |= {dt.date(2026, 4, 4) + dt.timedelta(n) for n in range(3)}  # 清明


def wyndham(folder: Path) -> dict[str, tuple[Growth, list[int]]]:
    """Bin → growth of its daily fill (0 to 10), known at midnights by UTC, and the midnights (as
    hours) of days on which it was not emptied."""
    levels: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with (folder / FILES[0]).open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            day = dt.datetime.fromisoformat(row["timestamp"]).replace(tzinfo=dt.UTC)
            if (level := row["latestFullness"]).isdecimal():
                hour = int(day.timestamp()) // HOUR_S
                levels[row["serialNumber"]].append((hour, int(level)))
    return {name: _daily(sorted(rows)) for name, rows in levels.items()}


def _daily(rows: list[tuple[int, int]]) -> tuple[Growth, list[int]]:
    """Of a day with an emptying, what came in after it counts, as nothing else is known."""
    exact, whole_days, total = {rows[0][0]: 0}, [], 0
    for (before, low), (hour, level) in pairwise(rows):
        total += level - low if level >= low else level
        exact[hour] = total
        if hour == before + 24 and level >= low:
            whole_days.append(before)
    first, last = rows[0][0], rows[-1][0]
    return Growth(first, [exact.get(h) for h in range(first, last + 1)]), whole_days


def edinburgh(folder: Path) -> dict[str, tuple[Growth, list[int]]]:
    """Site → growth of its fill (percent) between collections, and the hours of these."""
    zone = ZoneInfo("Europe/London")
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    with (folder / FILES[1]).open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            t = dt.datetime.fromisoformat(row["collected_at_london"]).replace(tzinfo=zone)
            before, after = int(row["fill_before_pct"]), int(row["fill_after_pct"])
            found[row["site"]].append((int(t.timestamp()), before, after))
    made = {}
    for site, rows in found.items():
        rows.sort()
        marks, total = [(rows[0][0], 0)], 0
        for (_, _, rest), (at, before, _) in pairwise(rows):
            total += max(0, before - rest)
            marks.append((at, total))
        made[site] = of_marks(marks, rows[-1][2]), [-(-at // HOUR_S) for at, _ in marks]
    return made


def is_off(day: dt.date) -> bool:
    """Weekends and the holidays of the simulated spring."""
    return day.weekday() >= 5 or day in DAYS_OFF


def simulated(bins: int, days: int, seed: int) -> Iterator[Growth]:
    """Bins of a district: hours of opening, weekends and holidays, good and bad weeks, households
    that move in; emptied each morning or when full; a sensor with noise and with gaps."""
    for n in range(bins):
        rng = random.Random(f"{seed}-{n}")  # noqa: S311
        yield growth_of(_readings(days, rng), FILL)


def _readings(days: int, rng: random.Random) -> Iterator[tuple[int, int]]:
    level, each = 0.0, rng.uniform(250, 1100)  # permille a day
    off, trend, week = rng.uniform(0.5, 1.6), rng.uniform(-0.003, 0.004), 1.0
    is_daily, gap_until = rng.random() < 0.6, 0
    for hour in range(days * 24):
        t = _START + hour * HOUR_S
        local = dt.datetime.fromtimestamp(t, LOCAL)
        if local.hour == 0:
            week = 0.8 * week + 0.2 * rng.lognormvariate(0, 0.35)
            if rng.random() < 0.01:
                gap_until = hour + rng.randrange(6, 60)
        share = {7: 0.28, 8: 0.2, 18: 0.22, 19: 0.2}.get(local.hour, 0.005)
        rate = each * week * math.exp(trend * hour / 24) * share
        rate *= off if is_off(local.date()) else 1.0
        level += rate * rng.gammavariate(4, 0.25)
        is_collected = local.hour == 10 and (is_daily or level > 700)
        if is_collected or level > 1000:
            level = 0.0
        if hour >= gap_until:
            yield t, max(0, round(level + rng.gauss(0, 8)))

"""Measures of the bins of a collection point, of its streams and of its thermometers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..alarms.opening_hours import closed_since, within
from ..alarms.rules import Rule
from ..common.local_days import clock
from ..common.quantity import kg
from ..rollup import day_bounds
from .board_measures import lasting
from .board_watch import KEPT_S, BinWatch, lowest
from .scene import Measured, Scene
from .site_days import Scatter

FULL_MINUTES, RISE_MINUTES = 10, 15  # where a rule does not say
OLD_FORECAST_S = 26 * 3600  # one is made each day
_LIFT_TOLD_S = 12 * 3600  # so long it is told that a bin was lifted outside the hours
_EMPTY_G = 1000  # so much at most is in a bin that counts as empty
_LEAST_FILL, _LEAST_DENSE_G = 200, 10_000  # permille, g: below, a density says nothing


def fault(s: Scene, _: Rule) -> Iterator[Measured]:
    """The worse of scale and fill sensor of each bin, as long as the board reports."""
    for board in s.boards:
        for b in board.bins:
            bad = [c for c in (b.weight, b.fill) if c.bad_since is not None]
            worst = min(bad, key=lambda c: c.bad_since or 0, default=None)
            if worst is None:
                yield Measured(b.bin.bin, -1.0, "传感器正常", 0, b.bin.stream)
            else:
                until = s.now if board.last is None else min(s.now, board.last + board.every_s)
                text = f"秤没有有效读数：{worst.mark}"
                if worst is b.fill:
                    text = f"满溢传感器没有有效读数：{worst.mark}"
                yield lasting(b.bin.bin, worst.bad_since, until, text, b.bin.stream)


def full(s: Scene, rule: Rule) -> Iterator[Measured]:
    minutes = FULL_MINUTES if rule.minutes is None else rule.minutes
    for b in s.bins:
        if b.bin.fill_channel:
            low = None
            if b.fill.bad_since is None:
                low = lowest(b.fills, s.now - 60 * minutes)
            if low is None and b.fills and b.fills[-1][1] / 10 < rule.clear:
                low = b.fills[-1][1]
            since = _since(b, 10 * rule.threshold)
            text = f"满溢传感器，{minutes} 分钟内最低"
            yield Measured(b.bin.bin, None if low is None else low / 10, text, since, b.bin.stream)


def _since(b: BinWatch, permille: float) -> int:
    """From when on the fill was at least so high, as far as it is kept (Unix seconds)."""
    since = 0
    for t, value in reversed(b.fills):
        if value < permille:
            break
        since = t
    return since


def filling(s: Scene, _: Rule) -> Iterator[Measured]:
    """Hours between the moment it will be full, as likely as not, and its collection; of a
    forecast that is older, nothing is known."""
    for b in s.bins:
        e = s.forecasts.get(b.bin.bin)
        if e is None:
            continue
        early: float | None = -1.0 if e.full is None else (e.collected - e.full) / 3600
        if s.now - e.made > OLD_FORECAST_S or s.now >= e.collected:
            early = None
        full, collected = clock(e.full), clock(e.collected)
        text = f"预计 {full} 满，早于 {collected} 的清运"
        yield Measured(b.bin.bin, early, text, 0, b.bin.stream)


def load(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.bins:
        if b.gross and b.bin.max_g and b.weight.bad_since is None:
            if b.away_since is not None:  # the weight is that of before it was lifted
                yield Measured(b.bin.bin, None, "秤上没有桶", 0, b.bin.stream)
                continue
            share = 100 * b.gross[1] / b.bin.max_g
            yield Measured(b.bin.bin, share, "占秤的最大秤量", b.gross[0], b.bin.stream)


def density(s: Scene, _: Rule) -> Iterator[Measured]:
    """kg in a litre of what is filled, by the fill sensor where it is well; else of the bin."""
    for b in s.bins:
        if b.gross and b.bin.volume_l and b.weight.bad_since is None:
            if b.away_since is not None:  # what the fill sensor sees is not what was weighed
                yield Measured(b.bin.bin, None, "秤上没有桶", 0, b.bin.stream)
                continue
            net = max(0, b.gross[1] - b.bin.tare_g)
            share = 1000
            if b.fills and s.now - b.fills[-1][0] <= KEPT_S:
                share = max(_LEAST_FILL, b.fills[-1][1])
            litres = max(1, b.bin.volume_l * share // 1000)
            value = net / 1000 / litres if net > _LEAST_DENSE_G else 0.0
            text = partial(_heavy, net, litres)
            yield Measured(b.bin.bin, value, text, b.gross[0], b.bin.stream)


def away(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.bins:
        if b.bin.channel and b.bin.container == "wheelie":
            valid = b.weight.bad_since is None
            away = lasting(b.bin.bin, b.away_since, s.now, "秤上没有桶", b.bin.stream)
            yield away if valid else Measured(b.bin.bin, None, away.text, 0, b.bin.stream)


def outside(s: Scene, _: Rule) -> Iterator[Measured]:
    """What stands on a platform more than when the site closed, or since it was last emptied."""
    closed = closed_since(s.site, s.now)
    for b in s.bins:
        if closed is None or b.base is None or b.gross is None:
            yield Measured(b.bin.bin, 0.0, "在投放时间内", 0, b.bin.stream)
        elif b.weight.bad_since is None and b.away_since is None and b.gross[0] >= closed:
            gain = (b.gross[1] - b.base) / 1000
            yield Measured(b.bin.bin, gain, "在投放时间以外投放", closed, b.bin.stream)
        else:
            yield Measured(b.bin.bin, None, "在投放时间以外投放", 0, b.bin.stream)


def lifted(s: Scene, rule: Rule) -> Iterator[Measured]:
    """What was taken with a bin that was lifted outside the hours of collection: those of the
    rule, or else those in which its site takes waste. It is told for half a day, or until the
    bin is emptied within the hours."""
    hours = rule.hours or s.site.windows
    for b in s.bins:
        if not b.bin.channel or b.bin.container != "wheelie":
            continue
        t, grams = b.lift or (0, 0)
        if not hours or within(hours, t) or s.now - t >= _LIFT_TOLD_S:
            t = grams = 0
        text = "在清运时间以外清运" if t else "在清运时间内"
        yield Measured(b.bin.bin, grams / 1000, text, t, b.bin.stream)


def rise(s: Scene, rule: Rule) -> Iterator[Measured]:
    minutes = RISE_MINUTES if rule.minutes is None else rule.minutes
    for board in s.boards:
        for channel, series in board.temperatures.items():
            if series:
                t, last = series[-1]
                low = min(v for when, v in series if when >= t - 60 * minutes)
                text = partial(_warmed, minutes, last)
                yield Measured(f"{board.device}/{channel}", (last - low) / 100, text, t)


def uncollected(s: Scene, _: Rule) -> Iterator[Measured]:
    """Whole days since the last emptying, of those that are booked; 0 while there is nothing in
    it to be fetched."""
    if s.days is None:
        return
    for b in s.bins:
        last, booked = s.days.emptied.get(b.bin.bin), s.days.booked
        if last is None or booked is None or b.gross is None:
            continue
        held = max(0, b.gross[1] - b.bin.tare_g)
        days = float((booked - last).days) if held > _EMPTY_G else 0.0
        since = day_bounds(last)[0] if days else 0
        yield Measured(b.bin.bin, days, partial(_left, held), since, b.bin.stream)


def unlike(s: Scene, _: Rule) -> Iterator[Measured]:
    if s.days is not None:
        for stream, found in s.days.scatter.items():
            since = day_bounds(found.date)[0]
            yield Measured(stream, found.times, partial(_scattered, found), since, stream)


def verified(s: Scene, _: Rule) -> Iterator[Measured]:
    for b in s.bins:
        named = s.registry.instruments_at(b.bin)
        if until := max((i.until for i in named if i.until), default=None):
            text = "仪表检定有效期已过"
            yield Measured(b.bin.bin, float((s.day - until).days), text, 0, b.bin.stream)


def _heavy(net: int, litres: int) -> str:
    return f"{kg(net)} kg 在 {litres} L 中，可能有大件或建筑垃圾"


def _left(held: int) -> str:
    return f"未清运，桶中 {kg(held)} kg"


def _scattered(found: Scatter) -> str:
    grams, middle = kg(found.grams), kg(found.median)
    return f"{found.date} 投放 {grams} kg，前几周的中位数 {middle} kg"


def _warmed(minutes: int, last: int) -> str:
    return f"{minutes} 分钟内升温，现为 {last / 100:.1f} °C"

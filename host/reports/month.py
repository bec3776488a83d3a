"""A month of the district, as far as it is over, from the figures of its days."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ..common.local_days import LOCAL
from ..common.periods import Period
from ..common.quantity import kg
from ..indicators import IndicatorError
from ..registry import Registry
from ..rollup import closing, period
from ..rollup.day_figures import Progress
from ..rollup.left_out import left_out
from ..store import Store
from ..store.day_revisions import Closing
from .limits import Limits
from .summary import DISTRICT, Summary


def summarise(
    store: Store,
    registry: Registry,
    when: Period,
    today: dt.date | None = None,
    progress: Progress = iter,
    *,
    limits: Limits | None = None,
    whose: str = DISTRICT,
) -> Summary:
    """A month as far as it is over; IndicatorError when no day of it is. limits: to the sites of
    whom it is limited, and whose: what they are called; None: the district."""
    today = today or dt.datetime.now(LOCAL).date()
    last = min(when.last, today - dt.timedelta(1))
    if last < when.first:
        raise IndicatorError(f"--month: {when} has no day yet that is over")
    rows = period.roll_days(store, registry, when.first, last, progress=progress)
    if limits is not None:
        rows = [r for r in rows if limits.site(r.site)]
    notes: tuple[str, ...] = ()
    if last < when.last:
        notes = (f"月份未满：截至{last}（{last.day}/{when.days}天）",)
    if closed := closing.closings(store).get(str(when)):
        notes += _closed(store, closed, limits)
    if limits is None:
        for lost in left_out(store, registry, when.first, last):
            masses = f"投放{kg(lost.deposited)} kg，清运{kg(lost.collected)} kg"
            notes += (f"桶{lost.bin}已不在bins.csv中：其{masses}未计入（关账前应保留其登记）",)
    return Summary(when.chinese, when.first, last, rows, notes, whose)


def _closed(store: Store, closed: Closing, limits: Limits | None) -> tuple[str, ...]:
    """Notes of a closed month: by whom, when, and what later adjustments would change."""
    on = dt.datetime.fromtimestamp(closed.at, LOCAL).date()
    made = [
        x
        for x in closing.adjustments(store, closed.month)
        if x.changes_mass and (limits is None or limits.site(x.bin.site))
    ]
    closed_text = f"本月已由{closed.by}于{on}关账"
    if not made:
        return (closed_text,)
    deposited, collected = (Decimal(g).scaleb(-3) for g in closing.change(made))
    more = f"其后{len(made)}项调整未计入：投放{deposited:+.3f} kg，清运{collected:+.3f} kg"
    days = "、".join(dict.fromkeys(f"{x.after.date:%m-%d} {x.bin.site}" for x in made[:5]))
    return (
        closed_text,
        more + f"（{days}{'…' if len(made) > 5 else ''}，明细：qingyun adjustments）",
    )

"""What to collect tomorrow, worst first: a table to print, to send and to read."""

from __future__ import annotations

from collections.abc import Sequence

from ..common.local_days import clock
from ..office.table import Cell, Column, Table
from ..registry import Registry
from .bins import MOST_HOURS, BinForecast, Quantiles

_BY = {"fill": "满溢", "weight": "重量", "": "—"}
NOTES = (
    "小时和千克的三个数：十次中约有一次更早（更少）、一半、九次（十次中约有一次更晚、更多）",
    f"—：{MOST_HOURS} 小时内不会满，或历史不足两周，或三小时内没有有效读数",
    "按各桶自己过去 90 天同一时刻之后的进入量推算，不是测量值",
)


def _hours(value: float | None) -> Cell:
    return None if value is None else round(value)


def _three(values: Quantiles | None) -> list[Cell]:
    return [None] * 3 if values is None else list(values)


def table(found: Sequence[BinForecast], registry: Registry, now: int, until: int) -> Table:
    """A row for each bin, in the order given; now: of the forecast, until: of the masses (Unix
    seconds)."""
    columns = [
        *(Column("街镇", 12), Column("点位", 28), Column("桶", 14), Column("品类", 11)),
        Column("现满溢", 9, 0, percent=True),
        Column("现有千克", 10, 1, total=True),
        *(Column("多少小时后满：早", 9, 0), Column("半数", 7, 0), Column("晚", 7, 0)),
        *(Column("届时千克：少", 10, 1), Column("半数 kg", 9, 1, total=True), Column("多", 9, 1)),
        Column("依据", 7, centre=True),
    ]
    rows: list[list[Cell]] = []
    for f in found:
        site = registry.sites[f.bin.site]
        fill = None if f.fill is None else f.fill / 1000
        hours = [_hours(h) for h in f.full_h or (None, None, None)]
        place = (site.town, site.name, f.bin.bin, f.bin.stream)
        kg = None if f.net_g is None else f.net_g / 1000
        rows.append([*place, fill, kg, *hours, *_three(f.kg), _BY[f.by]])
    period = f"{clock(now)} 起，千克至 {clock(until)}"
    return Table("清运清单", "次日清运清单", "见各列", period, columns, rows, NOTES)

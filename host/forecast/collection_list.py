"""What to collect tomorrow, worst first: a table to print, to send and to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..common.local_days import clock
from ..office.table import Cell, Column, Table
from ..registry import Registry
from . import way
from .bins import MOST_HOURS, BinForecast, Quantiles

_BY = {"fill": "满溢", "weight": "重量", "": "—"}
NOTES = (
    "小时和千克的三个数：十次中约有一次更早（更少）、一半、九次（十次中约有一次更晚、更多）",
    f"—：{MOST_HOURS} 小时内不会满，或历史不足两周，或三小时内没有有效读数",
    "按各桶自己过去 90 天同一时刻之后的进入量推算，不是测量值",
)
ALONG = "顺序：同一街镇、同一品类的点位按直线距离排成的较短路线，从最先满的点位起；道路不在其中"


def _hours(value: float | None) -> Cell:
    return None if value is None else round(value)


def _three(values: Quantiles | None) -> list[Cell]:
    return [None] * 3 if values is None else list(values)


def along(
    found: Sequence[BinForecast], registry: Registry, places: Mapping[str, way.Place]
) -> dict[str, int]:
    """bin → the place of its site on a short way (1, 2, …) through the sites of its 街镇 and
    stream, from the first of `found` on; without those whose site has no position."""
    parts: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for f in found:
        if f.bin.site in places:
            town = registry.sites[f.bin.site].town
            parts[town, f.bin.stream][f.bin.site].append(f.bin.bin)
    numbers: dict[str, int] = {}
    for sites in parts.values():
        names = list(sites)
        for n, i in enumerate(way.shortest([places[site] for site in names]), 1):
            numbers |= dict.fromkeys(sites[names[i]], n)
    return numbers


def table(
    found: Sequence[BinForecast],
    registry: Registry,
    now: int,
    until: int,
    places: Mapping[str, way.Place] | None = None,
) -> Table:
    """A row for each bin, in the order given; now: of the forecast, until: of the masses (Unix
    seconds). places: site → longitude and latitude, of those that have them."""
    numbers = along(found, registry, places or {})
    columns = [
        *(Column("街镇", 12), Column("点位", 28), Column("桶", 14), Column("品类", 11)),
        Column("现满溢", 9, 0, percent=True),
        Column("现有千克", 10, 1, total=True),
        *(Column("多少小时后满：早", 9, 0), Column("半数", 7, 0), Column("晚", 7, 0)),
        *(Column("届时千克：少", 10, 1), Column("半数 kg", 9, 1, total=True), Column("多", 9, 1)),
        *(Column("依据", 7, centre=True), Column("顺序", 7, 0)),
    ]
    rows: list[list[Cell]] = []
    for f in found:
        site = registry.sites[f.bin.site]
        fill = None if f.fill is None else f.fill / 1000
        hours = [_hours(h) for h in f.full_h or (None, None, None)]
        place = (site.town, site.name, f.bin.bin, f.bin.stream)
        kg = None if f.net_g is None else f.net_g / 1000
        rows.append([*place, fill, kg, *hours, *_three(f.kg), _BY[f.by], numbers.get(f.bin.bin)])
    period = f"{clock(now)} 起，千克至 {clock(until)}"
    return Table("清运清单", "次日清运清单", "见各列", period, columns, rows, (*NOTES, ALONG))

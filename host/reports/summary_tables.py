"""Tables of what was collected in a day or a month, for workbooks and pages."""

from __future__ import annotations

from ..common.quantity import kg_number, percent
from ..office.table import Cell, Column, Table
from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET
from ..rollup import DailyRow
from . import LABEL
from .summary import DISTRICT, HAULED, SHOWN, Part, Summary

ASIDE = "不计入清运量"
NOTES = (
    "清运量 = 干垃圾 + 湿垃圾，为投放点实测估算，不与进厂计量相加",
    "可回收物、有害垃圾另列，不计入清运量",
    "覆盖率 = 有效计量的桶时 / 登记的桶时；— 表示没有有效计量，不是零",
)

NOTHING = "本期没有有效计量：登记的秤没有一个给出可用的读数"


def _masses(width: float) -> list[Column]:
    return [
        Column("干垃圾", width, 3, total=True),
        Column("湿垃圾", width, 3, total=True),
        Column("清运量\n（投放点实测）", width + 3, 3, total=True),
        Column("覆盖率", 9, 1, percent=True),
        Column("清运次数", 9, 0, total=True),
        Column(f"可回收物\n（{ASIDE}）", width + 4, 3, total=True),
        Column(f"有害垃圾\n（{ASIDE}）", width + 4, 3, total=True),
    ]


def _figures(summary: Summary, **where: object) -> list[Cell]:
    def of(*streams: str) -> Part:
        return summary.of(streams, **where)  # type: ignore[arg-type]

    hauled = of(*HAULED)
    return [
        *(of(DRY).tonnes, of(WET).tonnes, hauled.tonnes, hauled.coverage),
        hauled.collections,
        *(of(RECYCLABLE).tonnes, of(HAZARDOUS).tonnes),
    ]


def towns(summary: Summary) -> Table:
    """A row for each 街镇."""
    columns = [Column("序号", 6, centre=True), Column("街镇", 20), *_masses(13)]
    rows: list[list[Cell]] = [
        [str(n), town, *_figures(summary, town=town)] for n, town in enumerate(summary.towns, 1)
    ]
    totals: dict[int, Cell] = {5: summary.of(HAULED).coverage}
    return Table(
        "街镇汇总", f"{summary.whose}{LABEL}街镇汇总表", "t", summary.period, columns, rows,
        (*NOTES, *_verified(summary), *summary.notes), totals, "合计",
    )  # fmt: skip


def _verified(summary: Summary) -> list[str]:
    """How much was weighed by verified instruments; nothing where none is registered."""
    hauled = summary.of(HAULED)
    if hauled.verified is None or hauled.verified_share is None:
        return []
    mass, part = kg_number(hauled.verified), percent(hauled.verified_share)
    return [f"清运量中由检定有效期内的衡器计量：{mass} kg，占{part}%"]


def days(summary: Summary) -> Table:
    """A row for each day."""
    columns = [Column("日期", 13, centre=True), *_masses(13)]
    dates = summary.dates if summary.measured else []
    rows: list[list[Cell]] = [[d, *_figures(summary, date=d)] for d in dates]
    totals: dict[int, Cell] = {4: summary.of(HAULED).coverage}
    return Table(
        "逐日", f"{summary.whose}{LABEL}逐日表", "t", summary.period, columns, rows,
        (*NOTES, *summary.notes), totals, "合计", one_page=True, empty=NOTHING,
    )  # fmt: skip


def details(summary: Summary) -> Table:
    """A row for each measured day, 街镇 and stream; no total, because not all streams may be
    added."""
    columns = (
        Column("日期", 13, centre=True),
        Column("街镇", 20),
        Column("类别", 12, centre=True),
        Column("收集量", 14, 3),
        Column("清运次数", 10, 0),
        Column("覆盖率", 10, 1, percent=True),
        Column("备注", 24),
    )
    rows: list[list[Cell]] = []
    left = 0
    for date in summary.dates:
        for town in summary.towns:
            for stream in SHOWN:
                p = summary.of((stream,), town, date)
                left += bool(p.due_s) and p.collected is None
                if p.collected is not None:
                    aside = "" if stream in HAULED else ASIDE
                    rows.append([date, town, stream, p.tonnes, p.collections, p.coverage, aside])
    notes = (*NOTES, f"没有有效计量的不列：{left}项（日期×街镇×类别）") if left and rows else NOTES
    title = f"{summary.whose}各街镇分类逐日明细表"
    return Table("明细", title, "t", summary.period, columns, rows, notes, empty=NOTHING)


def sites(rows: list[DailyRow], period: str, whose: str = DISTRICT) -> Table:
    """A row for each site and stream of a day, in kg."""
    columns = (
        Column("序号", 6, centre=True),
        Column("点位", 12),
        Column("街镇", 18),
        Column("类别", 12, centre=True),
        Column("投放量", 12, 3),
        Column("收集量", 12, 3),
        Column("清运次数", 10, 0),
        Column("取出量", 12, 3),
        Column("未归属变化", 12, 3),
        Column("覆盖率", 10, 1, percent=True),
    )
    lines: list[list[Cell]] = []
    for n, r in enumerate(rows if any(r.measured for r in rows) else (), 1):
        cells: list[Cell] = [
            *(kg_number(r.known(g)) for g in (r.deposited_g, r.collected_g)),
            r.known(r.collections),
            *(kg_number(r.known(g)) for g in (r.removed_g, r.unattributed_g)),
        ]
        lines.append([str(n), r.site, r.town, r.stream, *cells, r.coverage])
    title = f"{whose}各点位日报表"
    return Table("点位", title, "kg", period, columns, lines, NOTES, empty=NOTHING)

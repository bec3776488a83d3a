"""What an office sends to a contractor of a month: two pages of A4, whatever the month was. What
has no room is counted, and stands in the workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..common.local_days import clock
from ..office.table import Cell, Column, Table
from .evidence import Evidence
from .groups import Group, Key, by_stream, by_truck, groups, streams_of
from .model import STANDING, Kind
from .month import Reconciled
from .open_items import OpenItem, items
from .sums import Sum
from .tables import NAMES, closing, findings_of, said

TRUCKS, ITEMS = 12, 18  # rows that two pages have room for
_LONGEST = 22  # characters of a name
_NOTES = (
    "± 为 95 % 区间。三方并列，从不相加；应进厂 = 车载称重减去途中通常的减少（湿垃圾的水分）",
    "由数据推断，不是认定；请逐项核实后书面回复。三方共同的偏差在任何一列都看不出来",
)


def tables(
    found: Evidence, done: Reconciled, span: tuple[int, int], period: str, whose: str
) -> list[Table]:
    """Three tables: by stream, by truck, what does not close. found, done: of the contractor's
    trucks alone (part.of_trucks). span: Unix seconds."""

    def within(t: int) -> bool:
        return span[0] <= t < span[1]

    streams = by_stream(streams_of(found.loads))
    of_streams = groups(done, found.collections, found.loads, streams, within)
    of_trucks = groups(done, found.collections, found.loads, by_truck(done), within)
    shown = items(found, done, findings_of(done, within), within)
    return [
        _beside(f"{whose} {period} 三方对账", "品类", of_streams, period, len(of_streams)),
        _beside("按车", "车牌号", of_trucks, period, TRUCKS),
        _items(shown, period),
    ]


def _mass(value: Sum | None) -> str:
    if value is None:
        return "—"
    half = "" if value.half is None else f" ± {value.half / 1e6:.2f}"
    return f"{value.grams / 1e6:.2f}{half}"


def _beside(title: str, name: str, of: Mapping[Key, Group], period: str, most: int) -> Table:
    columns = [
        Column(name, 16),
        *(
            Column(c, 18, centre=True)
            for c in ("点位实测 t", "车载称重 t", "进厂计量 t", "应进厂 t")
        ),
        *(Column("未实测 t", 10, 2), Column("无磅单 t", 10, 2)),
        Column("结论", 24),
    ]
    heavy = sorted(of.items(), key=lambda x: (-(x[1].trucks.grams if x[1].trucks else 0), x[0]))
    rows: list[list[Cell]] = [
        [
            _short(key[0] or "（未注明）"),
            *(_mass(m) for m in (g.points, g.trucks, g.bridge, g.arrives)),
            g.unmeasured_g / 1e6,
            g.ticketless_g / 1e6,
            closing(g),
        ]
        for key, g in heavy[:most]
    ]
    left = len(heavy) - len(rows)
    notes = (f"按车载称重排列，另有 {left} 辆，见工作簿",) if left else ()
    return Table(name, title, "t", period, columns, rows, notes)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _items(shown: Sequence[OpenItem], period: str) -> Table:
    columns = [
        *(Column("时间", 17), Column("不闭合的原因", 26), Column("车牌号", 12)),
        *(Column("对象", 22), Column("kg ± 95 %", 18, centre=True), Column("依据", 26)),
    ]
    heavy = sorted(shown, key=lambda x: (x.finding.kind not in STANDING, -_grams(x), x.finding.t))
    rows: list[list[Cell]] = []
    for x in heavy[:ITEMS]:
        f, named = x.finding, [w.name for w in x.rests_on]
        more = f" 等 {len(named)} 次" if len(named) > 1 else ""
        when = "本期" if f.kind in STANDING else clock(f.t)[:16]
        kg = said(f) if x.mass is None or f.kind is Kind.NOT_DRIVEN else _kg(x.mass)
        basis = _short(named[0]) + more if named else "—"
        rows.append([when, NAMES[f.kind], f.truck, _short(f.subject), kg, basis])
    left = len(heavy) - len(rows)
    notes = (f"共 {len(heavy)} 项，另有 {left} 项，见工作簿", *_NOTES) if left else _NOTES
    empty = "本期没有发现不闭合的项目"
    title = "请核实的项目"
    return Table("项目", title, "kg", period, columns, rows, notes, empty=empty)


def _grams(x: OpenItem) -> int:
    return abs(x.mass.grams) if x.mass else 0


def _kg(mass: Sum) -> str:
    half = "" if mass.half is None else f" ± {mass.half / 1000:.0f}"
    return f"{mass.grams / 1000:+.0f}{half}"

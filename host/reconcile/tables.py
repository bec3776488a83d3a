"""A month of three witnesses as tables for an office."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from ..common.local_days import clock, date_of
from ..office.table import Cell, Column, Table
from . import river_picture
from .evidence import Evidence
from .gains import Gain
from .groups import Group, Key, Keys, by_day, by_route, by_stream, by_town, groups, streams_of
from .model import STANDING, Finding, Kind
from .month import Reconciled
from .river import river
from .sums import Sum

NAMES = {
    Kind.CLOCK: "车载时钟不准",
    Kind.TRUCK_DRIFT: "车载秤偏差",
    Kind.TRUCK_LOSS: "途中减少",
    Kind.STREAM_LOSS: "整个品类途中增减超出登记范围",
    Kind.PLATFORM: "点位秤偏差",
    Kind.NO_TICKET: "收运后无磅单",
    Kind.NO_LOAD: "有磅单、无收运",
    Kind.EXCESS: "磅单多于收运（疑有外来垃圾）",
    Kind.SHORT: "磅单少于收运",
    Kind.OTHER_TOWN: "磅单街镇与收运点位不符",
    Kind.NOT_EMPTIED: "车上有称重、点位未见清空",
    Kind.NOT_WEIGHED: "点位清空、车上无称重",
    Kind.NOT_LIFTED: "计划点位未收运",
    Kind.NOT_DRIVEN: "计划路线无称重",
    Kind.OFF_PLAN: "计划外收运",
    Kind.MIXED: "疑似混装",
}
OPEN = "不闭合"  # the sheet of what does not close
_SHARES = {Kind.TRUCK_DRIFT, Kind.TRUCK_LOSS, Kind.STREAM_LOSS, Kind.PLATFORM}
NOTES = (
    "三方并列，从不相加；清运量仍按其定义",
    "±：95 % 区间，由秤的分度与级别、本月各秤之间的差异得出",
    "±为空：可相互比较的秤太少，不知道偏差有多大；这一行不作结论",
    "三方共同的偏差（例如所有点位秤同样偏高）不在其中，任何一列都看不出来",
    "应进厂：车载称重减去途中通常的减少（湿垃圾的水分），由本月各车次得出，不超出登记的范围",
    "未实测：车上有称重而点位没有读数的桶；其重量只在车载一列",
)


def tables(found: Evidence, done: Reconciled, t0: int, t1: int, period: str) -> list[Table]:
    """The sheets of [t0, t1), Unix seconds: by stream, 街镇, route, day; what does not close;
    scales; where it went."""

    def within(t: int) -> bool:
        return t0 <= t < t1

    streams = streams_of(found.loads)

    def of(keys: Keys) -> dict[Key, Group]:
        return groups(done, found.collections, found.loads, keys, within)

    shown = findings_of(done, within)
    towns = by_town(done, streams, found.town_of)
    flows = river(done, found.loads, found.town_of, within)
    return [
        _beside("三方合计", period, ("品类",), of(by_stream(streams)), _plain),
        _beside("按街镇", period, ("街镇", "品类"), of(towns), _plain),
        _beside("按路线", period, ("日期", "车牌号"), of(by_route(done)), _dated),
        _beside("按日", period, ("日期", "品类"), of(by_day(done, streams)), _dated),
        _findings(shown, period),
        _scales(found, done, period),
        river_picture.table(flows, period),
    ]


def findings_of(done: Reconciled, is_within: Callable[[int], bool]) -> list[Finding]:
    """What does not close in a period; is_within: whether a Unix second is of it."""
    return [f for f in done.findings if f.kind in STANDING or is_within(f.t)]


def _plain(key: Key) -> list[Cell]:
    return [part or "（未注明）" for part in key]


def _dated(key: Key) -> list[Cell]:
    return [date_of(int(key[0])), *_plain(key[1:])]


def _t(value: Sum | None) -> list[Cell]:
    if value is None:
        return [None, None]
    half = None if value.half is None else Decimal(value.half).scaleb(-6)
    return [Decimal(value.grams).scaleb(-6), half]


def closing(group: Group) -> str:
    """Whether witnesses close, in words."""
    told = dict(zip(("点位—车", "车—进厂"), group.verdicts, strict=True))
    open_ = [name for name, closes in told.items() if closes is False]
    known = any(closes is not None for closes in told.values())
    return "、".join(open_) + "不闭合" if open_ else "闭合" if known else "—"


def _beside(
    sheet: str,
    period: str,
    names: tuple[str, ...],
    of: Mapping[Key, Group],
    shown: Callable[[Key], list[Cell]],
) -> Table:
    columns = [
        *(Column(name, 14) for name in names),
        *(Column("点位实测 t", 12, 3), Column("±", 8, 3)),
        *(Column("车载称重 t", 12, 3), Column("±", 8, 3)),
        *(Column("进厂计量 t", 12, 3), Column("±", 8, 3)),
        *(Column("应进厂 t", 12, 3), Column("±", 8, 3)),
        *(Column("车/点位-1", 10, 2, percent=True), Column("进厂/车-1", 10, 2, percent=True)),
        *(Column("未实测（次）", 9, 0), Column("未实测 t", 9, 3), Column("无磅单 t", 9, 3)),
        Column("结论", 22),
    ]
    rows: list[list[Cell]] = []
    for key, g in of.items():
        gaps = g.gap(g.points, g.trucks), g.gap(g.trucks, g.bridge)
        left = Decimal(g.unmeasured_g).scaleb(-6), Decimal(g.ticketless_g).scaleb(-6)
        masses = [*_t(g.points), *_t(g.trucks), *_t(g.bridge), *_t(g.arrives)]
        rows.append([*shown(key), *masses, *gaps, g.unmeasured, *left, closing(g)])
    title = f"点位、车载、进厂三方对账（{sheet}）"
    return Table(sheet, title, "t", period, columns, rows, NOTES)


def said(finding: Finding) -> str:
    """Its value with its unit and uncertainty."""
    if finding.kind in _SHARES:
        return f"{100 * finding.value:+.2f} % ± {196 * finding.error:.2f} %"
    if finding.kind is Kind.NOT_DRIVEN:
        return f"{finding.value:.0f} 个点位"
    if finding.kind is Kind.NOT_LIFTED:
        return "—"
    if finding.kind is Kind.CLOCK:
        return f"{finding.value:+.0f} s"
    return f"{finding.value / 1000:+.0f} kg"


def _when(finding: Finding) -> str:
    return "本期" if finding.kind in STANDING else clock(finding.t)


def _findings(shown: Iterable[Finding], period: str) -> Table:
    columns = [
        *(Column("时间", 17), Column("不闭合的原因", 30), Column("车牌号", 12)),
        *(Column("对象", 30), Column("大小", 20), Column("依据", 60)),
    ]
    rows = [
        [_when(f), NAMES[f.kind], f.truck, f.subject, said(f), " ".join(f.names[:12])]
        for f in shown
    ]
    notes = ("由数据推断，须经人工核实；疑似即怀疑，不是认定",)
    return Table(OPEN, "三方对账：不闭合的项目", "见各行", period, columns, rows, notes)


def _scales(found: Evidence, done: Reconciled, period: str) -> Table:
    trucks, bins = {x.truck for x in found.lifts}, {c.bin for c in found.collections}
    columns = [
        *(Column("秤", 8), Column("名称", 24), Column("偏差", 10, 2, percent=True)),
        *(Column("±", 10, 2, percent=True), Column("称重次数", 10, 0)),
    ]

    def row(kind: str, name: str, gain: Gain) -> list[Cell]:
        return [kind, name, gain.value, 1.96 * gain.error, gain.n]

    rows = [row("车载", name, g) for name, g in sorted(done.gains.trucks.items()) if name in trucks]
    far = sorted(done.gains.platforms.items(), key=lambda x: (-abs(x[1].value), x[0]))
    rows += [row("点位", name, g) for name, g in far if name in bins]
    notes = ("车载秤与它收运的各点位秤相比；点位秤与在此收运的车载秤相比，按偏差从大到小",)
    return Table("秤", "车载秤与点位秤的偏差", "%", period, columns, rows, notes)

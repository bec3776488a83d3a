"""Tables of the monthly report on hazardous waste and papers: balances, alarms, tickets."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..alarms import alarm_log
from ..common.local_days import clock
from ..common.periods import Period
from ..hazard import balance, ledger, papers
from ..hazard.balance import StoreBalance
from ..hazard.register import Register
from ..hazard.update import BEFORE_S, see_all
from ..office.table import Cell, Column, Table
from ..rollup import DailyRow, day_bounds
from ..store import Store
from . import facility_comparison
from .limits import Limits
from .summary import DISTRICT

STOCK_NOTES = (
    "期初 + 入库 = 出库 + 期末 + 差额；期初、期末按秤，无秤的按台账；差额为正表示减少",
    "允差 = 各次称量使用中最大允许误差（R 76）的方和根；超出时差额须查明",
    "危险废物贮存量与生活垃圾清运量不相加",
)
BESIDE_NOTES = (
    "投放点实测与进厂计量并列，不相加；— 表示没有有效计量或没有磅单，不是零",
    "清运量 = 干垃圾 + 湿垃圾；可回收物、有害垃圾另列",
)


def _kg(grams: int) -> Decimal:
    return Decimal(grams).scaleb(-3)


def _stock(register: Register, balances: Sequence[StoreBalance], period: str) -> Table:
    columns = [Column("序号", 6, centre=True), Column("贮存设施", 18), Column("单位", 24)]
    columns.append(Column("废物代码", 13, centre=True))
    columns += [Column(c, 12, 3) for c in ("期初", "入库", "出库", "期末", "差额", "秤的允差")]
    columns.append(Column("说明", 22))
    rows: list[list[Cell]] = []
    for n, b in enumerate(balances, 1):
        masses: list[Cell] = [_kg(g) for g in (b.opening, b.stored, b.taken, b.closing, b.residual)]
        masses.append(_kg(b.limit) if b.weighings else None)
        note = "；".join((["超出允差"] if b.weighings and not b.closes else []) + b.notes)
        where = register.stores[b.store].name if b.store in register.stores else b.store
        who = register.of(b.store).name if b.store in register.stores else ""
        rows.append([str(n), where, who, b.code, *masses, note])
    return Table("危险废物贮存", "危险废物贮存平衡表", "kg", period, columns, rows, STOCK_NOTES)


def _alarms(changes: Sequence[alarm_log.Row], t0: int, t1: int, period: str) -> Table:
    columns = [
        *(Column("编号", 5, centre=True), Column("发生", 11), Column("级别", 6, centre=True)),
        *(Column("贮存设施", 12), Column("对象", 13), Column("规则", 14), Column("内容", 16)),
        *(Column("数值", 12, centre=True), Column("限值", 9, centre=True), Column("依据", 20)),
        *(Column("确认", 20), Column("解除", 11)),
    ]
    seen = {r.alarm: r for r in changes if r.what == alarm_log.ACKNOWLEDGED}
    over = {r.alarm: r for r in changes if r.what == alarm_log.CLEARED}
    rows: list[list[Cell]] = []
    for r in changes:
        ended = over.get(r.alarm)
        is_here = bool(r.body.store) and r.what == alarm_log.RAISED
        if not is_here or r.t >= t1 or (ended and ended.t < t0):
            continue
        s, who = r.body, seen.get(r.alarm)
        value = "∞" if s.value >= alarm_log.MOST else f"{s.value:g}"
        by = f"{who.body.by} {clock(who.t)} {who.body.note}".strip() if who else None
        rows.append(
            [
                *(str(r.alarm), clock(r.t), s.level, s.store, s.subject, s.rule, s.text),
                *(f"{value} {s.unit}", f"{s.threshold:g} {s.unit}", s.source, by),
                clock(ended.t) if ended else None,
            ]
        )
    notes = ("确认、解除为 —：尚无人确认，尚未解除；限值见 rules.csv 所列依据",)
    return Table("告警", "危险废物贮存告警", "见各行", period, columns, rows, notes)


def _beside(days: list[DailyRow], brought: list[papers.Ticket], period: str, whose: str) -> Table:
    columns = [
        *(Column("街镇", 20), Column("品类", 16)),
        *(Column(facility_comparison.SITE_LABEL, 22, 3), Column("覆盖率", 10, 1, percent=True)),
        *(Column(facility_comparison.FACILITY_LABEL, 22, 3), Column("磅单数", 9, 0)),
        Column("实测/进厂", 12, 4),
    ]
    rows: list[list[Cell]] = [
        [
            whose if b.town == DISTRICT else b.town,
            b.stream,
            b.site_t,
            b.coverage,
            b.facility_t,
            b.tickets,
            b.ratio,
        ]
        for b in facility_comparison.beside(days, brought)
    ]
    title = "投放点实测与进厂计量"
    return Table("实测与进厂", title, "t", period, columns, rows, BESIDE_NOTES)


def tables(
    store: Store,
    register: Register | None,
    days: Sequence[DailyRow],
    period: Period,
    *,
    limits: Limits | None = None,
    whose: str = DISTRICT,
) -> list[Table]:
    """The tables of a month; none for data that this store does not hold. limits, whose: as of
    month.summarise(); register and days are of them already."""
    t0, t1 = day_bounds(period.first)[0], day_bounds(period.last)[1]
    made: list[Table] = []
    brought = [x for x in papers.tickets(store) if t0 <= x.t < t1]
    entries, alarms = ledger.read(store), alarm_log.read(store)
    if limits is not None:
        brought = [x for x in brought if limits.paper(x)]
        entries = [e for e in entries if limits.entry(e)]
        alarms = [r for r in alarms if limits.alarm(r.body)]
    if brought:
        made.append(_beside(list(days), brought, period.chinese, whose))
    live = ledger.live(entries)
    if register is not None and any(e.t < t1 for e in live):
        seen = see_all(store, register, t1, t0 - BEFORE_S)
        balances = balance.balances(register, live, seen, t0, t1)
        made.append(_stock(register, balances, period.chinese))
    table = _alarms(alarms, t0, t1, period.chinese)
    return [*made, table] if table.rows else made

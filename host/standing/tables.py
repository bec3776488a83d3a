"""Standings as tables for an office, and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..common.local_days import clock
from ..office.table import Cell, Column, Table
from .effect import Advice, Effect
from .evidence import SETTLED_S
from .model import Cause, Finding, Kind, Quantity, Verdict, Weighing
from .statement import Body, Head, Statement

QUANTITIES = {
    Quantity.ZERO: "零点",
    Quantity.SPAN: "量程",
    Quantity.CREEP: "蠕变",
    Quantity.TEMPERATURE: "温度影响",
    Quantity.HYSTERESIS: "滞后",
}
VERDICTS = {
    Verdict.WITHIN: "在允许范围内",
    Verdict.BEYOND: "超出",
    Verdict.UNKNOWN: "证据不足",
}
CAUSES = {
    Cause.NONE: "",
    Cause.CELL: "传感器漂移（或有物压住）",
    Cause.WET: "潮湿",
    Cause.DIRTY: "积垢",
    Cause.FROZEN: "冻住或卡住",
    Cause.TEMPERATURE: "随气温变化",
}
KINDS = {Kind.BARE: "空秤台", Kind.RETURN: "空桶放回", Kind.LIFT: "车载称重"}
QUIET, SETTLED = "无人时段", "空桶静置半小时"
ADVICE = {
    Advice.NOTHING: "无需校准",
    Advice.CALIBRATE: "需校准",
    Advice.CLEAN: "清扫秤台",
    Advice.WAIT: "待其晾干",
    Advice.LOOK: "到现场查看",
    Advice.UNKNOWN: "证据不足",
}
EFFECT, NONE = "对已报数字的影响", "没有影响已报重量的偏差"
NOTES = (
    "依据：每次收运时的空秤台、放回的空桶（皮重按登记）、车辆对同一桶的称重；无人搬运砝码",
    "±：95 % 区间；限值按 OIML R 76-1:2006 使用中的要求",
    "对已报数字的影响只并列，从不改动清运量",
)


def value_of(f: Finding) -> str:
    """Value and 95 % interval with the unit."""
    if f.verdict is Verdict.UNKNOWN and not f.value and not f.error:
        return "—"
    if f.quantity is Quantity.SPAN:
        return f"{100 * f.value:+.2f} % ± {200 * f.error:.2f} %"
    unit = "g/°C" if f.quantity is Quantity.TEMPERATURE else "g"
    places = 1 if f.quantity is Quantity.TEMPERATURE else 0
    return f"{f.value:+.{places}f} {unit} ± {2 * f.error:.{places}f} {unit}"


def limit_of(f: Finding) -> str:
    """The limit with the unit."""
    if not f.limit:
        return "—"
    if f.quantity is Quantity.SPAN:
        return f"{100 * f.limit:.2f} %"
    return f"{f.limit:.0f} g/°C" if f.quantity is Quantity.TEMPERATURE else f"{f.limit:.0f} g"


def verdicts(heads: Iterable[Head], period: str) -> Table:
    """A row for each platform and quantity."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("品类", 10), Column("建议", 12)),
        *(Column("项目", 10), Column("结论", 14), Column("数值", 20), Column("限值", 10)),
        *(Column("证据数", 8, 0), Column("自", 20), Column("原因", 24)),
    )
    rows: list[Sequence[Cell]] = []
    for h in heads:
        place = h.site, h.bin, h.stream, ADVICE[h.advice]
        for f in h.findings:
            since = clock(f.since) if f.since else ""
            told = QUANTITIES[f.quantity], VERDICTS[f.verdict], value_of(f), limit_of(f)
            rows.append((*place, *told, f.n, since, CAUSES[f.cause]))
    return Table("秤台现状", f"{period} 秤台现状", "", period, columns, rows, NOTES)


def in_sum(heads: Iterable[Head], period: str) -> Table:
    """What faults mean for all days since they began."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("品类", 10), Column("自", 12)),
        *(Column("至", 12), Column("已报清运 kg", 14, 3), Column("其中偏差 kg", 14, 3)),
        *(Column("± kg", 10, 3), Column("无法判断，自", 14)),
    )
    rows: list[Sequence[Cell]] = []
    for h in heads:
        if (e := h.effect) is not None:
            place = h.site, h.bin, h.stream, str(e.first), str(e.last)
            masses = (Decimal(g).scaleb(-3) for g in (e.reported_g, e.off_g, 2 * e.error_g))
            rows.append((*place, *masses, str(e.unknown_from or "")))
    return Table(EFFECT, f"{period} {EFFECT}", "kg", period, columns, rows, NOTES[2:], empty=NONE)


def by_day(made: Iterable[Statement], period: str) -> Table:
    """What faults mean for the reported days."""
    columns = (
        *(Column("日期", 12), Column("点位", 12), Column("桶", 12), Column("品类", 10)),
        *(Column("已报清运 kg", 14, 3), Column("其中偏差 kg", 14, 3), Column("± kg", 10, 3)),
        Column("占比", 10, 2, percent=True),
    )
    rows = [_day(s.head, e) for s in made for e in s.body.days]
    return Table(EFFECT, f"{period} {EFFECT}", "kg", period, columns, rows, NOTES[2:], empty=NONE)


def _day(head: Head, e: Effect) -> Sequence[Cell]:
    place = str(e.date), head.site, head.bin, head.stream
    reported = Decimal(e.reported_g).scaleb(-3)
    if e.off_g is None or e.error_g is None:
        return *place, reported, None, None, None
    share = Decimal(e.off_g) / e.reported_g if e.reported_g else None
    wide = Decimal(2 * e.error_g).scaleb(-3)
    return *place, reported, Decimal(e.off_g).scaleb(-3), wide, share


def weighings(made: Iterable[Statement], period: str) -> Table:
    """Each piece of evidence, and where it comes from."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("时间", 20), Column("证据", 14)),
        *(Column("已知 g", 12, 0), Column("偏差 g", 10, 0), Column("± g", 10, 0)),
        *(Column("°C", 8, 1), Column("来源", 40), Column("磅单", 20)),
    )
    rows: list[Sequence[Cell]] = []
    for s in made:
        place = s.head.site, s.head.bin
        for w in s.body.weighings:
            told = clock(w.t), KINDS[w.kind], w.load_g, w.off_g, round(2 * w.error_g), w.c
            rows.append((*place, *told, w.source, s.body.tickets.get(lift_of(w), "")))
    return Table("证据", f"{period} 证据", "g", period, columns, rows, empty="没有证据")


def lift_of(w: Weighing) -> str:
    """The name of the lift of a weighing; "" where it is none."""
    return w.source.partition(" ")[2]


def at_rest(made: Iterable[Statement], period: str) -> Table:
    """What changed while nobody came: quiet hours, and emptied bins that stood alone."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("证据", 18), Column("自", 20)),
        *(Column("至", 20), Column("载荷 g", 12, 0), Column("气温变化 °C", 12, 1)),
        Column("重量变化 g", 12, 0),
    )
    rows: list[Sequence[Cell]] = []
    for s in made:
        place = s.head.site, s.head.bin
        for q in s.body.quiet:
            span = clock(q.t0), clock(q.t1), q.load_g
            rows.append((*place, QUIET, *span, q.warmer, q.moved_g))
        for x in s.body.settled:
            span = clock(x.t), clock(x.t + SETTLED_S), s.head.tare_g
            rows.append((*place, SETTLED, *span, None, x.change_g))
    return Table("静置", f"{period} 静置时的变化", "g", period, columns, rows, empty="没有证据")


def document(made: Iterable[Statement], first: str, last: str, *, evidence: bool) -> dict[str, Any]:
    """For JSON."""
    platforms = [_platform(each.head, each.body, evidence=evidence) for each in made]
    return {"from": first, "to": last, "platforms": platforms}


def _platform(h: Head, body: Body, *, evidence: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "site": h.site, "bin": h.bin, "device": h.device, "channel": h.channel,
        "stream": h.stream, "calibration": h.calibration or None,
        "evidence_since": clock(h.begin), "advice": str(h.advice),
        "findings": [_finding(f) for f in h.findings],
        "evidence_counts": h.counts,
        "days": [
            {"date": str(e.date), "reported_g": e.reported_g}
            | {"off_g": e.off_g, "error_g": e.error_g}
            for e in body.days
        ],
    }  # fmt: skip
    made["proposal"] = _proposal(body)
    if evidence:
        made["evidence"] = [_weighing(w, body.tickets) for w in body.weighings]
        made["quiet_hours"] = [
            {"from": clock(q.t0), "to": clock(q.t1), "load_g": q.load_g, "celsius": q.warmer}
            | {"change_g": q.moved_g}
            for q in body.quiet
        ]
        made["settled"] = [
            {"time": clock(x.t), "change_g": x.change_g, "load_that_left_g": x.load_g}
            for x in body.settled
        ]
    return made


def _finding(f: Finding) -> dict[str, Any]:
    places = 6 if f.quantity is Quantity.SPAN else 2
    return {
        "quantity": str(f.quantity), "verdict": str(f.verdict), "cause": str(f.cause) or None,
        "value": round(f.value, places), "standard_uncertainty": round(f.error, places),
        "limit": round(f.limit, places),
        "unit": {Quantity.SPAN: "1", Quantity.TEMPERATURE: "g/degC"}.get(f.quantity, "g"),
        "weighings": f.n, "since": clock(f.since) if f.since else None,
        "because": f.because or None,
    }  # fmt: skip


def _weighing(w: Weighing, tickets: Mapping[str, str]) -> dict[str, Any]:
    return {
        "time": clock(w.t), "kind": str(w.kind), "load_g": w.load_g, "off_g": w.off_g,
        "standard_uncertainty_g": round(w.error_g, 1), "celsius": w.c, "source": w.source,
        "ticket": tickets.get(lift_of(w)),
    }  # fmt: skip


def _proposal(body: Body) -> dict[str, Any] | None:
    made = body.proposal
    if made is None:
        return None
    doc: dict[str, Any] = {
        key: round(v, 2) if isinstance(v, float) else v for key, v in made._asdict().items()
    }
    if body.counts_per_kg is not None:
        zero, per_c = made.counts(body.counts_per_kg)
        doc |= {"zero_counts": zero, "zero_per_c": round(per_c, 3)}
    return doc

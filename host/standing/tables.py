"""Standings as tables for an office, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..common.local_days import clock
from ..office.table import Cell, Column, Table
from .effect import Advice, Effect, advice, effects
from .model import Cause, Finding, Kind, Quantity, Standing, Verdict, Weighing
from .proposal import propose
from .read import Found
from .verdict import evidence as evidence_of

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
ADVICE = {
    Advice.NOTHING: "无需校准",
    Advice.CALIBRATE: "需校准",
    Advice.CLEAN: "清扫秤台",
    Advice.WAIT: "待其晾干",
    Advice.LOOK: "到现场查看",
    Advice.UNKNOWN: "证据不足",
}
NOTES = (
    "依据：每次收运时的空秤台、放回的空桶（皮重按登记）、车辆对同一桶的称重；无人搬运砝码",
    "±：95 % 区间；限值按 OIML R 76-1:2006 使用中的要求",
    "对已报数字的影响只并列，从不改动清运量",
)
Judged = tuple[Found, Standing]


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


def verdicts(judged: Sequence[Judged], period: str) -> Table:
    """A row for each platform and quantity."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("品类", 10), Column("建议", 12)),
        *(Column("项目", 10), Column("结论", 14), Column("数值", 20), Column("限值", 10)),
        *(Column("证据数", 8, 0), Column("自", 20), Column("原因", 24)),
    )
    rows: list[Sequence[Cell]] = []
    for found, standing in judged:
        place = found.bin.site, found.bin.bin, found.bin.stream, ADVICE[advice(standing)]
        for f in standing.findings:
            since = clock(f.since) if f.since else ""
            told = QUANTITIES[f.quantity], VERDICTS[f.verdict], value_of(f), limit_of(f)
            rows.append((*place, *told, f.n, since, CAUSES[f.cause]))
    return Table("秤台现状", f"{period} 秤台现状", "", period, columns, rows, NOTES)


def by_day(judged: Sequence[Judged], period: str) -> Table:
    """What faults mean for the reported days."""
    columns = (
        *(Column("日期", 12), Column("点位", 12), Column("桶", 12), Column("品类", 10)),
        *(Column("已报清运 kg", 14, 3), Column("其中偏差 kg", 14, 3), Column("± kg", 10, 3)),
        Column("占比", 10, 2, percent=True),
    )
    rows = [_day(found, e) for found, s in judged for e in effects(s, found.collected)]
    text = "没有影响已报重量的偏差"
    return Table("对已报数字的影响", f"{period} 对已报数字的影响", "kg", period, columns, rows,
                 NOTES[2:], empty=text)  # fmt: skip


def _day(found: Found, e: Effect) -> Sequence[Cell]:
    place = str(e.date), found.bin.site, found.bin.bin, found.bin.stream
    reported = Decimal(e.reported_g).scaleb(-3)
    if e.off_g is None or e.error_g is None:
        return *place, reported, None, None, None
    share = Decimal(e.off_g) / e.reported_g if e.reported_g else None
    wide = Decimal(2 * e.error_g).scaleb(-3)
    return *place, reported, Decimal(e.off_g).scaleb(-3), wide, share


def weighings(judged: Sequence[Judged], period: str) -> Table:
    """Each piece of evidence, and where it comes from."""
    columns = (
        *(Column("点位", 12), Column("桶", 12), Column("时间", 20), Column("证据", 12)),
        *(Column("已知 g", 12, 0), Column("偏差 g", 10, 0), Column("± g", 10, 0)),
        *(Column("°C", 8, 1), Column("来源", 40)),
    )
    rows = [
        (found.bin.site, found.bin.bin, clock(w.t), KINDS[w.kind], w.load_g, w.off_g,
         round(2 * w.error_g), w.c, w.source)
        for found, standing in judged for w in evidence_of(found.known, standing.now)
    ]  # fmt: skip
    return Table("证据", f"{period} 证据", "g", period, columns, rows, empty="没有证据")


def document(judged: Sequence[Judged], first: str, last: str, *, evidence: bool) -> dict[str, Any]:
    """For JSON."""
    return {
        "from": first,
        "to": last,
        "platforms": [_platform(*each, evidence=evidence) for each in judged],
    }


def _platform(found: Found, standing: Standing, *, evidence: bool) -> dict[str, Any]:
    b = found.bin
    made: dict[str, Any] = {
        "site": b.site, "bin": b.bin, "device": b.device, "channel": b.channel,
        "stream": b.stream, "calibration": found.calibration or None,
        "evidence_since": clock(found.begin), "advice": str(advice(standing)),
        "findings": [_finding(f) for f in standing.findings],
        "days": [
            {"date": str(e.date), "reported_g": e.reported_g}
            | {"off_g": e.off_g, "error_g": e.error_g}
            for e in effects(standing, found.collected)
        ],
    }  # fmt: skip
    made["proposal"] = _proposal(found, standing)
    if evidence:
        made["evidence"] = [_weighing(w) for w in evidence_of(found.known, standing.now)]
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


def _weighing(w: Weighing) -> dict[str, Any]:
    return {
        "time": clock(w.t), "kind": str(w.kind), "load_g": w.load_g, "off_g": w.off_g,
        "standard_uncertainty_g": round(w.error_g, 1), "celsius": w.c, "source": w.source,
    }  # fmt: skip


def _proposal(found: Found, standing: Standing) -> dict[str, Any] | None:
    made = propose(found.known, standing.now)
    if made is None:
        return None
    doc: dict[str, Any] = {
        key: round(v, 2) if isinstance(v, float) else v for key, v in made._asdict().items()
    }
    if found.counts_per_kg is not None:
        zero, per_c = made.counts(found.counts_per_kg)
        doc |= {"zero_counts": zero, "zero_per_c": round(per_c, 3)}
    return doc

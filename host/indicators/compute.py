"""Values from definitions and figures. What is missing makes a value empty, never zero;
what covers a part of the year is said to, and never stretched over the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from ..common.periods import Period
from ..common.quantity import share
from .definitions import Definition, Term
from .series import WHOLE, Figures, Series

COMPUTED, PARTIAL, EMPTY = "computed", "partial", "missing_input"
EVIDENCE, NOT_HERE = "evidence_only", "not_measured"
STATUS = {
    COMPUTED: "已计算",
    PARTIAL: "部分期间",
    EMPTY: "缺少数据",
    EVIDENCE: "仅佐证",
    NOT_HERE: "不在此计量",
}


@dataclass(frozen=True)
class Used:
    """An input of a value: what it was over the months used."""

    role: str
    sign: int
    series: Series
    value: Decimal | None
    months: tuple[int, ...]


@dataclass
class Result:
    """A definition's value, or the reason why there is none."""

    definition: Definition
    period: Period
    status: str
    value: Decimal | None = None
    months: tuple[int, ...] = ()  # empty: the period's own value
    expression: str = ""
    inputs: list[Used] = field(default_factory=list)
    coverage: Decimal | None = None
    notes: list[str] = field(default_factory=list)
    reason: str = ""
    beside: list[Result] = field(default_factory=list)

    @property
    def rounded(self) -> Decimal | None:
        if self.value is None:
            return None
        with localcontext() as context:
            context.prec = 60
            step = Decimal(1).scaleb(-self.definition.decimals)
            return self.value.quantize(step, ROUND_HALF_EVEN)

    @property
    def unit(self) -> str:
        """Of a month's value it is not …/年."""
        unit = self.definition.unit
        return unit.removesuffix("/年") if self.period.month else unit

    @property
    def shown(self) -> str:
        value = self.rounded
        return "" if value is None else f"{value:f}"


class _Missing(Exception):
    """Why a value cannot be computed; one line."""


def span(months: Iterable[int]) -> str:
    """`1–3、7月`."""
    runs: list[list[int]] = []
    for m in sorted(months):
        if runs and m == runs[-1][1] + 1:
            runs[-1][1] = m
        else:
            runs.append([m, m])
    return "、".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs) + "月"


def _label(series: Series) -> str:
    return f"{series.figure.name}（{series.figure.figure}，{series.year}年）"


def _common(flows: Sequence[Series], period: Period) -> tuple[int, ...] | None:
    """Months that every flow has; None: every one is there for the whole period."""
    wanted = set(period.months)
    year = period.month is None
    if all((year and s.whole is not None) or wanted <= s.months.keys() for s in flows):
        return None
    for s in flows:
        if not wanted & s.months.keys():
            if s.whole is not None:
                raise _Missing(f"期间不一致：{_label(s)}只有{s.year}年的年度数")
            raise _Missing(f"期间不一致：{_label(s)}没有{period.chinese}的数")
    common = wanted.intersection(*(s.months.keys() for s in flows))
    if not common:
        each = "，".join(f"{s.figure.name}{span(s.months)}" for s in flows)
        raise _Missing(f"期间不一致：没有共同的月份：{each}")
    return tuple(sorted(common))


def _state_key(states: Sequence[Series], period: Period, months: tuple[int, ...] | None) -> int:
    """The latest moment at which every state is known, within the months used."""
    allowed = set(months or period.months)
    if period.month is None and (months is None or 12 in months):
        allowed.add(WHOLE)
    keys = set(allowed)
    for s in states:
        keys &= s.months.keys() | ({WHOLE} if s.whole is not None else set())
    if not keys:
        names = "、".join(_label(s) for s in states)
        raise _Missing(f"期间不一致：没有同一时点的数：{names}")
    return max(keys)


def _value(series: Series, period: Period, months: tuple[int, ...] | None, key: int) -> Decimal:
    if series.figure.kind != "flow":
        return series.whole if key == WHOLE and series.whole is not None else series.months[key]
    if months is None and period.month is None and series.whole is not None:
        return series.whole
    return sum((series.months[m] for m in months or period.months), Decimal(0))


def _sum(used: Iterable[Used], role: str) -> Decimal:
    return sum(
        (u.sign * u.value for u in used if u.role == role and u.value is not None), Decimal()
    )


def _apply(d: Definition, used: list[Used]) -> Decimal:
    """The formula itself."""
    if d.formula in ("sum", "haulage"):
        return _sum(used, "sum") * d.scale
    if d.formula == "ratio":
        den = _sum(used, "den")
        if "per" in d.inputs:
            den *= _sum(used, "per")
        return _sum(used, "num") / _nonzero(den, "分母") * d.scale
    base = _nonzero(_sum(used, "base"), "基准")
    change = _sum(used, "this") - base
    return (change if d.formula == "growth" else -change) / base * d.scale


def _nonzero(value: Decimal, what: str) -> Decimal:
    if not value:
        raise _Missing(f"{what}为0，无法计算")
    return value


def _written(d: Definition, used: list[Used]) -> str:
    """The arithmetic as a person would write it."""

    def part(role: str) -> str:
        terms = [u for u in used if u.role == role]
        text = ""
        for u in terms:
            sign = (" - " if u.sign < 0 else " + ") if text else ""
            text += f"{sign}{u.value:f} {u.series.figure.unit}"
        return f"({text})" if len(terms) > 1 else text

    scale = "" if d.scale == 1 else f" × {d.scale:f}"
    if d.formula in ("sum", "haulage"):
        return part("sum") + scale
    if d.formula == "ratio":
        per = f" / {part('per')}" if "per" in d.inputs else ""
        return f"{part('num')} / {part('den')}{per}{scale}"
    first, second = ("this", "base") if d.formula == "growth" else ("base", "this")
    return f"({part(first)} - {part(second)}) / {part('base')}{scale}"


def _coverage(used: Iterable[Used]) -> Decimal | None:
    covered = due = 0
    for u in used:
        for m in u.months:
            c, n = u.series.seen.get(m, (0, 0))
            covered, due = covered + c, due + n
    return share(covered, due)


def compute(d: Definition, figures: Figures, period: Period) -> Result:
    """One definition over one period."""
    if d.formula in ("none", "evidence"):
        status = NOT_HERE if d.formula == "none" else EVIDENCE
        return Result(d, period, status, reason=d.reason, notes=[d.note] if d.note else [])
    terms: list[tuple[str, Term]] = [(role, t) for role, ts in d.inputs.items() for t in ts]
    series = [figures.get(t.figure, t.year or period.year) for _, t in terms]
    result = Result(d, period, EMPTY, notes=[d.note] if d.note else [])
    result.notes += dict.fromkeys(note for s in series for note in s.notes)
    result.inputs = [
        Used(role, t.sign, s, None, ()) for (role, t), s in zip(terms, series, strict=True)
    ]
    if absent := [s for s in series if s.empty]:
        result.reason = "缺少输入：" + "、".join(dict.fromkeys(_label(s) for s in absent))
        return result
    try:
        flows = [s for s in series if s.figure.kind == "flow"]
        states = [s for s in series if s.figure.kind != "flow"]
        months = _common(flows, period) if flows else None
        key = _state_key(states, period, months) if states else WHOLE
        covers = months or period.months
        result.inputs = [
            Used(
                u.role,
                u.sign,
                u.series,
                _value(u.series, period, months, key),
                covers if u.series.figure.kind == "flow" else (() if key == WHOLE else (key,)),
            )
            for u in result.inputs
        ]
        result.value = _apply(d, result.inputs)
    except _Missing as missing:
        result.reason = str(missing)
        return result
    result.status, result.months = COMPUTED, ()
    if months is None and period.month is None:
        result.notes += dict.fromkeys(note for s in series for note in s.of_whole)
    result.expression = _written(d, result.inputs)
    result.coverage = _coverage(result.inputs)
    if months is not None:
        result.status, result.months = PARTIAL, months
        text = (
            f"只含{period.year}年{span(months)}（{len(months)}/{len(period.months)}个月），未年化"
        )
        result.notes.append(text)
    elif any(s.unfinished in covers for s in flows):
        result.status = PARTIAL
    elif states and period.month is None and key not in (WHOLE, 12):
        result.status = PARTIAL
        result.notes.append(f"截至{period.year}年{key}月，不是年末数")
    return result


def compute_all(rows: Sequence[Definition], figures: Figures, period: Period) -> list[Result]:
    """Every indicator in the rows' order, each with what stands beside it."""
    results = [compute(d, figures, period) for d in rows if d.role == "indicator"]
    by_number = {r.definition.number: r for r in results}
    for d in rows:
        if d.role == "beside" and d.number in by_number:
            by_number[d.number].beside.append(compute(d, figures, period))
    return results

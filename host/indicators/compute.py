"""Indicator values from definitions and figures.

A missing input leaves the value empty, never zero. A value that covers part of a year says
so; it is never extrapolated to the whole year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from ..common.periods import Period
from ..common.quantity import share
from .definitions import Definition
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
    """An input of a value. value: in the figure's unit, over the months used; None until it
    is computed. months: 1 to 12; empty: the year's own value."""

    role: str
    sign: int
    series: Series
    value: Decimal | None
    months: tuple[int, ...]


@dataclass
class Result:
    """A definition's value in its unit, or the reason why there is none.

    coverage: measured share of the registered bin-time of the inputs, 0 to 1. beside:
    results of other definitions that are shown with this one."""

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
        """The unit; a month's value has no …/年."""
        unit = self.definition.unit
        return unit.removesuffix("/年") if self.period.month else unit

    @property
    def shown(self) -> str:
        value = self.rounded
        return "" if value is None else f"{value:f}"


class _Missing(Exception):
    """Why a value cannot be computed; one line."""


@dataclass(frozen=True)
class _Basis:
    """The time that a value rests on. months: common to all flows; None: every flow covers
    the whole period. state_month: when the states hold; WHOLE: at the end of the year."""

    period: Period
    months: tuple[int, ...] | None
    state_month: int

    @property
    def is_whole_year(self) -> bool:
        return self.months is None and self.period.month is None

    @property
    def flow_months(self) -> tuple[int, ...]:
        return self.months or self.period.months


def span(months: Iterable[int]) -> str:
    """Months as text: `1–3、7月`."""
    runs: list[list[int]] = []
    for m in sorted(months):
        if runs and m == runs[-1][1] + 1:
            runs[-1][1] = m
        else:
            runs.append([m, m])
    return "、".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs) + "月"


def _label(series: Series) -> str:
    return f"{series.figure.name}（{series.figure.figure}，{series.year}年）"


def _common_months(flows: Sequence[Series], period: Period) -> tuple[int, ...] | None:
    """Months that every flow has; None where each covers the whole period."""
    wanted = set(period.months)
    yearly = period.month is None
    if all((yearly and s.whole is not None) or wanted <= s.months.keys() for s in flows):
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


def _state_month(states: Sequence[Series], period: Period, months: tuple[int, ...] | None) -> int:
    """The latest month, or WHOLE, at whose end every state is known, within the months used."""
    common = set(months or period.months)
    if period.month is None and (months is None or 12 in months):
        common.add(WHOLE)
    for s in states:
        common &= s.months.keys() | ({WHOLE} if s.whole is not None else set())
    if not common:
        names = "、".join(_label(s) for s in states)
        raise _Missing(f"期间不一致：没有同一时点的数：{names}")
    return max(common)


def _value(series: Series, basis: _Basis) -> Decimal:
    """A flow summed over the months of the basis; a state at its month."""
    if series.figure.kind != "flow":
        if basis.state_month == WHOLE and series.whole is not None:
            return series.whole
        return series.months[basis.state_month]
    if basis.is_whole_year and series.whole is not None:
        return series.whole
    return sum((series.months[m] for m in basis.flow_months), Decimal(0))


def _sum(used: Iterable[Used], role: str) -> Decimal:
    return sum(
        (u.sign * u.value for u in used if u.role == role and u.value is not None), Decimal()
    )


def _apply(d: Definition, used: list[Used]) -> Decimal:
    """The definition's formula over its inputs; _Missing where it would divide by zero."""
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


def _nonzero(value: Decimal, name: str) -> Decimal:
    if not value:
        raise _Missing(f"{name}为0，无法计算")
    return value


def _written(d: Definition, used: list[Used]) -> str:
    """The arithmetic as text, with values and units."""

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
    """Measured share of the bin-time in the months used; None without measured inputs."""
    seconds = [u.series.seen.get(m, (0, 0)) for u in used for m in u.months]
    return share(sum(covered for covered, _ in seconds), sum(due for _, due in seconds))


def compute(d: Definition, figures: Figures, period: Period) -> Result:
    """One definition over a year or a month. A missing figure raises nothing: the result
    has no value and says in `reason` what is missing."""
    notes = [d.note] if d.note else []
    if d.formula in ("none", "evidence"):
        status = NOT_HERE if d.formula == "none" else EVIDENCE
        return Result(d, period, status, reason=d.reason, notes=notes)
    inputs = _inputs(d, figures, period)
    series = [u.series for u in inputs]
    notes += dict.fromkeys(note for s in series for note in s.notes)
    result = Result(d, period, EMPTY, inputs=inputs, notes=notes)
    if absent := [s for s in series if s.empty]:
        result.reason = "缺少输入：" + "、".join(dict.fromkeys(_label(s) for s in absent))
        return result
    try:
        _fill(result, series, _basis(series, period))
    except _Missing as missing:
        result.reason = str(missing)
    return result


def _fill(result: Result, series: Sequence[Series], basis: _Basis) -> None:
    """Set inputs, value and all that follows; _Missing where the formula has no value."""
    result.inputs = [_valued(u, basis) for u in result.inputs]
    result.value = _apply(result.definition, result.inputs)
    result.expression = _written(result.definition, result.inputs)
    result.coverage = _coverage(result.inputs)
    result.months = basis.months or ()
    if basis.is_whole_year:
        result.notes += dict.fromkeys(note for s in series for note in s.of_whole)
    result.status, note = _completeness(series, basis)
    if note:
        result.notes.append(note)


def _inputs(d: Definition, figures: Figures, period: Period) -> list[Used]:
    """The series of each term, without values yet."""
    return [
        Used(role, t.sign, figures.get(t.figure, t.year or period.year), None, ())
        for role, terms in d.inputs.items()
        for t in terms
    ]


def _basis(series: Sequence[Series], period: Period) -> _Basis:
    """Where all series have values; _Missing where there is no such time."""
    flows = [s for s in series if s.figure.kind == "flow"]
    states = [s for s in series if s.figure.kind != "flow"]
    months = _common_months(flows, period) if flows else None
    return _Basis(period, months, _state_month(states, period, months) if states else WHOLE)


def _valued(used: Used, basis: _Basis) -> Used:
    """The input with its value and the months that this is of."""
    value = _value(used.series, basis)
    if used.series.figure.kind == "flow":
        months = basis.flow_months
    else:
        months = () if basis.state_month == WHOLE else (basis.state_month,)
    return replace(used, value=value, months=months)


def _completeness(series: Sequence[Series], basis: _Basis) -> tuple[str, str]:
    """COMPUTED or PARTIAL, and a note for the reader where part of the period is missing."""
    period, month = basis.period, basis.state_month
    if basis.months is not None:
        n, of = len(basis.months), len(period.months)
        return PARTIAL, f"只含{period.year}年{span(basis.months)}（{n}/{of}个月），未年化"
    unfinished = {s.unfinished for s in series if s.figure.kind == "flow"}
    if unfinished & set(basis.flow_months):
        return PARTIAL, ""
    if period.month is None and month not in (WHOLE, 12):
        return PARTIAL, f"截至{period.year}年{month}月，不是年末数"
    return COMPUTED, ""


def compute_all(rows: Sequence[Definition], figures: Figures, period: Period) -> list[Result]:
    """The results of all indicators in the order of the rows, each with the results of its
    `beside` definitions."""
    results = [compute(d, figures, period) for d in rows if d.role == "indicator"]
    by_number = {r.definition.number: r for r in results}
    for d in rows:
        if d.role == "beside" and d.number in by_number:
            by_number[d.number].beside.append(compute(d, figures, period))
    return results

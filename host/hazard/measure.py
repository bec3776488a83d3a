"""Measures a store at a moment for each kind of rule."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from ..alarms.alarm_log import Finding
from ..alarms.opening_hours import closed_since
from ..alarms.rules import OF_CONTAINERS, Rule
from ..common.local_days import LOCAL
from ..events.limits import GAP_S
from ..rollup import DAY_S, day_bounds
from . import obligations
from .obligations import Due
from .register import LIQUID, Register
from .rules import of_container, of_store
from .stock import Shelf, Stock
from .view import StoreView


@dataclass(frozen=True)
class Scene:
    """Input of a measure; now: Unix seconds. dues: what is to be filed."""

    register: Register
    view: StoreView
    shelves: Sequence[Shelf]
    now: int
    stock: Stock
    dues: Sequence[Due] = ()


Measured = Iterator[tuple[str, float | None, str]]  # subject, value, its name


def _age(s: Scene) -> Measured:
    for shelf in s.shelves:
        if (oldest := shelf.oldest) is not None:
            yield shelf.container, (s.now - oldest) / 3600, f"{shelf.container} 最早入库"


def _stock(s: Scene) -> Measured:
    yield "", sum(x.grams for x in s.shelves) / 1000, "实时贮存量"


def _capacity(s: Scene) -> Measured:
    if s.view.store.capacity_g:
        share = 100 * sum(x.grams for x in s.shelves) / s.view.store.capacity_g
        yield "", share, "占贮存能力"


def _neighbours(s: Scene) -> Measured:
    zones: dict[str, dict[str, str]] = {}
    for shelf in s.shelves:
        container = s.register.container(shelf.container)
        if container and container.group and shelf.oldest is not None:
            zones.setdefault(container.zone, {})[container.group] = shelf.container
    for zone, groups in zones.items():
        clashes = [
            f"{groups[a]}（{a}）与 {groups[b]}（{b}）：{why}"
            for a, b in combinations(sorted(groups), 2)
            if (why := s.register.clashes(a, b))
        ]
        yield zone, float(len(clashes)), "；".join(clashes) or "相容"


def _loss(s: Scene) -> Measured:
    by_bin = {p.bin.bin: p for p in s.view.platforms}
    for shelf in s.shelves:
        container = s.register.container(shelf.container)
        platform = by_bin.get(container.bin) if container and container.bin else None
        if platform is None:
            continue
        lost = shelf.unexplained(platform.gross) if platform.settled else None
        yield shelf.container, None if lost is None else lost / 1000, "未登记的减少"


def _temperature(s: Scene) -> Measured:
    if s.view.temperature is not None:
        yield "", s.view.temperature[1] / 100, "温度"


def _door(s: Scene) -> Measured:
    if s.view.store.door is None:
        return
    site = s.register.known.sites[s.view.store.site]
    closed = closed_since(site, s.now)
    since = s.view.door
    if since is None or closed is None:
        yield "", -1.0, "门已关或在开放时间内"
    else:
        yield "", (s.now - max(since, closed)) / 60, "开放时间以外门开着"


def _silent(s: Scene) -> Measured:
    for p in s.view.platforms:
        if p.doubled is not None:
            yield p.bin.bin, (s.now - p.doubled) / 60, "两块设备使用同一个名字，读数无效"
        elif p.valid_t is None:
            yield p.bin.bin, float("inf"), "从未有有效读数"
        else:
            silent_s = s.now - p.valid_t
            # Of a board that reports seldom, as it says, no reading is due before that.
            due = p.silence_s <= GAP_S or silent_s > p.silence_s
            yield p.bin.bin, silent_s / 60 if due else 0.0, "没有有效读数"


def _bund(s: Scene) -> Measured:
    """Litres that a bund lacks: it must hold the largest container, and a tenth of all liquid
    (GB 18597-2023).

    A container with liquid counts as full, because the density is not known."""
    zones: dict[str, list[int]] = {}
    for shelf in s.shelves:
        container = s.register.container(shelf.container)
        if container and container.phase == LIQUID and shelf.oldest is not None:
            zones.setdefault(container.zone, []).append(container.volume_ml)
    for zone, held in s.view.store.bunds.items():
        volumes = zones.get(zone, [])
        need = max([*volumes, sum(volumes) // 10])
        is_known = 0 not in volumes
        short = (need - held) / 1000 if is_known else None
        yield zone, short, f"围堰 {held / 1000:g} L，需 {need / 1000:g} L，不足"


def _edition(s: Scene) -> Measured:
    """Days since the last day of the edition of each container's code; negative before."""
    day = dt.datetime.fromtimestamp(s.now, LOCAL).date()
    for container in s.register.standing(s.view.store.store, day):
        days = s.register.catalogue.days_out(container.code.edition, day)
        if days is not None:
            yield container.container, float(days), f"名录 {container.code.edition} 年版失效"


def _verified(s: Scene) -> Measured:
    """Days since the last day of the verification of each platform's instrument; negative before,
    nothing where it has no instrument or none was verified."""
    day = dt.datetime.fromtimestamp(s.now, LOCAL).date()
    for p in s.view.platforms:
        named = s.register.known.instruments_at(p.bin)
        if until := max((i.until for i in named if i.until), default=None):
            yield p.bin.bin, float((day - until).days), "仪表检定有效期已过"


def _is_first(s: Scene) -> bool:
    """Whether the store is the first of its institution."""
    of = s.view.store
    every = s.register.stores.values()
    return of.store == next(x.store for x in every if x.institution == of.institution)


def _category(s: Scene) -> Measured:
    """kg generated in the last 365 days or in one of the last three calendar years, whichever is
    most (HJ 1259-2022 4.2.3); of an institution, so only at the first of its stores."""
    name = s.view.store.institution
    if _is_first(s):
        year = dt.datetime.fromtimestamp(s.now, LOCAL).year
        ends = [day_bounds(dt.date(y, 1, 1))[0] for y in range(year - 3, year + 1)]
        spans = [(s.now - 365 * DAY_S, s.now + 1), *pairwise(ends)]
        grams = max(s.stock.generated(name, start, end) for start, end in spans)
        yield "", grams / 1000, "近365天或近3年中一年的产生量"


def _filing(s: Scene) -> Measured:
    """Days since each filing was due, negative before: of what comes, and of what is known to be
    missing; of an institution, so only at the first of its stores."""
    name = s.view.store.institution
    if _is_first(s):
        day = dt.datetime.fromtimestamp(s.now, LOCAL).date()
        for x in s.dues:
            if x.institution == name and x.filed is None:
                text = f"{x.filing.name} {x.period}，{x.day} 前申报"
                yield f"{x.filing.filing} {x.period}", float((day - x.day).days), text


MEASURES: dict[str, Callable[[Scene], Measured]] = {
    "age": _age,
    "stock": _stock,
    "capacity": _capacity,
    "neighbours": _neighbours,
    "loss": _loss,
    "temperature": _temperature,
    "door": _door,
    "bund": _bund,
    "silent": _silent,
    "edition": _edition,
    "category": _category,
    "verified": _verified,
    "filing": _filing,
}


class Rules:
    """The rules of each store that hold on a day."""

    def __init__(self, register: Register, rules: Iterable[Rule]) -> None:
        self._register = register
        self._rules = [r for r in rules if r.is_of_stores]
        self._day: dt.date | None = None
        self._until = 0
        self._known: dict[str, list[Rule]] = {}
        self._dues: list[Due] = []

    def of(self, store: str, now: int) -> list[Rule]:
        if not self._until - DAY_S <= now < self._until:
            self._day = dt.datetime.fromtimestamp(now, LOCAL).date()
            self._until = day_bounds(self._day)[1]
            self._known = {}
            self._dues = self._due(self._day)
        if store not in self._known:
            day = self._day
            assert day is not None
            self._known[store] = [
                r
                for r in self._rules
                if r.holds(day) and of_store(r, self._register, self._register.stores[store])
            ]
        return self._known[store]

    def _due(self, day: dt.date) -> list[Due]:
        """What is to be filed as far ahead as a rule looks, and what is late."""
        folder = self._register.folder
        ahead = [-r.threshold * r.factor for r in self._rules if r.kind == "filing"]
        if folder is None or not ahead:
            return []
        return obligations.to_do(self._register, folder, day, max(0, math.ceil(max(ahead))))

    def findings(self, view: StoreView, stock: Stock, now: int) -> list[Finding]:
        """The values of all rules of a store at now (Unix seconds)."""
        name = view.store.store
        held = self.of(name, now)
        scene = Scene(self._register, view, stock.of_store(name), now, stock, self._dues)
        measured: dict[str, list[tuple[str, float | None, str]]] = {}
        findings = []
        for rule in held:
            if rule.warm is not None and view.warm(rule.warm) is False:
                continue  # without a temperature the shorter time holds
            if rule.held is not None and not self._stands(rule, scene):
                continue
            if rule.kind not in measured:
                measured[rule.kind] = list(MEASURES[rule.kind](scene))
            for subject, value, text in measured[rule.kind]:
                if rule.kind in OF_CONTAINERS and not of_container(rule, self._register, subject):
                    continue
                scaled = None if value is None else value / rule.factor
                findings.append(Finding(rule, view.store.site, name, subject, scaled, text))
        return findings

    def _stands(self, rule: Rule, scene: Scene) -> bool:
        """Whether waste of the scope of a rule stands in the store for as long as it says."""
        return any(
            shelf.oldest is not None
            and scene.now - shelf.oldest >= 3600 * (rule.held or 0)
            and of_container(rule, self._register, shelf.container)
            for shelf in scene.shelves
        )

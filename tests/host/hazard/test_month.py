"""A month of a hazardous district: 30 stores, 120 platforms, every rule broken, none falsely. In
the suite a third of the stores where nothing is wrong is gone through, in `make soak` each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import hazard_month as month
import pytest
import real_boards
from hazard_month import END, START, Breach, StorePlan
from soak import in_part
from sqlite_of import sqlite_of

from host.alarms import alarm_log
from host.alarms.rules import Rule
from host.events import derive
from host.hazard import (
    balance,
    ledger,
    ledger_posting,
    manual_entries,
    measure,
    register,
    rules,
)
from host.hazard.entry import TAKEN, Entry
from host.hazard.stock import stock_of
from host.hazard.view import StoreHistory, Weights
from host.rollup.scales import platform_of
from host.store import Store

# (store, day of August): a leak; a board without power while waste is taken; acid beside
# alkali; a warm store of medical waste.
REAL = in_part({6: 18}, {5: 16, 6: 18, 3: 12, 18: 14})
TICK_S = in_part(480, 240)  # as `qingyun alarms update --every 240`
OF_QUIET = in_part(3, 1)  # each so many of the stores where nothing is wrong
WITHIN_S = 600


@dataclass
class District:
    """The month once it has been gone through."""

    known: register.Register
    store: Store
    limits: list[Rule]
    breaches: list[Breach] = field(default_factory=list)
    balances: dict[str, list[balance.StoreBalance]] = field(default_factory=dict)
    plans: list[StorePlan] = field(default_factory=list)
    readings: int = 0
    real: dict[int, real_boards.RealDay] = field(default_factory=dict)
    events: int = 0
    ticks: int = 0
    seconds: float = 0.0


def _go_through(district: District, plan: StorePlan, limits: measure.Rules) -> None:
    """One store from the first to the last minute, as the command would with each update."""
    known, store = district.known, district.store
    seen = []
    real = [district.real[plan.n]] if plan.n in district.real else []
    for r in real:
        plan.temperatures = sorted(
            [(t, v) for t, v in plan.temperatures if not r.start <= t < r.start + month.DAY]
            + r.celsius
        )
    for p, bin_ in enumerate(known.platforms(plan.store)):
        told = month.samples(plan, p, [(r.start, r.weights[p]) for r in real])
        seen.append(ledger_posting.Seen(bin_, derive(platform_of(known.known, bin_), told), told))
        district.readings += len(told)
        district.events += len(seen[-1].outcome.events)
    history = StoreHistory(
        known.stores[plan.store], [Weights.of(s) for s in seen], plan.temperatures, plan.doors
    )
    settled = sorted(e.t_end + ledger_posting.SETTLE_S for s in seen for e in s.outcome.events)
    hand = sorted(plan.by_hand, key=lambda x: x[0])
    entries: list[Entry] = []
    held = stock_of(known, [])
    keeper = alarm_log.Keeper(0, [])
    for now in range(START, END, TICK_S):
        fresh = False
        while hand and hand[0][0] <= now:
            entries += manual_entries.add(store, known, [hand.pop(0)[1]], "王五", now)
            fresh = True
        if settled and settled[0] <= now:
            while settled and settled[0] <= now:
                settled.pop(0)
            entries += ledger_posting.update(store, known, seen, now, entries).added
            fresh = True
        if fresh:
            held = stock_of(known, ledger.live(entries))
        changes = keeper.take(plan.store, limits.findings(history.at(now), held, now))
        keeper.keep(store, changes, now, alone=True)
        district.ticks += 1
    district.balances[plan.store] = balance.balances(known, ledger.live(entries), seen, START, END)
    district.breaches += plan.breaches
    district.plans.append(plan)


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    folder = tmp_path_factory.mktemp("district")
    month.write_registry(folder / "registry")
    known = register.load(folder / "registry")
    store = Store(folder / "q.db", create=True)
    sqlite_of(store).execute("PRAGMA synchronous=OFF")  # nobody cuts the power here
    limits_of_stores = [r for r in rules.load(folder / "registry") if r.is_of_stores]
    made = District(known, store, limits_of_stores)
    limits = measure.Rules(known, made.limits)
    began = time.process_time()
    plans = month.plans()
    quiet = [plan for plan in plans if not plan.breaches]
    left_out = [plan for n, plan in enumerate(quiet) if n % OF_QUIET]
    for plan in plans:
        if plan in left_out:
            continue
        if plan.n in REAL:
            board = real_boards.play(plan, REAL[plan.n], folder / plan.store)
            made.real[plan.n] = board
        _go_through(made, plan, limits)
    made.seconds = time.process_time() - began
    return made


def raised(district: District) -> list[alarm_log.Row]:
    return [r for r in alarm_log.read(district.store) if r.what == alarm_log.RAISED]


def test_the_district_is_as_large_as_said(
    district: District, figure: Callable[[str], None]
) -> None:
    assert len(district.known.stores) == 30
    assert len(district.known.bins) == 120
    late = [r.t - t for r in raised(district) for rule, s, x, t in district.breaches
            if (rule, s, x) == r.body.key]  # fmt: skip
    figure(
        f"a month of {len(district.plans)} stores, 4 platforms each: {district.readings} readings, "
        f"{district.events} events, {district.ticks} looks, one each {TICK_S} s; "
        f"{len(raised(district))} alarms, the latest {max(late)} s after its breach; "
        f"{district.seconds:.0f} s of CPU; {len(REAL)} store-days of it are "
        f"{sum(r.readings for r in district.real.values())} readings of the real firmware"
    )


def test_a_sample_is_told_by_the_real_firmware(district: District) -> None:
    """The rules that are broken on those days, by what the firmware itself told."""
    rules_ = {5: {"loss"}, 6: {"loss", "silent"}, 3: {"neighbours"}, 18: {"medical-20c"}}
    for n, day in district.real.items():
        assert day.readings > 280 * (0.9 if n == 6 else 1)  # one each 300 s
        within = {
            r.body.rule
            for r in raised(district)
            if r.body.store == f"s{n:02d}" and day.start <= r.t < day.start + month.DAY
        }
        assert within == rules_[n]


def test_every_rule_is_broken_at_least_once(district: District) -> None:
    assert {rule for rule, *_ in district.breaches} == {r.rule for r in district.limits}


def test_each_breach_is_raised_within_ten_minutes_and_none_falsely(district: District) -> None:
    found = {r.body.key: r.t for r in raised(district)}
    wanted = {(rule, store, subject): t for rule, store, subject, t in district.breaches}
    assert found.keys() - wanted.keys() == set()
    assert wanted.keys() - found.keys() == set()
    late = {key: found[key] - t for key, t in wanted.items()}
    assert {k: s for k, s in late.items() if not 0 <= s <= WITHIN_S} == {}


def test_none_is_raised_twice_and_each_that_is_over_is_cleared_once(district: District) -> None:
    known = alarm_log.read(district.store)
    assert max(Counter(r.body.key for r in raised(district)).values()) == 1
    still = {r.body.rule for r, _ in alarm_log.open_alarms(known).values()}
    # Old waste still stands there; nobody has explained what was lost; 79 % are not below
    # the 75 % that clear a warning at 80 %.
    old = {"producer-1y", "pilot-90d", "pilot-180d", "licensed-1y-code"}
    # An edition that is over stays so, what was generated counts for years, nobody filed, and no
    # scale was verified anew.
    stays = {"edition-30d", "edition-over", "category-10t", "category-100t"}
    stays |= {"filing-10d", "filing-late", "verified-30d", "verified-over"}
    assert still == old | {"loss", "capacity-80"} | stays
    cleared = Counter(r.alarm for r in known if r.what == alarm_log.CLEARED)
    assert set(cleared.values()) == {1}


def code_of(known: register.Register, container: str) -> str:
    found = known.container(container)
    assert found is not None
    return found.code.code


def test_the_balance_closes_within_the_class_of_the_scales(
    district: District, figure: Callable[[str], None]
) -> None:
    worst = 0.0
    for plan in district.plans:
        for b in district.balances[plan.store]:
            lost = sum(
                grams
                for p, grams in plan.lost_g.items()
                if code_of(district.known, plan.container(p)) == b.code
            )
            assert b.weighings or b.notes
            if b.weighings:
                assert abs(b.residual - lost) <= b.limit, (plan.store, b)
                assert b.closes == (lost == 0), (plan.store, b)
                worst = max(worst, abs(b.residual - lost) / b.limit)
    figure(f"balance of each store and code: residual at most {worst:.2f} of the scales' class")


def test_the_ledger_is_whole(district: District) -> None:
    entries = ledger.read(district.store)
    assert ledger.verify(district.store) == []
    assert not any(e.reverses for e in entries)
    planned = sum(len(p.steps) for p in district.plans)
    assert len([e for e in entries if e.weighed]) == planned
    for e in entries:
        if e.table == TAKEN and e.weighed:
            assert e.upstream

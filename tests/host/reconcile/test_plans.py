"""Routes of a plan beside what was lifted."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from host_job import qingyun
from sim_board import ROOT

from host.common.local_days import bounds, clock, day_of
from host.reconcile import planned
from host.reconcile.model import Collection, Finding, Kind, Lift
from host.reconcile.planned import Route

DAY = day_of(dt.date(2026, 3, 2))
AT = bounds(DAY)[0] + 8 * 3600
BY = ("--by", "李")


def lift(n: int, site: str, t: int, truck: str = "A") -> Lift:
    return Lift(t, 20_000, truck, site, "干垃圾", "", f"l{n}")


def found(
    lifts: list[Lift], *sites: str, collections: tuple[Collection, ...] = ()
) -> list[Finding]:
    """Of truck A on the day; a truck lifts on the next day, too."""
    every = [*lifts, lift(99, "z", AT + 86_400, "Z")]
    times = {x.name: x.t for x in every}
    return planned.findings([Route(DAY, "A", sites)], every, times, collections)


def test_a_site_that_was_missed_and_one_that_nobody_planned() -> None:
    lifts = [lift(1, "p1", AT), lift(2, "p9", AT + 300), lift(3, "p9", AT + 320)]
    kinds = {f.kind: (f.subject, f.names, f.value) for f in found(lifts, "p1", "p2")}
    assert kinds == {
        Kind.NOT_LIFTED: ("p2", (), 0),
        Kind.OFF_PLAN: ("p9", ("l2", "l3"), 40_000),
    }


def test_who_was_there_instead() -> None:
    seen = Collection(AT + 900, 20_000, "p2", "p2-1", "干垃圾", "c1", 50)
    lifts = [lift(1, "p1", AT), lift(4, "p2", AT + 900, "B")]
    (one,) = found(lifts, "p1", "p2", collections=(seen,))
    assert (one.kind, one.truck, one.names) == (Kind.NOT_LIFTED, "A", ("l4", "c1"))


def test_twice_a_day_is_two_visits() -> None:
    twice = [lift(1, "p1", AT), lift(2, "p1", AT + 40), lift(3, "p1", AT + 6 * 3600)]
    assert found(twice, "p1", "p1") == []
    assert [f.kind for f in found(twice[:2], "p1", "p1")] == [Kind.NOT_LIFTED]


def test_nothing_weighed_is_one_thing_and_not_one_of_each_site() -> None:
    (one,) = found([], "p1", "p2", "p3")
    assert (one.kind, one.subject, one.value) == (Kind.NOT_DRIVEN, "A", 3)


def test_a_lift_of_no_site_may_be_the_one_that_is_missing() -> None:
    assert found([lift(1, "p1", AT), lift(2, "", AT + 300)], "p1", "p2") == []
    missed = found([lift(1, "p1", AT), lift(2, "", AT + 300)], "p1", "p2", "p3")
    assert {f.subject for f in missed} == {"p2", "p3"}


def test_a_day_that_is_not_over_is_not_judged() -> None:
    assert planned.findings([Route(DAY, "A", ("p1",))], [lift(1, "p9", AT)], {"l1": AT}, []) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "registry", tmp_path / "registry")
    return tmp_path


def run(folder: Path, *args: str | Path, code: int = 0) -> str:
    known = () if "take-back" in args else ("--registry", folder / "registry")
    done = qingyun(*args, "--db", folder / "q.db", *known)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def imported(folder: Path, kind: str, text: str, code: int = 0) -> str:
    file = folder / f"{kind}.csv"
    file.write_text(text, encoding="utf-8")
    return run(folder, "transfers", "import", "--kind", kind, *BY, file, code=code)


def test_from_a_file_to_what_is_named(folder: Path) -> None:
    head = "日期,车牌号,班次,顺序,点位\n"
    plan = head + "2026-03-02,沪A12345,早,2,jt-01\n2026-03-02,沪a·12345,早,1,fs-01\n"
    assert "2 imported" in imported(folder, "plan", plan)
    assert "2 were there already" in imported(folder, "plan", plan)
    rows = [
        f"沪A12345,{clock(AT)},41.5,kg,fs-01,湿垃圾",
        f"沪A12345,{clock(AT + 86_400)},41.5,kg,fs-01,湿垃圾",
    ]
    imported(folder, "lifts", "车牌号,称重时间,净重,单位,点位,品类\n" + "\n".join(rows) + "\n")
    shown = ("reconcile", "show", "--month", "2026-03")
    assert "3 things that do not close" in run(folder, *shown, "--out", folder / "m.html")
    # Two of them are the loads, which have no ticket.
    page = (folder / "m.html").read_text()
    assert "计划点位未收运" in page and "jt-01" in page
    said = imported(folder, "plan", head + "2026-03-02,沪A12345,早,1,fs-01\n")
    assert "the plan of 2026-03-02 沪A12345 早 takes the place of an earlier one" in said
    assert "2 things that do not close" in run(folder, *shown)
    run(folder, "transfers", "take-back", "--id", "3", *BY, "--reason", "wrong day")
    assert "3 things that do not close" in run(folder, *shown)
    wrong = imported(folder, "plan", head + "2026-03-02,沪A12345,早,1,xx\n", code=2)
    assert "plan.csv:2: 点位: expected a site of sites.csv" in wrong
    twice = "2026-03-02,沪A12345,早,1,fs-01\n2026-03-02,沪A12345,早,1,jt-01\n"
    assert "each number once in a shift" in imported(folder, "plan", head + twice, code=2)
    same = "2026-03-03,沪A12345,晚,,fs-01\n2026-03-03,沪A12345,晚,,fs-01\n"
    told = imported(folder, "plan", head + same)
    assert "plan.csv:3: 点位: fs-01 once more: planned as another visit" in told

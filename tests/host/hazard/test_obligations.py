"""Filings with their dates, duties with who confirmed them, and the category held to the ledger."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from host_job import qingyun
from sim_board import ROOT

from host.alarms import alarm_log
from host.common.local_days import LOCAL
from host.hazard import manual_entries, obligations, register, rules
from host.hazard.entry import PRODUCED, STORED, TAKEN
from host.hazard.update import update_alarms
from host.registry import RegistryError
from host.store import Store


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example with the rules of the category alone."""
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    path = copy / "rules.csv"
    lines = path.read_text().splitlines()
    kept = [x for x in lines if x.startswith(("rule,", "category-"))]
    path.write_text("\n".join(kept) + "\n")
    return copy


def category(folder: Path, name: str) -> None:
    path = folder / "institutions.csv"
    licence = "许可证" if name == "经营单位" else ""
    path.write_text(f"institution,name,town,category,licence\nxq-jm,甲,新桥镇,{name},{licence}\n")


def run(store: Store, folder: Path, when: str) -> list[tuple[str, str]]:
    known, limits = register.load(folder), rules.load(folder)
    _, changed = update_alarms(store, known, limits, at(when))
    return [(r.what, r.body.rule) for r in changed]


def add(store: Store, folder: Path, *said: tuple[str, str, int]) -> None:
    drafts = [
        manual_entries.Draft(table, at(when), kg * 1000, container="xq-oil-01")
        for table, when, kg in said
    ]
    manual_entries.add(store, register.load(folder), drafts, "王五", at("2027-12-31"))


# The category


def test_a_category_is_held_to_what_the_ledger_adds_up_to(store: Store, folder: Path) -> None:
    """10 t a year are no longer 登记, 100 t no longer 简化; 产生 and 入库 of the same waste count
    once, and what is taken out does not count less."""
    category(folder, "登记")
    with (folder / "stores.csv").open("a") as file:  # of the same institution: told once
        file.write("hw-01-b,xq-jm,hw-01,二,贮存库,0,甲,TS002,,,\n")
    add(store, folder, (PRODUCED, "2026-02-01", 9_000), (STORED, "2026-02-02", 9_000))
    add(store, folder, (TAKEN, "2026-02-03", 9_000))
    assert run(store, folder, "2026-03-01") == []
    add(store, folder, (STORED, "2026-03-02", 1_000))
    assert run(store, folder, "2026-03-01") == []
    assert run(store, folder, "2026-03-03") == [("raised", "category-10t")]
    body = alarm_log.read(store)[0].body
    assert (body.store, body.value, body.unit) == ("hw-01-a", 10, "t")
    category(folder, "简化")
    assert run(store, folder, "2026-03-04") == [("cleared", "category-10t")]
    add(store, folder, (PRODUCED, "2026-06-01", 60_000), (PRODUCED, "2026-06-02", 35_000))
    assert run(store, folder, "2026-06-03") == [("raised", "category-100t")]
    category(folder, "重点")
    assert run(store, folder, "2026-06-04") == [("cleared", "category-100t")]


def test_the_largest_of_the_last_three_years_counts(store: Store, folder: Path) -> None:
    """9 t in January 2026 and 2 t in December: 11 t of 2026, also in December 2029, when nothing
    was generated for long; not in 2030 (HJ 1259-2022 4.2.3)."""
    category(folder, "登记")
    add(store, folder, (STORED, "2026-01-05", 9_000), (STORED, "2026-12-05", 2_000))
    assert run(store, folder, "2029-12-20") == [("raised", "category-10t")]
    assert run(store, folder, "2030-01-02") == [("cleared", "category-10t")]


# Filings


def due(folder: Path, day: str, ahead: int = 30) -> list[tuple[str, str, str, bool]]:
    found = obligations.due(register.load(folder), folder, dt.date.fromisoformat(day), ahead)
    return [(x.filing.filing, x.period, str(x.day), x.filed is not None) for x in found]


def test_a_filing_warns_before_it_is_due_and_when_it_is_late(store: Store, folder: Path) -> None:
    """Without filed.csv nobody knows what was filed: what comes is told, and clears after its day.
    With it, what was left out is told until somebody says that it was filed."""
    category(folder, "简化")
    shutil.copy(ROOT / "registry" / "rules.csv", folder / "rules.csv")
    path = folder / "rules.csv"
    kept = [x for x in path.read_text().splitlines() if x.startswith(("rule,", "filing-"))]
    path.write_text("\n".join(kept) + "\n")
    quarter = "report-quarter 2026-Q1"

    def told(when: str) -> list[tuple[str, str, str]]:
        known, limits = register.load(folder), rules.load(folder)
        _, changed = update_alarms(store, known, limits, at(when))
        return sorted((r.what, r.body.rule, r.body.subject) for r in changed)

    assert told("2026-04-04T12:00") == []
    assert told("2026-04-05T12:00") == [("raised", "filing-10d", quarter)]
    assert alarm_log.read(store)[0].body.text == "季度申报 2026-Q1，2026-04-15 前申报"
    assert told("2026-04-16T12:00") == [("cleared", "filing-10d", quarter)]
    filed = folder / "filed.csv"
    filed.write_text("institution,filing,period,day,by\nxq-jm,plan,2026,2026-03-01,王五\n"
                     "xq-jm,report-year,2025,2026-03-01,王五\n")  # fmt: skip
    assert told("2026-04-17T12:00") == [
        ("raised", "filing-10d", quarter), ("raised", "filing-late", quarter)
    ]  # fmt: skip
    with filed.open("a") as file:
        file.write("xq-jm,report-quarter,2026-Q1,2026-04-18,王五\n")
    assert told("2026-04-18T12:00") == [
        ("cleared", "filing-10d", quarter), ("cleared", "filing-late", quarter)
    ]  # fmt: skip


def test_what_is_due_by_category(folder: Path) -> None:
    category(folder, "登记")
    both = [("plan", "2026", "2026-03-31", False), ("report-year", "2025", "2026-03-31", False)]
    before = [("plan", "2025", "2025-03-31", False), ("report-year", "2024", "2025-03-31", False)]
    assert due(folder, "2026-02-28") == before
    assert due(folder, "2026-03-01") == [*before, *both]
    assert due(folder, "2026-04-01") == both
    category(folder, "简化")
    quarter = ("report-quarter", "2026-Q1", "2026-04-15", False)
    earlier = ("report-quarter", "2025-Q4", "2026-01-15", False)
    assert due(folder, "2026-04-01") == [earlier, *both, quarter]
    category(folder, "重点")
    months = [("report-month", "2026-02", "2026-03-15", False),
              ("report-month", "2026-03", "2026-04-15", False)]  # fmt: skip
    assert due(folder, "2026-04-01") == [months[0], *both, months[1]]
    assert due(folder, "2027-01-10", 10)[-1] == ("report-month", "2026-12", "2027-01-15", False)
    category(folder, "社会源")
    assert due(folder, "2026-04-01") == []


def test_what_was_filed_and_what_was_left_out_since(folder: Path) -> None:
    category(folder, "重点")
    (folder / "filed.csv").write_text(
        "institution,filing,period,day,by\n"
        "xq-jm,report-month,2025-12,2026-01-10,王五\nxq-jm,report-month,2026-02,2026-03-10,王五\n"
    )
    months = [x for x in due(folder, "2026-04-01") if x[0] == "report-month"]
    assert months == [
        ("report-month", "2026-01", "2026-02-15", False),  # left out
        ("report-month", "2026-02", "2026-03-15", True),
        ("report-month", "2026-03", "2026-04-15", False),
    ]
    done = qingyun("law", "due", "--registry", folder, "--as-of", "2026-04-01")
    assert done.returncode == 1
    assert "late by 45 d" in done.stdout and "filed 2026-03-10 by 王五" in done.stdout
    assert "in 14 d" in done.stdout and "原文" in done.stdout


def test_dates_are_rows_with_days_of_their_own(folder: Path) -> None:
    """A law that asks for something else from a day on; a month without a 31st."""
    head = "filing,name,category,every,of,due,from,to,source,note\n"
    (folder / "filings.csv").write_text(
        f"{head}old,旧,简化,month,last,31,,2026-02-28,虚构法,自定\n"
        "new,新,简化,quarter,this,10,2026-03-01,,虚构法,自定\n"
    )
    assert due(folder, "2026-02-01", 90) == [
        ("old", "2025-12", "2026-01-31", False),
        ("old", "2026-01", "2026-02-28", False),
        ("new", "2026-Q2", "2026-04-10", False),
    ]


# Duties


def test_duties_are_confirmed_by_a_person(folder: Path) -> None:
    done = qingyun("law", "duties", "--registry", folder)
    assert done.returncode == 0 and "no store has a duty" in done.stdout
    category(folder, "重点")
    done = qingyun("law", "duties", "--registry", folder, "--as-of", "2026-04-01")
    assert done.returncode == 1
    for name in ("电子地磅", "电子标签", "电子管理台账", "视频记录保存至少3个月", "待确认"):
        assert name in done.stdout
    head = "store,duty,state,by,day,note\n"
    rows = [f"hw-01-a,{duty},有,王五,2026-03-01," for duty in ("scale", "label", "ledger")]
    video = ["hw-01-a,video,没有,王五,2026-02-01,", "hw-01-a,video,不适用,李,2026-03-01,没有视频"]
    (folder / "confirmed.csv").write_text(head + "\n".join([*rows, video[0]]) + "\n")
    assert qingyun("law", "duties", "--registry", folder).returncode == 1
    (folder / "confirmed.csv").write_text(head + "\n".join([*rows, *video]) + "\n")
    done = qingyun("law", "duties", "--registry", folder, "--store", "hw-01-a")
    assert done.returncode == 0 and "李" in done.stdout and "没有视频" in done.stdout
    said = qingyun("check", "--registry", folder).stdout
    assert "4 filings, 0 filed" in said and "4 duties, 4 confirmed" in said
    other = qingyun("law", "duties", "--registry", folder, "--store", "nowhere")
    assert other.returncode == 2 and "expected one of stores.csv" in other.stderr


@pytest.mark.parametrize(
    ("file", "row", "said"),
    [
        ("filings.csv", "a,x,重点,week,last,15,,,x,", "filings.csv:2: every: expected one of"),
        ("filings.csv", "a,x,重点,month,last,32,,,x,", "due: expected a day of the month"),
        ("filings.csv", "a,x,重点,year,last,15,,,x,", "due: expected MM-DD"),
        ("filings.csv", "a,x,大型,year,last,03-31,,,x,", "category: expected of 重点"),
        ("filings.csv", "a,x,重点,year,next,03-31,,,x,", "of: expected one of this last"),
        ("filings.csv", "a,x,重点,year,last,03-31,2026-01-02,2026-01-01,x,", "to: expected a day"),
        ("filed.csv", "nobody,plan,2026,2026-01-01,王五", "filed.csv:2: institution: expected an"),
        ("filed.csv", "xq-jm,none,2026,2026-01-01,王五", "filed.csv:2: filing: expected a filing"),
        ("filed.csv", "xq-jm,plan,26,2026-01-01,王五", "filed.csv:2: period: expected YYYY"),
        ("filed.csv", "xq-jm,plan,2026,,王五", "filed.csv:2: day: expected a text"),
        ("duties.csv", "a,x,大型,,,x,", "duties.csv:2: category: expected of 重点"),
        ("confirmed.csv", "hw-01-a,scale,是,王五,2026-01-01,", "state: expected one of 有"),
        ("confirmed.csv", "hw-01-a,none,有,王五,2026-01-01,", "duty: expected a duty"),
        ("confirmed.csv", "hw-01-a,scale,有,,2026-01-01,", "confirmed.csv:2: by: expected a text"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, file: str, row: str, said: str) -> None:
    heads = {
        "filings.csv": "filing,name,category,every,of,due,from,to,source,note",
        "filed.csv": "institution,filing,period,day,by",
        "duties.csv": "duty,name,category,from,to,source,note",
        "confirmed.csv": "store,duty,state,by,day,note",
    }
    (folder / file).write_text(f"{heads[file]}\n{row}\n")
    known = register.load(folder)
    with pytest.raises(RegistryError) as caught:
        for read in (obligations.filed, obligations.confirmed):
            read(folder, known)
    assert said in str(caught.value)

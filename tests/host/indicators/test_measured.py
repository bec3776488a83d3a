"""What boards measured, in the indicators: a leap February of two points."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import february
import pytest
from hauls import Board, Haul
from plan_figures import beside, bring, made, row

from host.reports import LABEL
from host.rollup.period import days
from host.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made_ = Store(tmp_path_factory.mktemp("measured") / "q.db", create=True)
    february.put(made_)
    return made_


# dry: 29 × 20 + 27 × 18 = 1,066 kg; wet: 28 × 60 + 27 × 70 = 3,570 kg; together 4.636 t
TONNES = Decimal("4.636")
# Two bins each: fs-01 from its first second to its last, 29 × 86,400 - 1 s;
# jt-01 in two stretches, 27 × 86,400 - 2 s. Due: four bins, 29 days.
COVERED = 2 * (29 * 86_400 - 1) + 2 * (27 * 86_400 - 2)
COVERAGE = Decimal(round(1_000_000 * COVERED / (4 * 29 * 86_400))).scaleb(
    -6
)  # 56/58 less six seconds


def test_the_month_of_the_points(store: Store) -> None:
    found = made(store, "2024-02")
    site = beside(found, "8", LABEL)
    assert site.value == TONNES / 10_000
    assert site.shown == "0.000464"
    assert site.status == "computed"
    assert site.coverage == COVERAGE
    assert row(found, "8").status == "missing_input"  # no weighbridge: the points do not stand in


def test_the_year_says_which_months_it_has(store: Store) -> None:
    site = beside(made(store, "2024"), "8", LABEL)
    assert (site.status, site.months, site.value) == ("partial", (2,), TONNES / 10_000)
    assert "只含2024年2月（1/12个月），未年化" in site.notes


def test_the_same_months_are_compared(store: Store, tmp_path: Path) -> None:
    """Points 4.636 t in February; facility 900 t in February and 900 t in March:
    4.636 / 900 = 0.51511… %."""
    store.database.query("VACUUM INTO ?", (str(tmp_path / "q.db"),))
    other = Store(tmp_path / "q.db")
    given = {(f"facility_{s}_t", f"2024-0{m}"): v for s, v in SPLIT for m in (2, 3)}
    bring(other, tmp_path, given)
    ratio = beside(made(other, "2024"), "8", "投放点实测/进厂计量")
    assert (ratio.shown, ratio.months) == ("0.52", (2,))
    assert row(made(other, "2024"), "8").months == (2, 3)


SPLIT = (("dry", "600"), ("wet", "300"))


def test_evidence_of_clearance_overflow_and_reporting(store: Store) -> None:
    found = made(store, "2024-02")
    # wet came on 29 + 27 days, 55 of them cleared: 55/56 = 98.2142… %
    assert beside(found, "11", "湿垃圾日产日清率（投放点实测）").shown == "98.2"
    # f1 reaches 400 + 20 × 25 = 900 ‰ on the 26th: 4 of 2 × 29 bin-days
    assert beside(found, "11", "满溢桶日占比（投放点实测）").shown == "6.9"
    # 29 + 27 days of 3 sites × 29: 56/87 = 64.3678… %
    assert beside(found, "48", "登记点位在线率（点日）").shown == "64.4"
    for number in ("11", "48"):
        assert row(found, number).status == "evidence_only"
        assert row(found, number).value is None


def test_a_day_on_which_nothing_came_is_not_due(tmp_path: Path) -> None:
    """Three days, wet waste on two of them, cleared on one: 1/2."""
    other = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    for n, grams in enumerate((60_000, 0, 50_000)):
        board.day(february.DAYS[n], [Haul("w2", 13_100, grams, lifted=n == 0)])
    board.store(other)
    name = "湿垃圾日产日清率（投放点实测）"
    assert beside(made(other, "2024-02"), "11", name).expression == "1 点日 / 2 点日 × 100"


def test_as_of_cuts_the_days(store: Store) -> None:
    """Ten days of both: 10 × (20 + 60 + 18 + 70) = 1,680 kg; the month is not over."""
    site = beside(made(store, "2024-02", "2024-02-10"), "8", LABEL)
    assert site.value == Decimal("1.68") / 10_000
    assert site.status == "partial"
    assert "实测数据截至2024-02-10" in site.notes
    # Of two bins each, ten days but for the last second.
    assert site.coverage == Decimal("0.999999")


def test_a_year_without_readings_has_no_figure(store: Store) -> None:
    for number, names in (("8", (LABEL,)), ("48", ("登记点位在线率（点日）",))):
        for name in names:
            assert beside(made(store, "2023"), number, name).status == "missing_input"


def test_a_leap_year_of_a_point(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """366 days of 20 kg dry and 60 kg wet: 29.28 t; another point with as many bins is silent."""
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01", step_s=600)
    for day in days(dt.date(2024, 1, 1), dt.date(2024, 12, 31)):
        board.day(day, [Haul("w1", 12_400, 20_000), Haul("w2", 13_100, 60_000)])
    readings = len(board.readings)
    board.store(store)
    start = time.process_time()
    found = made(store, "2024")
    spent = time.process_time() - start
    figure(f"a year of a board, {readings} readings: indicators in {spent:.1f} s of CPU")
    site = beside(found, "8", LABEL)
    assert (site.status, site.value) == ("computed", Decimal("0.002928"))
    assert site.coverage == Decimal("0.5")
    # one of three sites on each of 366 days
    assert beside(found, "48", "登记点位在线率（点日）").expression == "366 点日 / 1098 点日 × 100"

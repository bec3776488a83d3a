"""The first page: what was hauled by the hour, beside the same day a week before, and where."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import district
import pytest
from starlette.testclient import TestClient

from host.reports.summary import HAULED
from host.rollup import day_bounds
from host.serve import accounts, chart
from host.serve.app import app
from host.serve.day_cache import DayFigures
from host.serve.district import by_hour
from host.serve.scope import DISTRICT
from host.serve.settings import Settings
from host.store import Store

SITES = 40
YESTERDAY = district.today() - dt.timedelta(1)
WEEK = YESTERDAY - dt.timedelta(7)
HOUR = 19  # the bin is lifted at 19:54


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The context of an app and its first page: one site with readings of two days."""
    folder = tmp_path_factory.mktemp("hours")
    district.write_registry(folder / "registry", SITES)
    store = Store(folder / "q.db", create=True)
    site, device = district.PLAYED, f"qy-{district.PLAYED}"
    district.play(store, site, device, WEEK, left_out=range(700, 900))
    district.play(store, site, device, YESTERDAY, seq=1440)
    token = accounts.add_token(store, "machine", "viewer", "test")
    store.close()
    served = app(Settings(folder / "q.db", folder / "registry"))
    context = served.state.shared.seen_by(DISTRICT)
    served.state.shared.figures.refresh()
    headers = {"authorization": f"Bearer {token}"}
    yield context, TestClient(served, "http://127.0.0.1", headers=headers).get("/?lang=zh").text


def tonnes(text: str) -> list[float | None]:
    return [
        None if t == "—" else float(t) for t in re.findall(r'<td class="n">([\d.]+|—)</td>', text)
    ]


def test_each_hour_has_what_was_hauled_in_it(made: tuple[Any, str]) -> None:
    """As a table beside the picture; together they are the masses of both days."""
    context, page = made
    table = page.split("<h2>各小时清运</h2>")[1].split("</details>")[0]
    rows = re.findall(r'<th scope="row">(\d\d):00</th>(.*?)</tr>', table)
    assert [int(hour) for hour, _ in rows] == list(range(24))
    hauled = {int(hour): tonnes(cells) for hour, cells in rows}
    now, week = context.figures.day(YESTERDAY), context.figures.day(WEEK)
    for n, day in enumerate((now, week)):
        grams = day.of(HAULED).grams
        assert grams == pytest.approx(8_750, abs=5)
        assert sum(hours[n] or 0 for hours in hauled.values()) == pytest.approx(
            grams / 1e6, abs=5e-4
        )
        assert hauled[HOUR][n] == pytest.approx(grams / 1e6, abs=5e-4)
    drawn = re.findall(r'<rect[^>]*class="(bar|before)"[^>]*><title>(\d\d):00', table)
    assert sorted(drawn) == [("bar", str(HOUR)), ("before", str(HOUR))]
    assert "不知在哪个小时" not in page


def test_the_sites_and_towns_with_their_masses(made: tuple[Any, str]) -> None:
    context, page = made
    top = page.split("<h2>清运最多的点位</h2>")[1].split("</table>")[0]
    assert re.findall(r'href="/sites/([^?"]+)\?date=([\d-]+)"', top) == [
        (district.PLAYED, str(YESTERDAY))
    ]
    assert tonnes(top) == [0.009]
    smalls = page.split("<h2>各街镇，最近 30 天</h2>")[1].split("</ul>")[0]
    names = re.findall(r"<li><a [^>]*><span>([^<]+)</span>", smalls)
    assert names == context.figures.day(YESTERDAY).towns
    drawn = re.findall(r'<path d="([^"]*)"', smalls)
    mine = context.registry.sites[district.PLAYED].town
    assert [name for name, run in zip(names, drawn, strict=True) if run.count("M")] == [mine]
    assert drawn[names.index(mine)].count("M") == 2  # two days of 31


def test_what_is_not_over_has_no_hours_to_come() -> None:
    day = dt.date(2026, 11, 3)
    t0, _ = day_bounds(day)
    hours = (0,) * 7 + (3_000_000,) + (0,) * 16
    part = DayFigures(day, t0 + 9.5 * 3600, False, {}, {}, hours={"a": hours})
    found = by_hour(part, None)
    assert found is not None
    assert found.now == [0.0] * 7 + [3.0, 0.0, 0.0] + [None] * 14
    assert found.rest == -3_000_000  # no part has it: told, not hidden
    assert by_hour(DayFigures(day, t0, False, {}, {}), None) is None


def test_bars_of_a_town_are_on_the_scale_of_all() -> None:
    drawn = chart.small([1.0, None, 4.0], 8.0, "a & b")
    assert re.findall(r"v-([\d.]+)", drawn) == ["4.5", "18.0"]
    assert 'aria-label="a &amp; b"' in drawn

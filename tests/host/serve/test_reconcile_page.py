"""/reconcile: what was kept, as of when, and what came since; nobody who looks computes a month."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from asgi import bearer, in_loop, opened
from fastapi import FastAPI
from two_sides import LATE, PLACES, Sides, day_before, make, noon, readings, served

from host import registry
from host.hazard import papers
from host.reconcile import evidence
from host.rollup.day_figures import update_figures
from host.store import Batch, Store

OWN, OTHER = PLACES[0], PLACES[2]


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return make(tmp_path, ("viewer", "operator"))


@pytest.fixture
def made(sides: Sides) -> FastAPI:
    return served(sides)


def text(made: FastAPI, token: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    async def one() -> tuple[int, str]:
        method = "GET" if body is None else "POST"
        headers = {"content-type": "application/json"} | bearer(token)
        async with opened(made, method, path, body=body or b"", headers=headers) as answer:
            return answer.status, answer.text

    return in_loop(one())


def test_a_month_as_it_was_kept(
    made: FastAPI, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed for who looks")

    monkeypatch.setattr(evidence, "read", never)
    whole = sides.tokens["whole", "operator"]
    month = f"{day_before():%Y-%m}"
    path = f"/reconcile?month={month}&by=route"
    status, page = text(made, whole, path)
    assert status == 200 and OWN.truck in page and OTHER.truck in page and "<svg" in page
    # Each truck lifted 30 kg at a site where no platform saw a bin go.
    assert "车上有称重、点位未见清空" in page and "+30" in page
    assert f"/sites/{OWN.site}?date={day_before()}" in page
    assert f"/reconcile/row?name={sides.lifts[OWN]}" in page
    assert "又有" not in page
    sent = [{"truck": OWN.truck, "t": noon(), "kg": 41.5, "site": OWN.site}]
    assert text(made, whole, "/api/1/lifts", json.dumps(sent).encode())[0] == 200
    page = text(made, whole, path)[1]
    assert "此后又有 1 次导入" in page and "41.5" not in page
    bring_tickets(sides, 3)  # a file is one import, however many it has
    assert "此后又有 2 次导入" in text(made, whole, path)[1]


def test_figures_that_are_newer_than_a_month_are_told(tmp_path: Path) -> None:
    """A day whose readings came late has another collection than the month that was kept."""
    sides = make(tmp_path, ("viewer",), late=OWN)
    made = served(sides)
    month = f"{day_before():%Y-%m}"
    path = f"/reconcile?month={month}"
    whole, own, other = (sides.tokens[s, "viewer"] for s in ("whole", "haul-a", "town-b"))
    assert "桶日" not in text(made, whole, path)[1]
    store = Store(sides.db)
    store.add(Batch(readings=readings(OWN)[LATE:]), int(time.time()))
    store.compact()
    known = registry.load(sides.folder)
    update_figures(store, known, day_before())
    store.close()
    told = f"此后该月 1 个桶日的数字有更新，未计入；用 qingyun reconcile keep --month {month} 重算"
    assert [told in text(made, t, path)[1] for t in (whole, own, other)] == [True, True, False]


def bring_tickets(sides: Sides, n: int) -> None:
    store = Store(sides.db)
    source = papers.Source("磅单.csv", "6" * 64, 2, "test", noon() + 7200)
    tickets = [
        papers.Ticket(
            number=f"厂/9{i}", facility="厂", plate=OWN.truck, t=noon() + i, stream="干垃圾",
            town="", site="", code="", gross_g=9000, tare_g=1000, grams=8000, source=source,
        )
        for i in range(n)
    ]  # fmt: skip
    papers.add(store, papers.TICKET, tickets, papers.last(store))
    store.close()


def test_what_a_contractor_is_told_is_of_its_trucks(made: FastAPI, sides: Sides) -> None:
    token = sides.tokens["haul-a", "viewer"]
    page = text(made, token, f"/reconcile?month={day_before():%Y-%m}&by=route")[1]
    assert OWN.truck in page and OTHER.truck not in page
    assert "0.030" in page and "0.008" in page  # its two lifts, its ticket
    status, page = text(made, token, f"/reconcile/row?name={sides.lifts[OWN]}")
    assert status == 200 and "15.000" in page and OWN.truck in page
    other = f"/reconcile/row?name={sides.lifts[OTHER]}"
    assert text(made, token, other)[0] == 404
    assert text(made, token, "/reconcile/row?name=L1-x")[0] == 404


def test_a_truck_that_went_to_another_is_not_told_of(made: FastAPI, sides: Sides) -> None:
    """What was kept is of the trucks of then."""
    token = sides.tokens["haul-a", "viewer"]
    path = f"/reconcile?month={day_before():%Y-%m}&by=route"
    assert OWN.truck in text(made, token, path)[1]
    file = sides.folder / "trucks.csv"
    kept = file.read_text("utf-8")
    file.write_text(kept.replace(f"{OWN.truck},{OWN.contractor}\n", ""), "utf-8")
    page = text(made, token, path)[1]
    assert OWN.truck not in page and "还没有算过" in page
    assert text(made, token, f"/reconcile/row?name={sides.lifts[OWN]}")[0] == 404


def test_a_month_that_nobody_computed(made: FastAPI, sides: Sides) -> None:
    for month in ("2020-01", "2020-13", "x"):
        status, page = text(made, sides.tokens["unit-a", "viewer"], f"/reconcile?month={month}")
        assert status == 200 and "还没有算过" in page

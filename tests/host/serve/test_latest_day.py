"""A page asked for today, when the last readings are older: it shows their day and says so."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import district
import pytest
from served_page import PASSWORD
from sim_board import ROOT
from starlette.testclient import TestClient

from host import registry
from host.rollup.day_figures import update_figures
from host.serve import accounts
from host.serve.app import app
from host.serve.day_cache import last_measured, today
from host.serve.settings import Settings
from host.store import Store

SITE, DEVICE = "fs-01", "qy-fs01"
LAST = district.today() - dt.timedelta(60)
KNOWN = ROOT / "registry"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Somebody who has signed in where one site has one day."""
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    accounts.add(store, "li", "operator", PASSWORD, "test")
    district.play(store, SITE, DEVICE, LAST)
    store.close()
    with TestClient(app(Settings(db, KNOWN)), "http://127.0.0.1") as client:
        client.post("/signin", data={"name": "li", "password": PASSWORD})
        end = time.monotonic() + 60
        while not client.get(f"/api/1/periods/{LAST}").json()["days_known"]:
            assert time.monotonic() < end
            time.sleep(0.1)
        yield client


@pytest.mark.parametrize(
    ("lang", "said", "silent", "scale"),
    [
        ("zh", "今天还没有读数", "当日没有读数", "无秤"),
        ("en", "no readings of today yet", "No readings on this day", "No scale"),
    ],
)
def test_the_last_day_in_place_of_today(
    client: TestClient, lang: str, said: str, silent: str, scale: str
) -> None:
    """With a way to today, which says that it has no readings, and not that scales are missing."""
    for path in ("/", f"/sites/{SITE}"):
        page = client.get(f"{path}?lang={lang}").text
        assert said in page
        assert f'<time datetime="{LAST}">' in page
        now = today()  # the server's: the run may go on past midnight
        assert f'?date={now}"' in page
        asked = client.get(f"{path}?date={now}&lang={lang}").text
        assert said not in asked
        assert scale not in asked
    assert asked.count(f"· {silent}") == 4  # each of its bins
    assert "8.75" in client.get(f"/sites/{SITE}?lang={lang}").text.replace("8.749", "8.75")
    for path in ("/history", "/downloads"):
        assert f'value="{LAST}"' in client.get(f"{path}?lang={lang}").text


def test_a_few_minutes_after_midnight_are_no_day(tmp_path: Path) -> None:
    """A board that went on into the next day and was switched off; today's first reading."""
    known, midnight = registry.load(KNOWN), LAST + dt.timedelta(1)
    store = Store(tmp_path / "q.db", create=True)
    district.play(store, SITE, DEVICE, LAST)
    before = {x for x in range(24 * 60) if x > 10}
    district.play(store, SITE, DEVICE, midnight, left_out=before, seq=24 * 60)
    update_figures(store, known, midnight)
    names = [b.bin for b in known.bins if b.site == SITE]
    for platforms in (None, names):
        assert last_measured(store.database, LAST + dt.timedelta(30), platforms) == LAST
        assert last_measured(store.database, midnight, platforms) == midnight
    assert last_measured(store.database, LAST + dt.timedelta(30), ["other"]) is None
    store.close()

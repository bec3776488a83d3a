"""What is to be filed, on the page of the hazardous stores."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from served_page import PASSWORD
from sim_board import ROOT

from host.common.local_days import LOCAL
from host.hazard import obligations, register
from host.serve import accounts
from host.serve.app import app
from host.serve.hazard import AHEAD_D
from host.serve.settings import Settings
from host.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example, with a unit that files each month."""
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    path = copy / "institutions.csv"
    path.write_text(path.read_text().replace(",简化,", ",重点,"))
    return copy


@pytest.fixture
def client(tmp_path: Path, folder: Path) -> Iterator[TestClient]:
    store = Store(tmp_path / "q.db", create=True)
    accounts.add(store, "vera", "viewer", PASSWORD, by="test")
    store.close()
    shared = app(Settings(tmp_path / "q.db", folder))
    with TestClient(shared, base_url="http://127.0.0.1") as made:
        form = {"name": "vera", "password": PASSWORD}
        assert made.post("/signin", data=form).status_code == 200
        yield made


def test_what_comes_is_shown_with_a_way_to_fill_it(client: TestClient) -> None:
    """Each month has a 15th within 30 days; the link gives the report of the month before."""
    zh, en = (client.get(f"/hazard?lang={code}").text for code in ("zh", "en"))
    assert "月度申报" in zh and "按台账填写" in zh and re.search(r"还有 \d+ 天", zh)
    assert "Monthly report" in en and re.search(r"\d+ days left", en)
    link = re.search(r'href="(/downloads/filing\?[^"]*kind=report)"', zh)
    assert link is not None
    made = client.get(link[1].replace("&amp;", "&"))
    assert made.status_code == 200 and made.content.startswith(b"PK")


def test_what_is_late_is_shown_where_somebody_tells_what_was_filed(folder: Path) -> None:
    day = dt.date(2026, 4, 20)

    def shown() -> list[tuple[str, str, bool]]:
        found = obligations.to_do(register.load(folder), folder, day, AHEAD_D)
        return [(d.filing.filing, d.period, d.filed is not None) for d in found]

    assert shown() == [("report-month", "2026-04", False)]
    (folder / "filed.csv").write_text(
        "institution,filing,period,day,by\nxq-jm,report-month,2026-02,2026-03-10,王五\n"
        "xq-jm,plan,2026,2026-03-10,王五\nxq-jm,report-month,2026-04,2026-04-19,王五\n"
    )
    assert shown() == [
        ("report-year", "2025", False),
        ("report-month", "2026-03", False),
        ("report-month", "2026-04", True),
    ]


def test_the_page_says_late(client: TestClient, folder: Path) -> None:
    last = dt.datetime.now(LOCAL).date().replace(day=1) - dt.timedelta(40)
    (folder / "filed.csv").write_text(
        f"institution,filing,period,day,by\nxq-jm,report-month,{last:%Y-%m},{last},王五\n"
    )
    assert re.search(r'tag bad">已过期 \d+ 天', client.get("/hazard").text)
    (folder / "filed.csv").write_text("institution,filing\n")
    answer = client.get("/hazard")
    assert answer.status_code == 200 and "申报的登记有误：" in answer.text

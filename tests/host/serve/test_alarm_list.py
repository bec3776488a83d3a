"""The list of alarms on the page and in the API: a page at a time, for each scope."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from sim_board import ROOT
from starlette.testclient import TestClient

from host.alarms.alarm_log import CLEARED, RAISED, Body
from host.serve import accounts
from host.serve.app import app
from host.serve.scope import Scope
from host.serve.settings import Settings
from host.store import Store
from host.store import hazard as rows

T = 1_772_500_000
BODY = Body(
    rule="offline", kind="offline", level="告警", site="fs-01", store="", subject="qy-fs01",
    value=1.7, unit="间隔", threshold=1.6, source="自定：两个上报间隔内没有读数",
    text="设备没有读数（每 300 秒应有一条）",
)  # fmt: skip


def add(store: Store, many: int) -> None:
    """So many alarms that are over, of two sites in turn."""
    n, changes = rows.open_alarms(store)[0], list[tuple[int | None, str, int, str]]()
    for i in range(many):
        body = msgspec.structs.replace(BODY, site="fs-01" if i % 2 else "jt-01")
        text = msgspec.json.encode(body, order="sorted").decode()
        raised = n + len(changes) + 1
        changes += [(None, RAISED, T + i, text), (raised, CLEARED, T + i, text)]
    rows.add_alarms(store, changes, None)


def client_of(store: Store, scope: Scope) -> TestClient:
    token = accounts.add_token(store, f"t-{scope.kind}", "viewer", "test", scope=scope)
    made = app(Settings(Path(store.where), ROOT / "registry"))
    return TestClient(made, "http://127.0.0.1", headers={"authorization": f"Bearer {token}"})


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="a(\d+)"', text)]


def test_pages_of_the_list_follow_each_other_while_alarms_come(store: Store) -> None:
    add(store, 150)
    client = client_of(store, Scope("district"))
    first = client.get("/alarms?show=all").text
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    listed = numbers(first)
    assert listed == list(range(299, 99, -2))
    assert "<small>150</small>" in first
    add(store, 5)
    following = client.get("/alarms" + more.replace("&amp;", "&")).text
    assert numbers(following) == list(range(99, 0, -2))
    assert 'rel="next"' not in following
    assert numbers(client.get("/alarms").text) == []
    for language, text in (("zh", "应为告警的编号"), ("en", "expected the number of an alarm")):
        answer = client.get(f"/alarms?show=all&before=x&lang={language}")
        assert answer.status_code == 422 and text in answer.text


def test_the_api_goes_on_by_next_and_still_counts_pages(store: Store) -> None:
    add(store, 30)
    client = client_of(store, Scope("district"))
    found, url = list[int](), "/api/1/alarms?only_open=false&limit=7"
    while url:
        answer = client.get(url).json()
        assert answer["total"] == 30
        found += [a["alarm"] for a in answer["items"]]
        url = answer["next"]
    assert found == list(range(59, 0, -2))
    fourth = client.get("/api/1/alarms?only_open=false&limit=7&page=4").json()["items"]
    assert [a["alarm"] for a in fourth] == found[21:28]
    assert client.get("/api/1/alarms?before=0").status_code == 422


def test_a_town_pages_through_its_own_alarms(store: Store) -> None:
    add(store, 30)
    client = client_of(store, Scope("town", "九亭镇"))
    answer = client.get("/api/1/alarms?only_open=false&limit=10").json()
    assert (answer["total"], {a["site"] for a in answer["items"]}) == (15, {"jt-01"})
    assert len(client.get(answer["next"]).json()["items"]) == 5
    other = answer["items"][0]["alarm"] + 2  # the next one, of the other site
    assert client.get(f"/alarms/{answer['items'][0]['alarm']}").status_code == 200
    assert client.get(f"/alarms/{other}").status_code == 404

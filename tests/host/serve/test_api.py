"""The API as a machine uses it: pages, tags, and whatever its description allows."""

from __future__ import annotations

import json
import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

import district
import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from served_page import Served, uploaded

if TYPE_CHECKING:
    import schemathesis


def test_lists_come_in_pages(served: Served) -> None:
    """Every site once, by following `next`."""
    with served.http("viewer") as client:
        address, names = "/api/1/sites?limit=50", []
        while address:
            body = client.get(address).json()
            names += [item["site"] for item in body["items"]]
            address = body["next"]
    assert len(names) == len(set(names)) == body["total"] == len(served.district.known.sites)


def test_what_is_known_is_not_sent_again(served: Served) -> None:
    with served.http("viewer") as client:
        first = client.get("/api/1/periods/2020-01")
        again = client.get(
            "/api/1/periods/2020-01", headers={"if-none-match": first.headers["etag"]}
        )
        other = client.get(
            "/api/1/periods/2020-02", headers={"if-none-match": first.headers["etag"]}
        )
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert again.content == b""


def test_the_district_adds_up(served: Served) -> None:
    """Towns come to the district, streams to 清运量."""
    with served.http("viewer") as client:
        towns = client.get(f"/api/1/periods/{district.today().year}").json()["towns"]
    total, *rest = towns
    assert sum(t["hauled"]["tonnes"] or 0 for t in rest) == pytest.approx(total["hauled"]["tonnes"])
    hauled = sum(total["streams"][s]["tonnes"] or 0 for s in ("干垃圾", "湿垃圾"))
    assert hauled == pytest.approx(total["hauled"]["tonnes"])


def test_a_command_reaches_the_board_and_its_answer_comes_back(served: Served) -> None:
    """From an operator; it stands in the audit trail."""
    device, site = "qy-s0009", "s0009"
    seen = []

    def on_message(client: object, _: object, message: object) -> None:
        asked = json.loads(message.payload)  # type: ignore[attr-defined]
        seen.append(asked)
        answer = {"id": asked["id"], "ok": True, "result": {"w1": 21.5}}
        threading.Thread(
            target=uploaded,
            args=(served.client, f"{site}/{device}/reply", answer),
            kwargs={"retain": False},
        ).start()

    served.client.message_callback_add(f"qingyun/1/{site}/{device}/command", on_message)
    served.client.subscribe(f"qingyun/1/{site}/{device}/command", 1)
    with served.http("operator") as client:
        page = client.get(f"/sites/{site}").text
        csrf = page.partition('name="csrf" content="')[2].partition('"')[0]
        asked = {"do": "read"}
        refused = client.post(f"/api/1/boards/{device}/command", json=asked)
        answer = client.post(
            f"/api/1/boards/{device}/command", json=asked, headers={"x-csrf-token": csrf}
        )
    assert refused.status_code == 403
    assert answer.json()["answer"] == {"w1": 21.5}
    assert seen[0]["by"] == "operator"
    with served.http("admin") as client:
        rows = client.get("/api/1/audit").json()["items"]
    assert ("operator", "command", "done") in [(r["who"], r["action"], r["outcome"]) for r in rows]


def test_whatever_the_description_allows(served: Served) -> None:
    """Made-up requests for each operation: no failure of the server, and only answers that
    the description has."""
    import schemathesis  # noqa: PLC0415  seconds, which every process of a run would take
    from schemathesis.core.result import Ok  # noqa: PLC0415

    with served.http("admin") as client:
        document = client.get("/api/1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.base_url = served.url
    cookies = served.sessions["admin"]
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.method.upper() != "GET":
            continue

        @settings(
            max_examples=8,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case[Any]) -> None:
            nonlocal tried
            tried += 1
            response = case.call(cookies=cookies)
            assert response.status_code < 500, (case.as_curl_command(), response.text[:300])
            case.validate_response(response, checks=[schemathesis.checks.not_a_server_error])

        check()
    assert tried > 40


def test_events_come_as_they_happen(served: Served) -> None:
    """The stream begins with all of it, then tells what is new; another topic is refused."""
    with served.http("viewer") as client:
        assert client.get("/live?topic=nothing").status_code == 404
        with client.stream("GET", "/live?topic=site:s0011") as answer:
            lines = islice(answer.iter_lines(), 200)
            first = next(line for line in lines if line.startswith("data:"))
            assert "qy-s0011" in first
            for status in ("safe", "online"):  # as it was: others look at this district too
                uploaded(served.client, "s0011/qy-s0011/status", status)
                assert f'"{status}"' in next(line for line in lines if "qy-s0011" in line)
    assert httpx.get(served.url + "/live").status_code == 303


def test_nonsense_of_one_board_concerns_its_own_row(served: Served) -> None:
    """In lists, on pages and in the stream: everybody else is shown as before."""
    site = "s0013"
    pages = ["/", "/sites", f"/sites/{site}", "/api/1/district", "/api/1/sites?limit=200"]
    pages += ["/api/1/boards?limit=200", f"/api/1/sites/{site}"]
    for odd in ("1" * 400, "NaN", "1e999", '"\\u001b[2J"', "[[[[1]]]]", "-1e300"):
        state = f'{{"t":{odd},"w1":{odd},"f1":{odd},"queue":{odd},"rssi":{odd},"q":{{"w1":{odd}}}}}'
        for topic in ("state", "birth"):
            uploaded(served.client, f"{site}/qy-{site}/{topic}", state)
        with served.http("viewer") as client:
            with client.stream("GET", f"/live?topic=site:{site}") as answer:
                data = next(x for x in answer.iter_lines() if x.startswith("data:"))
                json.loads(data.removeprefix("data:"), parse_constant=pytest.fail)
            for page in pages:
                answer_ = client.get(page)
                assert answer_.status_code == 200, (odd, page)

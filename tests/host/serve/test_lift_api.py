"""Lifts that trucks send: each taken once or refused for itself, by whom they may be sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgi import bearer, in_loop, opened
from fastapi import FastAPI
from two_sides import PLACES, Sides, make, noon, served

from host.hazard import papers
from host.store import Store, lifts

OWN, OTHER = PLACES[0], PLACES[2]
HAULER = ("haul-a", "operator")


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return make(tmp_path, ("viewer", "operator"))


@pytest.fixture
def made(sides: Sides) -> FastAPI:
    return served(sides)


def post(
    made: FastAPI, token: str, sent: object, kind: str = "application/json"
) -> tuple[int, Any]:
    async def one() -> tuple[int, Any]:
        headers = {"content-type": kind} | bearer(token)
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        async with opened(made, "POST", "/api/1/lifts", body=body, headers=headers) as answer:
            return answer.status, json.loads(answer.text)

    return in_loop(one())


def lift(n: int = 0, **other: object) -> dict[str, object]:
    return {"truck": OWN.truck, "t": noon() + 60 * n, "kg": 41.5, "site": OWN.site, **other}


def held(sides: Sides) -> list[lifts.LiftRow]:
    """Those that were sent."""
    store = Store(sides.db)
    found = [r for r in lifts.between(store, 0, 1 << 40) if r.t >= noon()]
    assert papers.verify_lifts(store) == []
    store.close()
    return found


def test_sent_again_it_counts_once(made: FastAPI, sides: Sides) -> None:
    token = sides.tokens[HAULER]
    both = [lift(0), lift(1)]
    assert post(made, token, both) == (200, {"stored": 2, "again": 0, "refused": []})
    more = [*both, lift(2, stream="干垃圾", number="7")]
    assert post(made, token, more) == (200, {"stored": 1, "again": 2, "refused": []})
    assert [(r.grams, r.number) for r in held(sides)] == [(41_500, ""), (41_500, ""), (41_500, "7")]
    assert post(made, token, []) == (200, {"stored": 0, "again": 0, "refused": []})


def test_each_is_refused_for_itself(made: FastAPI, sides: Sides) -> None:
    wrong = [
        (lift(1, kg="41"), "kg: Input should be a valid number"),
        ({"truck": OWN.truck}, "t: Field required"),
        (lift(1, kg=3000.5), "kg: Input should be less than"),
        (lift(1, site="xx-99"), "site: expected a site of sites.csv"),
        (lift(1, stream="湿"), "stream: expected one of"),
        (lift(1, t=1 << 32), "t: expected a time that is over"),
        (lift(1, site="", longitude=121.2), "latitude: expected both"),
        (lift(1, weight=5), "weight: Extra inputs"),
        (lift(1, truck=OTHER.truck), "truck: expected a truck of your account in trucks.csv"),
        (lift(0, kg=42), f"kg: expected a weighing of {OWN.truck}"),
        (lift(0, number="1"), f"number: expected a weighing of {OWN.truck}"),
    ]
    sent = [lift(0), *(w for w, _ in wrong), lift(2)]
    status, answer = post(made, sides.tokens[HAULER], sent)
    assert status == 200 and (answer["stored"], answer["again"]) == (2, 0)
    told = {r["index"]: r["reason"] for r in answer["refused"]}
    assert sorted(told) == [*range(1, len(wrong) + 1)]
    for n, (_, said) in enumerate(wrong, 1):
        assert told[n].startswith(said)
    assert len(held(sides)) == 2


def test_who_may_send(made: FastAPI, sides: Sides) -> None:
    sent = [lift(0), lift(0, truck=OTHER.truck)]
    assert post(made, sides.tokens["whole", "operator"], sent)[1]["stored"] == 2
    for who, status in (
        (("haul-a", "viewer"), 403),
        (("town-a", "operator"), 403),
        (("unit-a", "operator"), 403),
    ):
        assert post(made, sides.tokens[who], sent)[0] == status
    assert post(made, "nobody:x", sent)[0] == 401
    assert post(made, sides.tokens[HAULER], [lift()] * 501)[0] == 422
    assert post(made, sides.tokens[HAULER], {"lifts": []})[0] == 422


def test_what_is_not_json_is_told_so(made: FastAPI, sides: Sides) -> None:
    token = sides.tokens[HAULER]
    kind = "application/x-www-form-urlencoded"  # as curl says unless told
    said = f"content-type: expected application/json, found {kind!r}"
    assert post(made, token, [lift()], kind) == (415, {"detail": said})
    assert post(made, token, [lift()], "application/json; charset=utf-8")[0] == 200
    in_gb18030 = json.dumps([lift()], ensure_ascii=False).encode("gb18030")
    for body in (in_gb18030, b"[" * 50_000):
        assert post(made, token, body) == (400, {"detail": "body: expected JSON in UTF-8"})
    status, answer = post(made, token, {"lifts": []})
    assert (status, answer["detail"]) == (422, "body: Input should be a valid list")

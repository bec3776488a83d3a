"""Every route of the app, for each role and each scope: what is outside of a scope is answered like
what does not exist, and its name stands in no answer. A route without a row here fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest
from argon2 import PasswordHasher
from asgi import bearer, in_loop, opened
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route
from two_sides import PLACES, SCOPES, Place, Sides, day_before, make, served

from host.serve import accounts, api, lift_api
from host.serve.shared import Shared
from host.store import Store

ROLES = ("viewer", "operator", "admin")
EVERY = bool(os.environ.get("EVERY") or os.environ.get("SOAK"))
FILING = "/downloads/filing?unit={}&when=2026-10"
HAZARDOUS = tuple(p for p in PLACES if p.hazardous)


@dataclass(frozen=True)
class Ask:
    """A request, and its statuses. of: the place that it is about, None: of none; ok: what a scope
    with the place answers, missing: another one. typed: what the request names, which may stand in
    the answer. whole: that it is for the district alone; of_haulers: and for contractors."""

    path: str
    of: Place | None = None
    ok: tuple[int, ...] = (200,)
    missing: tuple[int, ...] = (404,)
    typed: str = ""
    form: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    whole: bool = False
    of_haulers: bool = False


@dataclass(frozen=True)
class Row:
    """What a route asks for: the least role ("" of anybody), and whether it is of the district
    alone."""

    role: str
    asks: Callable[[Sides], list[Ask]]
    whole: bool = False


def one(path: str, ok: int = 200, **more: Any) -> Callable[[Sides], list[Ask]]:
    return lambda _: [Ask(path, ok=(ok,), **more)]


def each(
    path: str, places: tuple[Place, ...] = PLACES, **more: Any
) -> Callable[[Sides], list[Ask]]:
    """Of each place, by its site."""
    return lambda _: [Ask(path.format(p.site), p, typed=p.site, **more) for p in places]


def code(path: str, void: bool, **more: Any) -> Callable[[Sides], list[Ask]]:
    """Of each code, that of an entry that holds, or of one that was reversed."""
    return lambda sides: [
        Ask(path.format((sides.voided if void else sides.codes)[p]), p, **more) for p in HAZARDOUS
    ]


def reports(_: Sides) -> list[Ask]:
    """Each report once in the format that is made soonest."""
    day = day_before()
    month = f"{day:%Y-%m}"
    return [
        Ask(f"/downloads/daily?when={day}"),
        Ask(f"/downloads/balance?when={day}"),
        Ask(f"/downloads/month?when={month}&format=html"),
        Ask(f"/downloads/ledger?when={month}"),
        Ask(f"/downloads/district?when={day}", whole=True),
        Ask(f"/downloads/export?when={day}", whole=True),
    ]


ROUTES = {
    "GET /signin": Row("", one("/signin", 303)),
    "POST /signin": Row("", lambda _: [Ask("/signin", ok=(401, 429), form={"name": "x"})]),
    "POST /signout": Row("viewer", one("/signout", 303)),
    "GET /account": Row("viewer", one("/account")),
    "POST /account": Row("viewer", one("/account", 422, form={"old": "x", "new": "y"})),
    "GET /users": Row("admin", one("/users"), whole=True),
    "POST /users": Row("admin", one("/users", 422, form={"do": "x"}), whole=True),
    "GET /audit": Row("admin", one("/audit")),
    "GET /api/1/audit": Row("admin", one("/api/1/audit?limit=500")),
    "GET /": Row("viewer", one("/")),
    "GET /sites": Row("viewer", lambda _: [Ask("/sites"), Ask("/sites?view=tiles&q=")]),
    "GET /map": Row("viewer", one("/map")),
    "GET /collect": Row("viewer", one("/collect")),
    "GET /collect/list": Row("viewer", one("/collect/list?format=csv")),
    "GET /reconcile": Row(
        "viewer",
        lambda _: [
            Ask(f"/reconcile?month={day_before():%Y-%m}&by={by}")
            for by in ("stream", "town", "route", "day")
        ],
    ),
    "GET /reconcile/row": Row(
        "viewer",
        lambda s: [Ask(f"/reconcile/row?name={s.lifts[p]}", p, typed=s.lifts[p]) for p in s.lifts],
    ),
    "GET /standing": Row("viewer", one("/standing")),
    "GET /standing/bin/{bin}": Row("viewer", each("/standing/bin/{}-1")),
    "GET /standing/file": Row(
        "viewer",
        lambda _: (
            # 404: the scopes without a place
            [Ask("/standing/file?format=csv", ok=(200, 404))]
            + [Ask(f"/standing/file?format=html&bin={p.site}-1", p, typed=p.site) for p in PLACES]
        ),
    ),
    "GET /wall": Row("viewer", one("/wall")),
    "GET /wall/now": Row("viewer", one("/wall/now")),
    "GET /wall/signin": Row("", one("/wall/signin")),
    "POST /wall/signin": Row(
        "", lambda _: [Ask("/wall/signin", ok=(401, 429), form={"token": "x:y"})]
    ),
    "GET /sites/{site}": Row("viewer", each("/sites/{}")),
    "GET /hazard": Row("viewer", one("/hazard")),
    "GET /hazard/ledger": Row("viewer", one("/hazard/ledger")),
    "GET /alarms": Row("viewer", lambda _: [Ask("/alarms"), Ask("/alarms?show=all")]),
    "GET /alarms/{alarm}": Row(
        "viewer", lambda s: [Ask(f"/alarms/{s.alarms[p]}", p) for p in PLACES]
    ),
    "POST /alarms": Row(
        "operator",
        lambda s: [
            Ask("/alarms", p, (303, 409), (409,), form={"alarm": str(s.alarms[p]), "note": "n"})
            for p in PLACES
        ],
    ),
    "POST /label": Row(
        "operator",
        lambda s: [
            Ask("/label", p, (303,), (409,), form={"entry": str(s.entries[p])}) for p in HAZARDOUS
        ],
    ),
    "GET /label/{code}": Row("viewer", code("/label/{}", False)),
    "POST /label/{code}/pdf": Row("operator", code("/label/{}/pdf", True, ok=(409,))),
    "POST /label/{code}/print": Row("operator", code("/label/{}/print", True, ok=(409,))),
    "POST /label/{code}/void": Row("operator", code("/label/{}/void", True, ok=(303, 409))),
    "GET /papers": Row("operator", one("/papers")),
    "POST /papers/check": Row("operator", one("/papers/check", 422)),
    "POST /papers/import": Row("operator", one("/papers/import", 409, form={"upload": "x"})),
    "POST /papers/take-back": Row(
        "operator",
        lambda s: [
            Ask(
                *("/papers/take-back", p, (303, 409), (409,)),
                form={"import": str(s.imports[p]), "reason": "n"},
            )
            for p in PLACES
        ],
    ),
    "GET /indicators": Row("viewer", one("/indicators"), whole=True),
    "GET /indicators/{number}": Row("viewer", one("/indicators/8"), whole=True),
    "GET /history": Row(
        "viewer",
        lambda _: [Ask("/history"), Ask(f"/history?period={day_before().year}")],
    ),
    "GET /downloads": Row("viewer", one("/downloads")),
    "GET /downloads/{name}": Row("viewer", reports),
    "GET /downloads/filing": Row(
        "viewer",
        lambda _: [
            Ask(
                *(f"/downloads/filing?unit={p.institution}&when=2026-10", p),
                (200,),
                (422,),
                p.institution,
            )
            for p in HAZARDOUS
        ],
    ),
    "POST /boards/{device}/command": Row(
        "operator",
        lambda _: [
            Ask(f"/boards/{p.device}/command", p, (503,), typed=p.device, form={"do": "read"})
            for p in PLACES
        ],
    ),
    "GET /live": Row(
        "viewer",
        lambda _: (
            [
                Ask(f"/live?topic={'weigh' if p.hazardous else 'site'}:{p.site}", p, typed=p.site)
                for p in PLACES
            ]
            + [Ask("/live?topic=sites"), Ask("/live?topic=district")]
        ),
    ),
    "GET /weigh": Row("operator", one("/weigh")),
    "GET /weigh-worker.js": Row("", one("/weigh-worker.js")),
    "GET /weigh/now": Row("operator", one("/weigh/now")),
    "GET /weigh/step": Row(
        "operator",
        lambda _: [
            Ask(f"/weigh/step?platform={p.site}-1", p, missing=(422,), typed=p.site)
            for p in HAZARDOUS
        ],
    ),
    "POST /weigh/act": Row("operator", one("/weigh/act", 422)),
    "GET /weigh/label/{code}": Row("operator", code("/weigh/label/{}", False)),
    "POST /weigh/photo": Row("operator", one("/weigh/photo", 422)),
    "POST /weigh/scan": Row("operator", one("/weigh/scan", 422)),
    "GET /photographs/{name}": Row(
        "operator", lambda s: [Ask(f"/photographs/{s.photographs[p]}", p) for p in HAZARDOUS]
    ),
    "GET /api/1/district": Row("viewer", one("/api/1/district")),
    "GET /api/1/periods/{period}": Row("viewer", lambda _: [Ask(f"/api/1/periods/{day_before()}")]),
    "GET /api/1/sites": Row("viewer", one("/api/1/sites")),
    "GET /api/1/sites/{site}": Row("viewer", each("/api/1/sites/{}")),
    "GET /api/1/sites/{site}/day": Row("viewer", each("/api/1/sites/{}/day")),
    "GET /api/1/boards": Row("viewer", one("/api/1/boards")),
    "GET /api/1/hazard/stock": Row("viewer", one("/api/1/hazard/stock")),
    "GET /api/1/hazard/ledger": Row("viewer", one("/api/1/hazard/ledger")),
    "GET /api/1/alarms": Row("viewer", one("/api/1/alarms?only_open=false")),
    "GET /api/1/indicators": Row("viewer", one("/api/1/indicators"), whole=True),
    "POST /api/1/boards/{device}/command": Row(
        "operator",
        lambda _: [
            Ask(
                *(f"/api/1/boards/{p.device}/command", p, (503,), (404,), p.device),
                body=b'{"do":"read"}',
            )
            for p in PLACES
        ],
    ),
    "POST /api/1/lifts": Row(
        "operator",
        lambda s: [Ask("/api/1/lifts", body=b"[]", ok=(200,), of_haulers=True)],
    ),
    "GET /api/1/openapi.json": Row("viewer", one("/api/1/openapi.json")),
}


async def call(made: FastAPI, method: str, ask: Ask, token: str) -> tuple[int, str]:
    """Status and text of an answer, of a stream what comes at once."""
    body = ask.body or urlencode(ask.form).encode()
    kind = "application/json" if ask.body else "application/x-www-form-urlencoded"
    headers = {"content-type": kind} | bearer(token)
    async with opened(made, method, ask.path, body=body, headers=headers) as answer:
        return answer.status, answer.text


def wanted(row: Row, ask: Ask, scope: str, role: str, method: str) -> tuple[int, ...]:
    """The statuses that are right for a role of a scope; "": nobody has signed in."""
    if not role:
        if not row.role:
            return (200,) if ask.path == "/signin" and method == "GET" else ask.ok
        return (401,) if method == "POST" or "/api/" in ask.path else (303,)
    if row.role and ROLES.index(role) < ROLES.index(row.role):
        return (403,)
    kind, places = SCOPES[scope]
    is_hauler = kind.kind in ("district", "contractor")
    if (scope != "whole" and (row.whole or ask.whole)) or (ask.of_haulers and not is_hauler):
        return (403,)
    return ask.ok if ask.of is None or ask.of in places else ask.missing


def routes(made: FastAPI) -> dict[str, None]:
    """Every route of the app, as the table names it."""
    found: dict[str, None] = {}
    for route in (*made.router.routes, *api.router.routes, *lift_api.router.routes):
        if isinstance(route, (Route, APIRoute)):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                found[f"{method} {route.path}"] = None
    return found


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    return make(tmp_path_factory.mktemp("sides"), ROLES)


@pytest.fixture(scope="module")
def made(sides: Sides) -> FastAPI:
    return served(sides)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, sides: Sides) -> Iterator[None]:
    """One request after the other, which needs no threads and one open store; the same hash of
    passwords with less work."""
    store = Store(sides.db)

    async def here(work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return work(*args)

    monkeypatch.setattr(anyio.to_thread, "run_sync", here)
    monkeypatch.setattr(Shared, "store", lambda _: nullcontext(store))
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(1, 8, 1))
    yield
    store.close()


def test_every_route_is_in_the_table(made: FastAPI) -> None:
    """A new one needs to say here who may ask for it, and what others are told."""
    assert set(routes(made)) == set(ROUTES)


def who_asks(row: Row, sides: Sides) -> Iterator[tuple[str, str, str, bool]]:
    """(scope, role, token, whether all is asked for) of everybody. Who has the least role asks for
    all, the others for the first of it; what a role may not is decided before the scope is looked
    at, so the lower ones ask as three scopes alone (EVERY=1: as each)."""
    least = row.role or ROLES[0]
    yield "", "", "", False
    for (scope, role), token in sides.tokens.items():
        if role == least or scope in ("whole", "town-a", "gone") or EVERY:
            yield scope, role, token, role == least


@pytest.mark.usefixtures("quick")
def test_each_route_of_each_role_and_scope(made: FastAPI, sides: Sides) -> None:
    wrong: list[str] = []
    shown: dict[str, set[str]] = {scope: set() for scope in SCOPES}

    async def one_of(name: str, row: Row) -> None:
        method, asks = name.partition(" ")[0], row.asks(sides)
        for scope, role, token, everything in who_asks(row, sides):
            for ask in asks if everything else asks[:1]:
                what = f"{scope} {role} {name} {ask.path}"
                code, text = await call(made, method, ask, token)
                if code not in (right := wanted(row, ask, scope, role, method)):
                    wrong.append(f"{what}: {code}, not {right}")
                told = {p: {m for m in p.marks if m in text} - {ask.typed} for p in PLACES}
                for p, marks in told.items():
                    if role and p in SCOPES[scope][1]:
                        shown[scope] |= marks
                    elif marks:
                        wrong.append(f"{what}: tells of {marks}")

    async def every() -> None:
        for name, row in ROUTES.items():
            await one_of(name, row)

    in_loop(every())
    assert wrong == []
    for scope, (_, places) in SCOPES.items():  # what is its own is told
        assert shown[scope] == {mark for p in places for mark in p.marks}

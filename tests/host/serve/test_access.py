"""Every route without and with each role; forged, wrong and hostile requests."""

from __future__ import annotations

import re
import socket
import sqlite3
from contextlib import closing

import district
import httpx
import pytest
from fastapi.routing import APIRoute
from served_page import PASSWORD, ROLES, Served
from starlette.routing import Route

from host.serve import accounts, api
from host.serve.app import app
from host.serve.sessions import FAILURES, FAILURES_ADDRESS, Failures, Sessions
from host.serve.settings import Settings
from host.store import Store

NEEDS = {
    "/users": "admin",
    "/audit": "admin",
    "/api/1/audit": "admin",
    "/alarms POST": "operator",
    "/label POST": "operator",
    "/label/{code}/pdf POST": "operator",
    "/label/{code}/print POST": "operator",
    "/label/{code}/void POST": "operator",
    "/weigh": "operator",
    "/weigh/now": "operator",
    "/weigh/step": "operator",
    "/weigh/label/{code}": "operator",
    "/weigh/act POST": "operator",
    "/weigh/photo POST": "operator",
    "/weigh/scan POST": "operator",
    "/photographs/{name}": "operator",
    "/papers": "operator",
    "/papers/check POST": "operator",
    "/papers/import POST": "operator",
    "/papers/take-back POST": "operator",
    "/boards/{device}/command POST": "operator",
    "/api/1/boards/{device}/command POST": "operator",
}
OPEN = {"/signin", "/signin POST", "/weigh-worker.js", "/wall/signin", "/wall/signin POST"}
NAMED = (
    "/label/",
    "/photographs/",
    "/reconcile/row",
    "/standing/bin/",
)  # there may be no such thing
VALUES = {
    "site": district.PLAYED,
    "device": "qy-s0001",
    "bin": "s0001-1",
    "number": "8",
    "alarm": "1",
    "name": "district",
    "code": "0",
    "period": "2026",
}


def _routes(served: Served) -> list[tuple[str, str, str]]:
    """(method, path, name in the tables above) of everything the app has."""
    made = app(Settings(served.district.db, served.district.folder))
    found = []
    for route in (*made.router.routes, *api.router.routes):
        if isinstance(route, (Route, APIRoute)) and route.path != "/api/1/openapi.json":
            for method in sorted((route.methods or set()) - {"HEAD"}):
                path = re.sub(r"\{(\w+)\}", lambda m: VALUES[m[1]], route.path)
                path += "?when=2000-01-01" if "/downloads/" in path else ""
                found.append((method, path, route.path + (" POST" if method == "POST" else "")))
    found.append(("GET", "/api/1/openapi.json", "/api/1/openapi.json"))
    return found


def _ask(client: httpx.Client, method: str, path: str) -> int:
    if path == "/live":
        with client.stream(method, path) as answer:
            return answer.status_code
    return client.request(method, path).status_code


def test_every_route_and_each_role(served: Served) -> None:
    """Nobody gets nothing but the sign-in; each role what it may. A form without the
    session's own mark is refused even to who may."""
    routes = _routes(served)
    assert len(routes) > 30
    wrong = []
    for role in ("", *ROLES):
        with served.http(role) as client:
            for method, path, name in routes:
                code = _ask(client, method, path)
                needed = NEEDS.get(name, "viewer")
                enough = bool(role) and ROLES.index(role) >= ROLES.index(needed)
                if name in OPEN:
                    right = code in (200, 303, 401, 429)
                elif not role:
                    right = code == (401 if method == "POST" or "/api/" in path else 303)
                elif not enough:
                    right = code == 403
                elif method == "POST":
                    right = code in (403, 422)
                else:
                    right = code in (200, 404 if any(n in path for n in NAMED) else 422)
                if not right:
                    wrong.append((role, method, path, code))
    assert wrong == []


def test_a_form_of_another_site_is_refused(served: Served) -> None:
    with served.http("admin") as client:
        page = client.get("/users").text
        csrf = re.search(r'name="csrf" content="([^"]+)"', page)
        assert csrf
        form = {"do": "add", "name": "mallory", "role": "admin", "password": PASSWORD}
        far = client.post(
            "/users", data=form | {"csrf": csrf[1]}, headers={"origin": "http://evil.example"}
        )
        none = client.post("/users", data=form)
        other = client.post("/users", data=form | {"csrf": "guess"})
    assert [far.status_code, none.status_code, other.status_code] == [403, 403, 403]
    assert "mallory" not in [u.name for u in _everybody(served)]


def _everybody(served: Served) -> list[accounts.Account]:
    store = Store(served.district.db)
    try:
        return accounts.everybody(store)
    finally:
        store.close()


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/static/built/..%2f..%2fapp.py",
        "/downloads/..%2f..%2fetc%2fpasswd?when=2026-01-01",
        "/sites/..%2f..%2fetc",
        "/static//etc/passwd",
    ],
)
def test_no_path_leads_out(served: Served, path: str) -> None:
    """Sent as it is, so that no client tidies it up."""
    cookie = "; ".join(f"{k}={v}" for k, v in served.sessions["viewer"].items())
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as s:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
        s.sendall((head + "Connection: close\r\n\r\n").encode())
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert answer.split()[1] in (b"404", b"400", b"405", b"422")
    assert b"root:" not in answer
    assert b"[project]" not in answer


HOSTILE = ("'; DROP TABLE account; --", "<script>alert(1)</script>", "{{7*7}}", "%00", "a" * 5000)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(served: Served, text: str) -> None:
    """In filters, names and notes: no script, no SQL, no template, no failure."""
    with served.http("admin") as client:
        for path, key in (("/sites", "q"), ("/history", "period"), ("/hazard/ledger", "store")):
            answer = client.get(path, params={key: text})
            assert answer.status_code in (200, 422)
            assert "<script>alert" not in answer.text
            assert ">49<" not in answer.text
        assert client.get("/users").status_code == 200


def test_a_name_from_elsewhere_is_refused(served: Served) -> None:
    """Another name of this address in the browser would make its pages part of ours."""
    with served.http("viewer") as client:
        assert client.get("/", headers={"host": "evil.example"}).status_code == 400
        large = client.post("/signin", content=b"x" * 100_000)
    assert large.status_code == 413


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(served: Served, back: str) -> None:
    with served.http("") as client:
        said = {"name": "viewer", "password": PASSWORD, "next": back}
        assert client.post("/signin", data=said).headers["location"] == "/"


def test_failures_are_counted_and_noted(served: Served) -> None:
    """The sixth attempt waits even with the right password; each stands in the audit."""
    with served.http("") as client:
        said = {"name": "victim", "password": "wrong-wrong-wrong"}
        codes = [client.post("/signin", data=said).status_code for _ in range(FAILURES + 1)]
    assert codes == [401] * FAILURES + [429]
    with served.http("admin") as client:
        rows = client.get("/api/1/audit?limit=500").json()["items"]
    mine = [r for r in rows if r["who"] == "victim"]
    assert [r["outcome"] for r in mine] == ["refused"] * (FAILURES + 1)
    assert mine[0]["detail"] == "429"
    assert all(r["address"] == "127.0.0.1" for r in mine)
    assert "wrong-wrong" not in str(rows)


def test_what_is_changed_holds_at_once(served: Served) -> None:
    """A user is added, loses its role, and is removed: its session ends each time."""
    with served.http("admin") as client:
        csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/users").text)
        assert csrf
        form = {"csrf": csrf[1], "name": "zhang", "role": "operator", "password": PASSWORD}
        assert client.post("/users", data=form | {"do": "add"}).status_code == 303
        with httpx.Client(base_url=served.url, timeout=60) as other:
            assert other.post("/signin", data=form).status_code == 303
            assert other.get("/account").status_code == 200
            assert client.post("/users", data=form | {"do": "remove"}).status_code == 303
            assert other.get("/account").status_code == 303
        own = client.post("/users", data=form | {"do": "remove", "name": "admin"})
    assert own.status_code == 422


def test_a_token_reads_and_needs_no_csrf(served: Served) -> None:
    store = Store(served.district.db)
    token = accounts.add_token(store, "machine", "viewer", "test")
    store.close()
    with served.http("") as client:
        mine = {"authorization": f"Bearer {token}"}
        assert client.get("/api/1/district", headers=mine).status_code == 200
        assert client.get("/api/1/audit", headers=mine).status_code == 403
        wrong = {"authorization": f"Bearer {token}x"}
        assert client.get("/api/1/district", headers=wrong).status_code == 401


def test_while_somebody_else_writes_the_store(served: Served) -> None:
    """Who signs in is noted there: that waits, then says why, and works again afterwards."""
    form = {"name": "viewer", "password": PASSWORD}
    with served.http("") as client:
        with closing(sqlite3.connect(served.district.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = client.post("/signin", data=form)
        assert answer.status_code == 503
        assert "数据库忙，请稍后再试" in answer.text
        assert client.post("/signin", data=form).status_code == 303


@pytest.mark.parametrize(
    "password", ["1234567890", "Password123", "QWERTYUIOP", " 1q2w3e4r5t", "abababababab", "short"]
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(accounts.AccountError, match="password: expected"):
        accounts.hashed(password)


def test_sessions_end() -> None:
    now = [0.0]
    held = Sessions(clock=lambda: now[0])
    token, session = held.start("li", 1)
    assert held.find(token) is session
    assert held.find(token + "x") is None
    now[0] += 8 * 3600 + 1
    assert held.find(token) is None
    failures = Failures(clock=lambda: now[0])
    for _ in range(FAILURES):
        assert failures.wait("li", "1.2.3.4") == 0
        failures.failed("li", "1.2.3.4")
    assert failures.wait("li", "1.2.3.4") > 0
    assert failures.wait("li", "1.2.3.5") == 0
    now[0] += 901
    assert failures.wait("li", "1.2.3.4") == 0


def test_right_ones_lock_nobody_out() -> None:
    """A hundred people of an office come from one address; wrong ones still count for it."""
    failures = Failures()
    for n in range(100):
        assert failures.wait(f"u{n}", "1.2.3.4") == 0
        failures.failed(f"u{n}", "1.2.3.4")  # as long as the password is being verified
        failures.passed(f"u{n}", "1.2.3.4")
    for n in range(FAILURES_ADDRESS):
        assert failures.wait(f"u{n}", "1.2.3.4") == 0
        failures.failed(f"u{n}", "1.2.3.4")
    assert failures.wait("li", "1.2.3.4") > 0


def test_the_audit_only_grows(served: Served) -> None:
    """The engine refuses to change or remove a row, whoever asks."""
    store = Store(served.district.db)
    try:
        for sql in ("DELETE FROM audit", "UPDATE audit SET who='x'", "DELETE FROM account"):
            with pytest.raises(Exception, match="only ever added"):
                store.database.query(sql)
    finally:
        store.close()

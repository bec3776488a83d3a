"""What a scope sees while things change: streams, sums, the registry, the account itself."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from asgi import Answer, ask, bearer, in_loop, opened
from fastapi import FastAPI
from sim_board import ROOT
from two_sides import (
    LATE,
    PLACES,
    SCOPES,
    TOWNS,
    Place,
    Sides,
    day_before,
    make,
    readings,
    say,
    served,
    write_registry,
)

from host.common.local_days import clock
from host.hazard import papers, register
from host.hazard.register import Register
from host.registry import Registry, load
from host.rollup import closing
from host.rollup.closing import RegistrySnapshot
from host.serve import accounts, seats
from host.serve.scope import DISTRICT, NOTHING, Scope, ScopeError, asked, resolve
from host.store import Batch, Store

A, HA, B, HB = PLACES
SERVE = ROOT / "host" / "serve"


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return make(tmp_path / "sides", ("operator", "admin"))


@pytest.fixture
def made(sides: Sides) -> FastAPI:
    return served(sides)


@pytest.fixture
def store(sides: Sides) -> Iterator[Store]:
    opened_ = Store(sides.db)
    yield opened_
    opened_.close()


def told_of(text: str) -> set[Place]:
    return {p for p in PLACES for mark in p.marks if mark in text}


def rewrite(sides: Sides, name: str, before: str, after: str) -> None:
    """Somebody edits a file of the registry."""
    file = sides.folder / f"{name}.csv"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")


def hears(made: FastAPI, *places: Place, weight: float) -> None:
    for p in places:
        say(made, p, "state", {"t": 1, "w1": weight})
    hub = made.state.shared.hub
    hub.tell(hub.step(1.0))


async def event(stream: Answer, name: str) -> str:
    """The next event of a name; "" where the stream has ended. A stream that goes on says something
    every 15 s."""
    async with asyncio.timeout(30):
        while part := await stream.part():
            if f"event: {name}\n" in part:
                return part
    return ""


@pytest.mark.parametrize("topic", ["sites", f"site:{A.site}", f"weigh:{HA.site}"])
def test_a_stream_has_nothing_of_others(made: FastAPI, sides: Sides, topic: str) -> None:
    """Boards of both sides speak; each viewer is told of its own, at first and later."""
    name, _, site = topic.partition(":")

    async def look(scope: str) -> list[str]:
        headers = bearer(token_of(sides, scope))
        async with opened(made, "GET", f"/live?topic={topic}", headers=headers) as stream:
            assert stream.status == 200
            hears(made, *PLACES, weight=len(scope))
            return [stream.text, await event(stream, name)]

    for scope in ("whole", "town-a", *(["unit-a"] if name == "weigh" else ["haul-a"])):
        own = {p for p in SCOPES[scope][1] if not site or p.site == site}
        assert [told_of(part) for part in in_loop(look(scope))] == [own, own]


def test_the_first_page_counts_its_own_boards_and_alarms(made: FastAPI, sides: Sides) -> None:
    hub = made.state.shared.hub

    async def look(scope: str) -> tuple[int, int, int]:
        headers = bearer(token_of(sides, scope))
        async with opened(made, "GET", "/live?topic=district", headers=headers) as stream:
            first = json.loads(next(x[6:] for x in stream.text.splitlines() if x[:5] == "data:"))
            for status in ("offline", "online"):
                say(made, A, "status", status)
                say(made, B, "status", status)
                hub.tell(hub.step(1.0))
            later = await event(stream, "district")
        left = json.loads(later.splitlines()[1][6:])["boards"]["online"]
        return first["boards"]["online"], first["alarms"]["open"], left

    for scope, online, left in (("whole", 4, 2), ("town-a", 2, 1), ("haul-a", 1, 0)):
        assert in_loop(look(scope)) == (online, online, left)


async def sums(made: FastAPI, sides: Sides) -> dict[str, Decimal]:
    """Tonnes of the day before by scope."""
    found = {}
    for scope in ("whole", "town-a", "town-b", "haul-a"):
        token = sides.tokens[scope, "operator"]
        said = json.loads((await ask(made, f"/api/1/periods/{day_before()}", token)).body)
        assert said["scope"] == str(SCOPES[scope][0])
        found[scope] = Decimal(str(said["towns"][0]["hauled"]["tonnes"] or 0))
    return found


def test_sums_are_those_of_the_scope(tmp_path: Path) -> None:
    """The sides add up to the district; what comes late changes its own side alone, and is told as
    a restatement there alone."""
    sides = make(tmp_path, ("operator",), late=B)
    made = served(sides)
    first = in_loop(sums(made, sides))
    assert first["haul-a"] == first["town-a"] == first["whole"] > 0
    assert first["town-b"] == 0
    store = Store(sides.db)
    store.add(Batch(readings=readings(B)[LATE:]), int(time.time()))
    store.close()
    made.state.shared.figures.refresh()
    second = in_loop(sums(made, sides))
    assert second["town-a"] == first["town-a"]
    assert second["town-b"] == second["whole"] - second["town-a"] > 0
    month = f"/downloads/month?when={day_before():%Y-%m}&format=html"
    for scope, told in (("town-a", set()), ("town-b", {B})):
        page = in_loop(ask(made, f"/history?period={day_before()}", token_of(sides, scope)))
        assert told_of(page.text) == told
        report = in_loop(ask(made, month, token_of(sides, scope)))
        assert [side for side in "ab" if TOWNS[side] in report.text] == [scope[-1]]


def test_a_closed_month_keeps_its_figures_for_each(tmp_path: Path) -> None:
    """What comes after the closing counts for nobody, and is told where its site is seen alone:
    on the page, and in the notes of the month."""
    sides = make(tmp_path, ("operator",), late=B)
    made, store = served(sides), Store(sides.db)
    day = day_before()
    month, later = f"{day:%Y-%m}", int(time.time()) + 40 * 86_400
    closing.close(store, RegistrySnapshot(load(sides.folder)), month, "王", now=later)
    before = in_loop(sums(made, sides))
    store.add(Batch(readings=readings(B)[LATE:]), int(time.time()))
    store.close()
    made.state.shared.figures.refresh()
    assert in_loop(sums(made, sides)) == before
    for scope, told in (("town-a", set()), ("town-b", {B}), ("whole", {B})):
        token = token_of(sides, scope)
        page = in_loop(ask(made, f"/history?period={day}", token))
        assert told_of(page.text) == told
        report = in_loop(ask(made, f"/downloads/month?when={month}&format=html", token))
        assert "关账" in report.text
        assert (f"{day:%m-%d} {B.site}" in report.text) == bool(told)


def token_of(sides: Sides, scope: str, role: str = "operator") -> str:
    return sides.tokens[scope, role]


def test_a_site_that_moves_takes_all_of_it_along(made: FastAPI, sides: Sides) -> None:
    """With the next request: its page, its alarms, its figures, its streams."""

    async def sites(scope: str) -> set[Place]:
        token = token_of(sides, scope)
        pages = [await ask(made, path, token) for path in ("/sites", "/alarms", "/")]
        assert {p.status for p in pages} == {200}
        return told_of("".join(p.text for p in pages)) - {HA, HB}

    async def run() -> None:
        assert (await sites("town-a"), await sites("town-b")) == ({A}, {B})
        path, token = f"/live?topic=site:{B.site}", token_of(sides, "town-b")
        own = f"/live?topic=sites&of={A.site}", token_of(sides, "town-a")
        async with (
            opened(made, "GET", path, headers=bearer(token)) as theirs,
            opened(made, "GET", own[0], headers=bearer(own[1])) as ours,
        ):
            rewrite(sides, "sites", f"{B.name},{TOWNS['b']}", f"{B.name},{TOWNS['a']}")
            assert (await sites("town-a"), await sites("town-b")) == ({A, B}, set())
            assert (await ask(made, f"/sites/{B.site}", token_of(sides, "town-b"))).status == 404
            hears(made, B, weight=20.5)
            told = told_of(await event(ours, "sites"))
            assert B in told
            assert told <= {A, HA, B}
            await seats.step(made.state.shared)  # each two seconds
            assert await event(theirs, "site") == ""  # it has ended, and told nothing before
        moved = await sums(made, sides)
        assert moved["town-a"] == moved["whole"]

    in_loop(run())


def test_a_mistake_in_the_registry_moves_nobody(made: FastAPI, sides: Sides) -> None:
    """What was read before is used, and the district's pages say why."""

    async def run() -> None:
        rewrite(sides, "sites", f"{B.name},{TOWNS['b']}", f"{B.name},nowhere")
        whole = await ask(made, "/", token_of(sides, "whole"))
        assert "town: expected a town of towns.csv" in whole.text
        part = await ask(made, "/sites", token_of(sides, "town-b"))
        assert told_of(part.text) == {B, HB}
        assert "towns.csv" not in part.text
        rewrite(sides, "sites", "nowhere", TOWNS["b"])
        assert "towns.csv" not in (await ask(made, "/", token_of(sides, "whole"))).text

    in_loop(run())


def test_a_scope_that_is_gone_says_so(made: FastAPI, sides: Sides) -> None:
    async def run() -> Answer:
        return await ask(made, "/sites?lang=en", token_of(sides, "gone"))

    page = in_loop(run())
    assert page.status == 200
    assert "no longer has this scope (town:旧镇)" in page.text


def test_the_title_says_whose_it_is(made: FastAPI, sides: Sides) -> None:
    async def titles(scope: str) -> set[str]:
        pages = [await ask(made, p, token_of(sides, scope)) for p in ("/", "/history", "/hazard")]
        return {"".join(re.findall("<title>.*· (.*) · ", page.text)) for page in pages}

    named = {"whole": "", "town-a": TOWNS["a"], "unit-a": "单位aaa", "haul-a": "清运aaa"}
    for scope, name in named.items():
        assert in_loop(titles(scope)) == {name}


def test_another_scope_holds_with_the_next_request(
    made: FastAPI, sides: Sides, store: Store
) -> None:
    """A stream of the account ends, as with another role."""

    async def run() -> None:
        token = token_of(sides, "town-a")
        async with opened(made, "GET", "/live?topic=sites", headers=bearer(token)) as stream:
            assert told_of((await ask(made, "/sites", token)).text) == {A, HA}
            accounts.change(store, "town-a-operator", "test", scope=SCOPES["town-b"][0])
            assert told_of((await ask(made, "/sites", token)).text) == {B, HB}
            await seats.step(made.state.shared)
            assert await event(stream, "sites") == ""

    in_loop(run())


def test_an_admin_of_the_district_gives_scopes(made: FastAPI, sides: Sides, store: Store) -> None:
    """By the list of users; a name that is not in the registry is told with the nearest. An admin
    of a narrower scope gives none."""
    form = {"do": "add", "name": "wu", "role": "admin", "password": "a-long-enough-password"}
    belongs = {"scope": f"town:{TOWNS['a']}"}

    async def post(who: str, **more: str) -> tuple[int, str]:
        token = token_of(sides, who, "admin")
        answer = await ask(made, "/users", token, form | more)
        return answer.status, answer.text

    def wu() -> accounts.Account | None:
        return accounts.find(store, "wu")

    assert in_loop(post("town-a", **belongs))[0] == 403
    status, text = in_loop(post("whole", scope="town:甲"))
    assert (status, wu()) == (422, None)
    assert f"应为登记的街镇（{TOWNS['a']}）" in text
    assert in_loop(post("whole", **belongs))[0] == 303
    assert (found := wu()) and found.scope == SCOPES["town-a"][0]
    assert in_loop(post("whole", do="scope", scope="institution:inst-bbb"))[0] == 303
    assert (found := wu()) and found.scope == SCOPES["unit-b"][0]
    assert found.may("admin")


def test_what_is_kept_by_a_browser_is_of_one_account(made: FastAPI, sides: Sides) -> None:
    """The tag of an answer is no answer to another account."""

    async def run() -> None:
        tags = {}
        for scope in ("whole", "town-a", "town-b"):
            answer = await ask(made, "/api/1/sites", token_of(sides, scope))
            tags[scope] = answer.headers["etag"]
            assert answer.headers["cache-control"] == "private, no-cache"
            assert {"cookie", "authorization"} <= set(
                re.split(", *", answer.headers["vary"].lower())
            )
        assert len(set(tags.values())) == 3
        own = await ask(
            made, "/api/1/sites", token_of(sides, "town-a"), if_none_match=tags["town-a"]
        )
        assert (own.status, own.body) == (304, b"")
        other = await ask(
            made, "/api/1/sites", token_of(sides, "town-b"), if_none_match=tags["town-a"]
        )
        assert other.status == 200
        page = await ask(made, "/", token_of(sides, "town-a"))
        assert page.headers["cache-control"] == "no-store"

    in_loop(run())


def act(sides: Sides, p: Place, store: str) -> bytes:
    said = {"id": "0" * 32, "do": "in", "store": store, "platform": f"{p.site}-1"}
    said |= {"waste": p.container, "at": int(time.time()), "user": "unit-a-operator"}  # type: ignore[dict-item]
    return json.dumps(said).encode()


def test_an_act_at_a_store_of_others_is_one_at_none(made: FastAPI, sides: Sides) -> None:
    """Not so at its own: there the act is looked at."""

    async def answer(store: str) -> dict[str, object]:
        headers = bearer(token_of(sides, "unit-a"))
        body = act(sides, HB if store != HA.store else HA, store)
        async with opened(made, "POST", "/weigh/act", body=body, headers=headers) as told:
            said: dict[str, object] = json.loads(told.body)
            return {k: v for k, v in said.items() if k != "text"}

    theirs, none, own = (in_loop(answer(store)) for store in (HB.store, "nowhere", HA.store))
    assert theirs == none
    assert theirs["why"] == "unknown"
    assert own["why"] != "unknown"


HEAD = "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位,来源街镇,来源点位\n"


ROW = ["7", "厂", "2026-03-03 08:15", "干垃圾", "31280", "12460", "18820"]


def upload(town: str, site: str, row: list[str] = ROW) -> bytes:
    text = HEAD + ",".join([*row, "kg", town, site]) + "\n"
    head = 'Content-Disposition: form-data; name="{}"'
    file = f'{head.format("file")}; filename="t.csv"\r\n\r\n{text}'
    parts = [f"{head.format('kind')}\r\n\r\nticket", file]
    return "".join(f"--x\r\n{part}\r\n" for part in parts).encode() + b"--x--\r\n"


@pytest.mark.parametrize(
    ("scope", "origin", "taken"),
    [
        ("town-a", ("", A.site), True),
        ("town-a", (TOWNS["a"], ""), True),
        ("town-a", ("", B.site), False),
        ("town-a", (TOWNS["b"], ""), False),
        ("town-a", ("", ""), False),
        ("haul-a", ("", A.site), True),
        ("haul-a", (TOWNS["a"], ""), False),
        ("whole", ("", ""), True),
    ],
)
def test_papers_are_brought_for_ones_own_places(
    made: FastAPI, sides: Sides, scope: str, origin: tuple[str, str], *, taken: bool
) -> None:
    async def run() -> str:
        headers = bearer(token_of(sides, scope))
        headers["content-type"] = "multipart/form-data; boundary=x"
        body = upload(*origin)
        async with opened(
            made, "POST", "/papers/check?lang=en", body=body, headers=headers
        ) as told:
            assert told.status == 200, told.text
            return told.text

    text = in_loop(run())
    assert ("0 are refused" not in text and "Refused" in text) != taken, text


def test_a_paper_of_others_is_not_named(made: FastAPI, sides: Sides, store: Store) -> None:
    """A number that is there already of a site outside: that is said, and not by whom or where."""
    (theirs,) = [t for t in papers.tickets(store) if t.site == B.site]
    row = [theirs.number.partition("/")[2], "厂", clock(theirs.t), "干垃圾", "9000", "1000", "8000"]

    async def run(scope: str) -> str:
        headers = bearer(token_of(sides, scope))
        headers["content-type"] = "multipart/form-data; boundary=x"
        body = upload("", A.site if scope == "town-a" else B.site, row)
        path = "/papers/check?lang=en"
        async with opened(made, "POST", path, body=body, headers=headers) as told:
            return told.text

    text = in_loop(run("town-a"))
    assert "imported from one outside of the scope with other values" in text
    assert told_of(text) <= {A, HA}
    assert f"{theirs.source.file}:2" in in_loop(run("town-b"))


# What a scope sees, without an app


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, Register]:
    folder = tmp_path_factory.mktemp("known") / "registry"
    write_registry(folder)
    registry = load(folder)
    return registry, register.load(folder, registry)


def test_a_site_that_two_institutions_share_is_of_neither(
    known: tuple[Registry, Register],
) -> None:
    """Each sees its own store there, with the platform on which nothing of the other ever stood;
    the town sees all of it."""
    registry, held = known
    guest = replace(held.stores[HB.store], site=HA.site)
    shared = replace(held, stores=held.stores | {guest.store: guest})
    seen = resolve(Scope("institution", HA.institution), registry, shared)
    assert not seen.registry.sites
    assert not seen.registry.devices
    assert seen.register is not None
    assert list(seen.register.stores) == [HA.store]
    assert [b.bin for b in seen.register.platforms(HA.store)] == [f"{HA.site}-1"]
    town = resolve(Scope("town", TOWNS["a"]), registry, shared)
    assert set(town.registry.sites) == {A.site, HA.site}
    assert set(town.stores) == {HA.store, HB.store}
    assert town.institutions == {HA.institution, HB.institution}


def test_an_institution_with_a_store_elsewhere_is_not_whole_in_a_town(
    known: tuple[Registry, Register],
) -> None:
    """So what it files, which has all of its stores, is not the town's."""
    registry, held = known
    branch = replace(held.stores[HA.store], store="branch", site=HB.site)
    more = replace(held, stores=held.stores | {branch.store: branch})
    for side in "ab":
        seen = resolve(Scope("town", TOWNS[side]), registry, more)
        assert HA.institution not in seen.institutions
    assert HA.institution in resolve(SCOPES["unit-a"][0], registry, more).institutions


def test_the_figures_of_a_site_do_not_depend_on_who_looks(
    known: tuple[Registry, Register],
) -> None:
    """A narrowed registry gives each platform of it the configuration that it has."""
    registry, held = known
    whole = RegistrySnapshot(registry).platforms
    for scope, _ in SCOPES.values():
        part = RegistrySnapshot(resolve(scope, registry, held).registry).platforms
        assert part == {name: whole[name] for name in part}


def test_nobody_sees_nothing(known: tuple[Registry, Register]) -> None:
    for scope in (NOTHING, Scope.of("moon:x"), Scope.of("district:x"), Scope.of("town:")):
        seen = resolve(scope, *known)
        assert not seen.registry.sites
        assert not seen.stores
        assert not seen.institutions
    assert resolve(DISTRICT, *known).registry is known[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("town:甲镇", "expected a town of towns.csv (甲镇甲 乙镇乙), found '甲镇'"),
        ("institution:单位aaa", "institutions.csv (inst-aaa inst-bbb), found '单位aaa'"),
        ("contractor:清运", "expected a contractor of sites.csv (清运bbb 清运aaa), found '清运'"),
        ("district:x", "expected district, town:NAME"),
        ("town", "expected district, town:NAME"),
        ("", "expected district, town:NAME"),
    ],
)
def test_an_unknown_scope_is_told_with_the_nearest(
    known: tuple[Registry, Register], text: str, said: str
) -> None:
    with pytest.raises(ScopeError) as told:
        asked(text, *known)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


# Everything that reads rows of many places, and the modules that may: they filter it.
READERS = {
    *("ledger.read", "alarm_log.read", "alarm_log.read_open", "papers.imports", "papers.every"),
    *("papers.tickets", "papers.manifests", "accounts.trail", "obligations.to_do"),
    *("site_days.site_day", "site_days.latest_day", "kept.of_scope"),
}
READ_BY = {"context.py", "shared.py"}


def test_no_page_reads_past_its_context() -> None:
    found = {}
    for file in sorted(SERVE.glob("*.py")):
        calls = [n.func for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]
        named = {ast.unparse(c).removeprefix("self.shared.") for c in calls}
        if some := named & READERS:
            found[file.name] = some
    assert set(found) == READ_BY

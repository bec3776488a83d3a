"""One language at a time: every page in both, and every text that other modules can say."""

from __future__ import annotations

import ast
import csv
import dataclasses
import datetime as dt
import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import district
import httpx
import pytest
from playwright.sync_api import Browser
from served_page import PASSWORD, Served, serving_few
from sim_board import ROOT
from starlette.routing import Route
from starlette.testclient import TestClient

from host.alarms.rules import KINDS, LEVELS
from host.events.model import Platform
from host.events.states import FROZEN, NEGATIVE
from host.hazard.entry import IMPORT, MISSING, PERSON, REGISTER, SCALE, SYSTEM, TABLES
from host.hazard.ledger_posting import UNDONE
from host.hazard.register import STORE_KINDS
from host.indicators.measured import ORIGIN
from host.mqtt.board_state import QUALITY
from host.rollup import restatement_reasons
from host.serve.app import PLAIN, app
from host.serve.guard import HEADERS
from host.serve.language import LANGUAGES, WordsError, choose, read, words
from host.serve.settings import Settings
from host.store import day_revisions

SERVE = ROOT / "host" / "serve"
HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{2,}")
# Signs and names that are the same in every language.
SAME = {
    *("kg", "MQTT", "CSV", "HTML", "JSON", "XLSX", "csv", "html", "json", "xlsx", "dBm", "ppm"),
    *("English", "YYYY", "MM", "DD", "GB", "RTC", "NTP"),
}
NAMED = re.compile(r"[\w.-]*[\d_][\w.-]*", re.ASCII)  # what is registered has a figure in it
USED_NAMES = ("viewer", "operator", "admin", "test", "nowhere", "gone", "age", "temperature")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
SHOWN = ("title", "aria-label", "placeholder", "alt")
PAGES = (
    *("/", "/sites", "/sites?view=tiles", "/sites?status=none", f"/sites/{district.PLAYED}"),
    *("/sites/hw-01", "/sites/fs-01?date=2020-01-01", "/hazard", "/hazard/ledger"),
    *("/hazard/ledger?table=入库", "/alarms", "/alarms/1", "/alarms?show=all", "/indicators"),
    *("/history", "/history?period=2015", "/history?period=2099", "/downloads", "/users"),
    *("/audit", "/account"),
)
WRONG = (
    *("/nowhere", "/sites/nowhere", "/indicators/nowhere?period=2020", "/downloads/nowhere"),
    *("/downloads/filing?unit=x", "/downloads/filing?unit=xq-jm&when=x"),
    *("/downloads/daily?when=x", "/downloads/month?when=x", "/downloads/indicators?when=x"),
    *("/downloads/daily?when=2000-01-01", "/downloads/daily?format=exe", "/live?topic=x"),
    *("/history?period=x", "/indicators?period=x", "/sites/hw-01?date=x", "/static/nowhere"),
    *("/sites/hw-01?date=2001-01-01", "/hazard/ledger?month=x", "/boards/x/command"),
)


class Texts(HTMLParser):
    """What a person reads or hears of a page, but for what is typed as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.lang = ""
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "html":
            self.lang = said.get("lang") or ""
        self.found += [said[name] or "" for name in SHOWN if name in said]
        if tag not in ("input", "meta", "link", "br"):
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"code", "script", "style"} & {*self._within}:
            self.found.append(data.strip())


def _names(folder: Path) -> list[str]:
    """Whatever the registry names, the longest first."""
    found = {"中文"}
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8-sig") as lines:
            for row in csv.DictReader(lines):
                found |= {
                    v
                    for k, v in row.items()
                    if v and k not in ("stream", "group", "reason", "source")
                }
    return sorted(found - {"贮存库"}, key=len, reverse=True)


def _foreign(language: str, text: str, names: list[str]) -> list[str]:
    """Runs of the other language in a text."""
    if language == "en":
        if not HAN.search(text):
            return []
        for name in names:
            text = text.replace(name, "")
        return HAN.findall(text)
    return [x for x in LATIN.findall(NAMED.sub("", text)) if x not in {*SAME, *USED_NAMES}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Of its own: what other tests type into theirs is in one language."""
    with serving_few(tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def names(served: Served) -> list[str]:
    return _names(served.district.folder)


def _get(client: httpx.Client, path: str, language: str) -> httpx.Response:
    between = "&" if "?" in path else "?"
    if path.startswith("/boards/"):
        return client.post(path, headers={"accept-language": language})
    return client.get(f"{path}{between}lang={language}")


def _wrong(client: httpx.Client, paths: Iterator[str], language: str, names: list[str]) -> set[str]:
    """What is in the other language, with the page it stands on."""
    found = set()
    for path in paths:
        answer = _get(client, path, language)
        read_ = Texts()
        read_.feed(answer.text)
        if answer.headers["content-type"].startswith("text/html"):
            assert read_.lang == {"zh": "zh-CN", "en": "en"}[language], path
        for text in read_.found:
            if bad := _foreign(language, text, names):
                found.add(f"{answer.status_code} {path}: {bad} in {text[:120]!r}")
    return found


def _computed(client: httpx.Client, path: str) -> None:
    """Until a page that computes shows what it computed."""
    end = time.monotonic() + 600
    while "data-again" in client.get(path).text:
        assert time.monotonic() < end, f"{path} is never computed"
        time.sleep(0.2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_mixes_languages(served: Served, names: list[str], language: str) -> None:
    """Every page, as an admin sees it, and every mistake that its address can have."""
    with served.http("admin") as client:
        _computed(client, "/indicators")
        rows = re.findall(r'href="(/indicators/[^"?]+)\?', client.get("/indicators").text)
        assert len(rows) == 66
        when = district.today().toordinal() - 1
        day = dt.date.fromordinal(when)
        played = f"/sites/{district.PLAYED}?date={day}"
        assert "a1b2c3d4/" in client.get(played).text
        paths = [*PAGES, *WRONG, played, f"/history?period={day}", f"/history?period={day.year}"]
        found = _wrong(client, iter([*paths, *rows]), language, names)
    with served.http("viewer") as client:
        found |= _wrong(client, iter(("/users", "/boards/qy-s0001/command")), language, names)
    with served.http() as client:
        found |= _wrong(client, iter(("/signin", "/boards/x/command")), language, names)
    assert found == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_comes_live_is_in_the_language_of_the_page(
    served: Served, names: list[str], language: str
) -> None:
    with served.http("admin") as client:
        for topic in ("sites", f"site:{district.PLAYED}"):
            with client.stream("GET", f"/live?topic={topic}&lang={language}") as answer:
                data = next(x for x in answer.iter_lines() if x.startswith("data: "))
            said = json.loads(data[6:])
            lines = said if topic == "sites" else [said["now"]]
            texts = [line["limit"] for line in lines if line["limit"]]
            assert texts
            for board in [] if topic == "sites" else said["boards"]:
                texts += [*board["values"].values(), *board["bad"].values()]
                texts += [str(board["health"][k]) for k in ("clock", "reset")]
            assert [x for x in texts if _foreign(language, x, names)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_fails_says_why_in_the_language(
    served: Served, names: list[str], language: str
) -> None:
    """Wrong passwords until there are too many; users that cannot be; a password too short."""
    accept = {"accept-language": language}
    found: list[str] = []

    def look(answer: httpx.Response, *codes: int) -> None:
        assert answer.status_code in codes, answer.text
        texts = Texts()
        texts.feed(answer.text)
        found.extend(x for x in texts.found if _foreign(language, x, names))

    with served.http() as client:
        wrong = {"name": f"nobody-{language}", "password": "wrong-wrong-wrong"}
        for _ in range(6):
            look(client.post("/signin", data=wrong, headers=accept), 401, 429)
        assert client.post("/signin", data=wrong, headers=accept).status_code == 429
    with served.http("admin") as client:
        made = re.search(r'name="csrf" content="([^"]+)"', client.get("/users").text)
        assert made
        csrf = {"csrf": made[1]}
        look(client.post("/users", data={"do": "add"}, headers=accept), 403)
        for said in (
            {"do": "add", "name": "a;1", "role": "viewer", "password": PASSWORD},
            {"do": "add", "name": "viewer", "role": "viewer", "password": PASSWORD},
            {"do": "add", "name": "new", "role": "r1", "password": PASSWORD},
            {"do": "add", "name": "new", "role": "viewer", "password": "short"},
            {"do": "role", "name": "gone", "role": "viewer"},
            {"do": "remove", "name": "admin"},
            {"do": "add", "name": "x" * 41},
        ):
            look(client.post("/users", data=csrf | said, headers=accept), 422)
        for said in ({"alarm": "x"}, {"alarm": "1"}, {"alarm": "999", "note": "x"}):
            look(client.post("/alarms", data=csrf | said, headers=accept), 422, 409)
        board = "/boards/qy-s0002/command"
        for said in ({"do": "x"}, {"do": "interval", "s": "1"}):
            look(client.post(board, data=csrf | said, headers=accept), 422)
    assert found == []


def test_the_switch_by_keyboard_and_without_scripts(browser: Browser, served: Served) -> None:
    """Before signing in and after: the next page is in the language that was chosen last."""
    context = browser.new_context(base_url=served.url, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto("/signin")
    assert page.get_attribute("html", "lang") == "en"  # what the browser asks for
    page.focus("a[hreflang=zh]")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=zh-CN]")
    page.fill("[name=name]", "viewer")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(served.url + "/")
    assert page.get_attribute("html", "lang") == "zh-CN"
    page.goto("/sites?status=online")
    page.focus("a[hreflang=en]")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=en]")
    assert "status=online" in page.url
    page.goto("/nowhere")
    assert page.inner_text("main p.bad") == "There is no such page"
    context.close()


def test_what_breaks_is_said_in_the_language(served: Served) -> None:
    made = app(Settings(served.district.db, served.district.folder))

    def breaks(_: object) -> None:
        raise RuntimeError

    made.router.routes.insert(0, Route("/static/breaks", breaks))
    client = TestClient(made, "http://127.0.0.1", raise_server_exceptions=False)
    for language, text in (("zh", "内部错误"), ("en", "Something went wrong")):
        answer = client.get(f"/static/breaks?lang={language}")
        assert answer.status_code == 500
        assert text in answer.text
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
    secure = app(Settings(served.district.db, served.district.folder, secure=True))
    secure.router.routes.insert(0, Route("/static/breaks", breaks))
    client = TestClient(secure, "https://127.0.0.1", raise_server_exceptions=False)
    assert "strict-transport-security" in client.get("/static/breaks").headers


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("", "", "", "zh"),
        ("", "", "fr-FR, de;q=0.5", "zh"),
        ("", "", "en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("", "", "en;q=0.2, zh-CN;q=0.9", "zh"),
        ("", "", "en;q=x, ,;;", "zh"),
        ("", "en", "zh-CN", "en"),
        ("zh", "en", "en", "zh"),
        ("xx", "yy", "en", "en"),
    ],
)
def test_which_language(asked: str, kept: str, accepted: str, chosen: str) -> None:
    assert choose(asked, kept, accepted) == chosen


# The table itself


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,甲,", "expected a key and a text in zh and en"),
        (",甲,A", "expected a key and a text in zh and en"),
        ("known,甲,A", "expected each key once"),
        ("a,甲 {n},A {m}", "expected the same {…} in both languages"),
        ("a/,甲 {n:s},A {n:min}", "expected the same {…} in both languages"),
    ],
)
def test_a_row_that_lacks_something(tmp_path: Path, row: str, expected: str) -> None:
    file = tmp_path / "words.csv"
    file.write_text(f"key,zh,en\nknown,知,known\n{row}\n", encoding="utf-8")
    with pytest.raises(WordsError, match=rf"words\.csv: line 3: .*{re.escape(expected)}"):
        read(file)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(WordsError, match="no key 'nothing'"):
        words()["en"]("nothing")


def test_every_key_is_used() -> None:
    files = [
        SERVE / "words.csv",
        *SERVE.rglob("*.html"),
        *SERVE.rglob("*.py"),
        *(SERVE / "static").glob("*.js"),
    ]
    source = "\n".join(f.read_text() for f in files)
    unused = []
    for key, _ in read():
        group, _, name = key.rpartition(".")
        used: tuple[str, ...] = (
            f'"{key}"',
            f'"{group}." ~',
            f'"{group}.{{',
            f'of("{group}"',
            f":{group}}}",
        )
        if group == "js":
            used = (f"words.{name}", f"words.js.{name}")
        if key.startswith("weigh."):
            name = key.removeprefix("weigh.")
            used = (f'"{key}"', f'"{name}"', f"words.{name}")
        if group in ("weigh.why", "weigh.board"):
            continue  # by what the server (test_weigh) and the board say
        if group in ("flag", "field", "clock", "reset", "unit", "status"):
            continue  # by the names of the figures, boards and forms themselves
        if not key.endswith("/") and not any(u in source for u in used):
            unused.append(key)
    assert unused == []


def test_templates_have_no_text_of_their_own() -> None:
    found = {}
    for file in (SERVE / "templates").glob("*.html"):
        text = re.sub(r"{{.*?}}|{%.*?%}|<code>.*?</code>", " ", file.read_text(), flags=re.DOTALL)
        text = re.sub(r'data-(topic|date)="[^"]*"', " ", text)
        text = re.sub(r'<[^>]*?\b(aria-label|title|placeholder)="([^"]*)"[^>]*>', r" \2 ", text)
        text = re.sub(r"<[^>]*>|&nbsp;", " ", text)
        if bad := [x for x in re.findall(r"[A-Za-z\u3400-\u9fff]{2,}", text) if x not in SAME]:
            found[file.name] = bad
    assert found == {}
    for file in (SERVE / "static").glob("*.js"):
        assert not HAN.search(file.read_text()), file


# What other modules say


def _sentences(path: str, *names: str) -> list[str]:
    """Texts with a space or Chinese that the functions of a file make, or those of some
    classes and functions, with 12 for each figure in them; no docstring, nothing logged."""
    tree = ast.parse((ROOT / path).read_text())
    defined = [n for n in ast.walk(tree) if isinstance(n, (*FUNCTION, ast.ClassDef))]
    inside = [n for n in defined if n.name in names] if names else [tree]
    assert len(inside) >= len(names)
    found: list[str] = []
    for node in (n for part in inside for n in ast.walk(part) if isinstance(n, FUNCTION)):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        for part in body:
            found += _texts(part)
    plain = (x for x in found if not any(c in x for c in "<=\n"))
    # What ends in a colon has something put behind it.
    whole = (f"{x}12" if x.endswith((": ", "：")) else x.strip("; ") for x in plain)
    return [x for x in whole if " " in x or len("".join(HAN.findall(x))) > 1]


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log."):
        return
    if isinstance(node, FUNCTION):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "12" for v in node.values)
        for v in node.values:
            if isinstance(v, ast.FormattedValue):
                yield from _texts(v.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


SAYS_ENGLISH = (
    ("host/events/engine.py",),
    ("host/events/bins.py",),
    ("host/events/processor.py", "_unseen"),
    ("host/events/states.py", "unusable", "before"),
    ("host/rollup/restatement_reasons.py", "changed", "of"),
    ("host/alarms/alarm_log.py", "acknowledge"),
    ("host/calibration/ways.py", "Mqtt"),
    ("host/mqtt/session.py",),
    ("host/common/periods.py", "parse"),
    ("host/serve/accounts.py",),
    ("host/serve/app.py", "_busy", "_broken"),
    ("host/serve/commands.py",),
    ("host/serve/downloads.py", "_day", "_period"),
    ("host/serve/filing.py",),
    ("host/serve/guard.py", "_refusal", "_sign_in_first"),
    ("host/serve/alarms.py",),
    ("host/serve/hazard.py",),
    ("host/serve/history.py",),
    ("host/serve/labels.py",),
    ("host/serve/papers.py",),
    ("host/hazard/ledger.py", "reversible"),
    ("host/serve/indicators.py",),
    ("host/serve/signin.py",),
    ("host/serve/sites.py",),
    ("host/serve/sse.py",),
    ("host/serve/web.py",),
)
SAYS_CHINESE = (
    ("host/hazard/measure.py",),
    ("host/points/board_measures.py",),
    ("host/points/bin_measures.py",),
    ("host/points/update.py",),
    ("host/alarms/alarm_log.py",),
    ("host/indicators/hazardous.py", "tickets", "from_ledger", "source"),
    ("host/indicators/compute.py",),
    ("host/indicators/series.py",),
    ("host/indicators/measured.py",),
    ("host/indicators/report.py", "_notes"),
)


@pytest.mark.parametrize("where", SAYS_ENGLISH, ids=lambda w: w[0])
def test_what_is_said_in_english_is_known_in_chinese(where: tuple[str, ...]) -> None:
    told = {x: words()["zh"].said(x) for x in _sentences(*where)}
    assert {x: t for x, t in told.items() if _foreign("zh", t, [])} == {}


@pytest.mark.parametrize("where", SAYS_CHINESE, ids=lambda w: w[0])
def test_what_is_said_in_chinese_is_known_in_english(where: tuple[str, ...]) -> None:
    found = [x for x in _sentences(*where) if HAN.search(x)]
    assert found
    told = {x: words()["en"].said(x) for x in found}
    assert {x: t for x, t in told.items() if HAN.search(t)} == {}


def test_terms_that_are_stored_are_known_in_both() -> None:
    """Reasons, what of the registry a figure rests on, tables and columns of the ledger."""
    # silences: of the board, no part of what figures are held against
    fields = [f.name for f in dataclasses.fields(Platform) if f.name != "silences"]
    fields += ["device", "channel", "fill_channel", "corrections", "weighed"]
    english = [f"{name} 1 → 2" for name in fields]
    english += [
        day_revisions.FIRST,
        day_revisions.NOT_OVER,
        restatement_reasons.FULL,
        UNDONE,
        *PLAIN.values(),
    ]
    told = {x: words()["zh"].said(x) for x in english}
    assert {x: t for x, t in told.items() if _foreign("zh", t, [])} == {}
    chinese = [*TABLES, *(c for columns in TABLES.values() for c in columns), *STORE_KINDS]
    chinese += [*LEVELS, SCALE, REGISTER, IMPORT, PERSON, MISSING, SYSTEM, ORIGIN]
    chinese += [unit for units in KINDS.values() for unit in units]
    for name, columns in (
        ("definitions", ("number", "name", "unit", "baseline_2020", "target_2025")),
        ("definitions", ("departments", "source", "note", "reason")),
        ("figures", ("name", "unit")),
    ):
        with (ROOT / f"host/indicators/{name}.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        chinese += [row[c] for row in rows for c in columns]
    with (ROOT / "registry/incompatible.csv").open(encoding="utf-8-sig") as file:
        chinese += [x for row in csv.DictReader(file) for x in row.values()]
    with (ROOT / "registry/rules.csv").open(encoding="utf-8-sig") as file:
        chinese += [row[c] for row in csv.DictReader(file) for c in ("source", "action") if row[c]]
    told = {x: words()["en"].said(x) for x in chinese}
    assert {x: t for x, t in told.items() if HAN.search(t)} == {}


def test_every_flag_has_a_name() -> None:
    tree = ast.parse((ROOT / "host/events/balance.py").read_text())
    flags = [n.value for n in ast.walk(tree) if isinstance(n, ast.Yield)]
    names = [f.value for f in flags if isinstance(f, ast.Constant)]
    assert len(names) >= 4
    for name in (*names, FROZEN, NEGATIVE, *QUALITY):
        assert HAN.search(words()["zh"].of("flag", str(name))), name


def test_long_times_are_told_in_days() -> None:
    said = "nobody saw it: no reading for 389424 min; another bin"
    assert words()["en"].said(said) == "nobody saw it: no reading for 270 d 10 h; another bin"
    assert words()["zh"].said(said) == "无人看到：270 天 10 小时没有读数；换了另一只桶"
    assert words()["en"].duration(59.6) == "1 min"
    assert words()["en"].duration(0) == "0 s"
    assert words()["en"].duration(86_400 + 59) == "1 d"


def test_data_stays_as_it_is() -> None:
    for text in (
        "",
        "1",
        "63.04",
        "已联系处置单位、张工",
        "Zhang, Li; 12 kg",
        "li said: a step up",
    ):
        for language in LANGUAGES:
            assert words()[language].said(text) == text

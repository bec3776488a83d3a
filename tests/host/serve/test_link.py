"""Whether the page is live: what it says while the broker comes, falls and falls silent, and
while the server does not answer; and what becomes of a command that nobody would hear."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, Locator, Page, expect
from served_page import PASSWORD, sign_in, uploaded
from sim_board import ROOT

from host.serve import accounts
from host.serve.link import QUIET_S, Link
from host.store import Store

SITE, DEVICE = "fs-01", "qy-fs01"
# What a form shows while the browser waits for the next page; then no test can look at it.
WATCHED = """(card) => new MutationObserver(() => {
  const buttons = [...document.querySelectorAll(`${card} button`)];
  const note = document.querySelector(`${card} .waiting`);
  sessionStorage.shown = `${note.innerText} ${buttons.every((b) => b.disabled)}`;
}).observe(document.querySelector(card), { attributes: true, childList: true, subtree: true })"""
SOON_MS = 60_000  # a busy machine; paho tries again after at most 30 s


@dataclass
class Running:
    """A server for the example registry, and its broker, which is not started yet."""

    url: str
    broker: Broker
    process: subprocess.Popen[bytes]

    def say(self, topic: str, body: object, *, retain: bool = False) -> None:
        say(self.broker, topic, body, retain=retain)


def say(broker: Broker, topic: str, body: object, *, retain: bool = False) -> None:
    """A message of the board."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "board")
    client.connect(broker.host, broker.port)
    client.loop_start()
    uploaded(client, f"{SITE}/{DEVICE}/{topic}", body, retain=retain)
    client.disconnect()
    client.loop_stop()


def serving(folder: Path, *more: str) -> tuple[str, subprocess.Popen[bytes]]:
    db, port = folder / "q.db", free_port()
    store = Store(db, create=True)
    accounts.add(store, "li", "operator", PASSWORD, "test")
    store.close()
    command = [ROOT / ".venv/bin/qingyun", "serve", "--db", db, "--registry", ROOT / "registry"]
    command += ["--listen", f"127.0.0.1:{port}", *more]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stderr=log, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + SOON_MS / 1000
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/signin", timeout=5).status_code == 200:
                return url, process
        time.sleep(0.1)
    pytest.fail((folder / "log").read_text())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    broker = Broker(tmp_path / "broker")
    url, process = serving(tmp_path, "--broker", broker.address)
    yield Running(url, broker, process)
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(20)
    broker.kill()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    made = context.new_page()
    made.set_default_timeout(SOON_MS)
    yield made
    context.close()


def opened(page: Page, url: str, path: str) -> Locator:
    """A page of somebody who has signed in; its mark."""
    page.context.add_cookies(
        [{"name": k, "value": v, "url": url} for k, v in sign_in(url, "li").items()]
    )
    page.goto(url + path)
    return page.locator("[data-live=link]")


def state(mark: Locator, name: str) -> str:
    """What it says once it is in a state."""
    expect(mark).to_have_class(re.compile(rf"\b{name}\b"), timeout=SOON_MS)
    return mark.inner_text()


def test_the_broker_comes_speaks_and_falls(running: Running, page: Page) -> None:
    """Each time the page says so by itself, and never calls live what is not."""
    mark = opened(page, running.url, f"/sites/{SITE}")
    assert "未连接消息服务器" in state(mark, "away")
    assert "实时" not in mark.inner_text()
    expect(page.locator("body")).to_have_class(re.compile("stale"))
    running.broker.start()
    assert "尚无新消息" in state(mark, "waiting")
    expect(page.locator("body")).not_to_have_class(re.compile("stale"))
    running.say("state", {"t": int(time.time()), "w1": 21.5}, retain=True)
    assert "实时" in state(mark, "live")
    running.broker.kill()
    since = re.search(r"\d\d:\d\d:\d\d", state(mark, "away"))
    assert since
    page.reload()  # the same is said from the start, without a script too
    assert since[0] in state(mark, "away")
    assert since[0] in httpx.get(f"{running.url}/", cookies=cookies(page)).text


def cookies(page: Page) -> dict[str, str]:
    return {c["name"]: c["value"] for c in page.context.cookies()}


def test_what_the_broker_kept_is_not_live(tmp_path: Path, page: Page) -> None:
    """A message that waited at the broker tells nothing of now."""
    with Broker(tmp_path / "broker") as broker:
        say(broker, "state", {"t": int(time.time()) - 86_400, "w1": 21.5}, retain=True)
        url, process = serving(tmp_path, "--broker", broker.address)
        try:
            mark = opened(page, url, f"/sites/{SITE}")
            expect(page.locator("[data-channel=w1]")).to_contain_text("21.50 kg", timeout=SOON_MS)
            state(mark, "waiting")
        finally:
            process.terminate()
            process.wait(20)


def test_a_server_that_does_not_answer(running: Running, page: Page) -> None:
    """It holds the connection and says nothing more; then it goes on, and so does the page."""
    running.broker.start()
    mark = opened(page, running.url, "/")
    state(mark, "waiting")
    running.process.send_signal(signal.SIGSTOP)
    assert "中断" in state(mark, "cut")
    running.process.send_signal(signal.SIGCONT)
    state(mark, "waiting")


def test_without_a_broker(tmp_path: Path, page: Page) -> None:
    url, process = serving(tmp_path)
    try:
        mark = opened(page, url, "/sites")
        assert "未配置消息服务器" in state(mark, "off")
    finally:
        process.terminate()
        process.wait(20)


def test_silence_is_not_live() -> None:
    """A board says something every 5 minutes, so 11 minutes of nothing are said."""
    link = Link(wanted=True, connected=False, since=100.0)
    assert link.status(None, 200.0)["state"] == "away"
    link = link.made(300.0)
    assert link.status(None, 5000.0)["state"] == "waiting"
    assert link.status(400.0, 400.0 + QUIET_S)["state"] == "live"
    assert link.status(400.0, 401.0 + QUIET_S)["state"] == "quiet"
    gone = link.lost(900.0).lost(950.0).refused("Not authorized")
    assert gone.status(400.0, 960.0) == {
        "state": "away",
        "since": 900,
        "heard": 400,
        "problem": "Not authorized",
    }


def press(page: Page) -> float:
    """Read now; how long it took until something was said, in seconds."""
    started = time.monotonic()
    page.locator("button[value=read]").first.click()
    page.wait_for_selector("[role=alert]")
    return time.monotonic() - started


def test_a_board_that_cannot_answer_is_said_at_once(running: Running, page: Page) -> None:
    """Never heard of, offline, or no broker: not after the 30 s that an answer may take."""
    mark = opened(page, running.url, f"/sites/{SITE}")
    state(mark, "away")
    took = [press(page)]
    assert "未连接消息服务器" in page.inner_text("[role=alert]")
    running.broker.start()
    page.goto(f"{running.url}/sites/{SITE}")
    state(mark, "waiting")
    time.sleep(6)  # what the broker has kept of a board would be here by now
    took.append(press(page))
    assert f"设备 {DEVICE} 从未" in page.inner_text("[role=alert]")
    running.say("status", "offline")
    page.goto(f"{running.url}/sites/{SITE}")
    expect(page.locator(f"[data-device={DEVICE}] .offline")).to_be_visible(timeout=SOON_MS)
    took.append(press(page))
    assert re.search(rf"设备 {DEVICE} 自 \d\d:\d\d:\d\d 起离线", page.inner_text("[role=alert]"))
    assert max(took) < 10


def test_while_it_waits_a_page_says_how_long_it_may_take(running: Running, page: Page) -> None:
    """A board that is online and silent; then one that answers."""
    running.broker.start()
    mark = opened(page, running.url, f"/sites/{SITE}")
    state(mark, "waiting")
    running.say("status", "online", retain=True)
    expect(page.locator(f"[data-device={DEVICE}] .online")).to_be_visible(timeout=SOON_MS)
    board = paho.Client(CallbackAPIVersion.VERSION2, "answering")

    def answer(client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        expected.append(json.loads(message.payload)["id"])

    expected: list[str] = []
    board.on_message = answer
    board.connect(running.broker.host, running.broker.port)
    board.subscribe(f"qingyun/1/{SITE}/{DEVICE}/command", 1)
    board.loop_start()
    card = f"[data-device={DEVICE}]"
    page.evaluate(WATCHED, card)
    page.locator(f"{card} button[value=read]").click(no_wait_after=True)
    while not expected:
        page.wait_for_timeout(50)
    said = {"id": expected[0], "ok": True, "result": {"w1": 21.5}}
    uploaded(board, f"{SITE}/{DEVICE}/reply", said, retain=False)
    expect(page.locator("pre")).to_contain_text("21.5", timeout=SOON_MS)
    shown = page.evaluate("sessionStorage.shown")
    assert "最长 30 秒" in shown
    assert "已等" in shown
    assert shown.endswith("true")
    board.disconnect()
    board.loop_stop()

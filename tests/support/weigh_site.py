"""A store with its platform, served: broker, ingester and page as processes of their own, and a
board that says what a real one says."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho
import scale_act
from broker import Broker, free_port
from host_job import ALONE, Ingester
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Page
from served_page import PASSWORD, STARTS_S, sign_in
from sim_board import ROOT

from host.hazard import ledger
from host.hazard.entry import Entry
from host.serve import accounts
from host.store import Store

DEVICE, SITE, LIFE = "qy-hw01", "hw-01", "ab12cd34"
PEOPLE = {"olga": "operator", "li": "operator", "vera": "viewer"}


@dataclass
class Board:
    """Says what is on the platform w1 of the store; gross g."""

    client: paho.Client
    grams: int = 0
    seq: int = 0

    def say(self, name: str, body: object, *, retain: bool = False) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        topic = f"qingyun/1/{SITE}/{DEVICE}/{name}"
        self.client.publish(topic, text, qos=1, retain=retain).wait_for_publish(60)

    def begin(self) -> None:
        self.say("status", "online", retain=True)
        self.reading()

    def body(self, bad: str = "", t: float = 0) -> dict[str, Any]:
        """The next reading, which may be said later."""
        said = {"life": LIFE, "seq": self.seq, "boot": 1, "t": int(t or time.time())}
        said |= {"w1": self.grams / 1000, "w2": 0.0}
        self.seq += 1
        return said | ({"q": {"w1": bad}} if bad else {})

    def reading(self, bad: str = "", t: float = 0) -> None:
        self.say("reading", self.body(bad, t))

    def put(self, grams: int, ago: int = 0) -> None:
        """Put so much on, or take it off: it moved, and was at rest, so many seconds ago."""
        t = time.time() - ago
        self.reading("moving", t - 1)
        self.grams += grams
        self.reading(t=t)

    def clear(self) -> None:
        """Nothing stands there."""
        if self.grams:
            self.put(-self.grams)

    def moves(self) -> None:
        self.reading("moving")

    def rests(self, grams: int) -> None:
        self.grams += grams
        self.reading()


@dataclass
class Site:
    """What runs. pages: the cookies of whoever has signed in."""

    folder: Path
    db: Path
    registry: Path
    url: str
    broker: Broker
    ingester: Ingester
    board: Board
    process: subprocess.Popen[bytes] | None = None
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def serve(self) -> None:
        """Start the page, and sign everybody in: sessions end with the process."""
        command = [ROOT / ".venv/bin/qingyun", "serve", "--db", self.db, "--registry"]
        command += [self.registry, "--broker", self.broker.address]
        command += ["--listen", self.url.removeprefix("http://"), "--public-url", self.url]
        env = os.environ | ALONE
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                list(map(str, command)), stderr=file, cwd=self.folder, env=env
            )
        end = time.monotonic() + STARTS_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(self.url + "/signin", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        self.cookies = {name: sign_in(self.url, name) for name in PEOPLE}

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def http(self, name: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, cookies=self.cookies[name], timeout=60)

    def entries(self) -> list[Entry]:
        """What holds, by the time of its step."""
        store = Store(self.db)
        try:
            return ledger.live(ledger.read(store))
        finally:
            store.close()

    def page(self, browser: Browser, name: str, **more: Any) -> tuple[BrowserContext, Page]:
        """The page at the platform on a phone of somebody."""
        size = {"width": 390, "height": 844}
        options: dict[str, Any] = {"viewport": size, "has_touch": True, "locale": "zh-CN"} | more
        context = browser.new_context(base_url=self.url, **options)
        cookies = self.cookies[name].items()
        context.add_cookies([{"name": k, "value": v, "url": self.url} for k, v in cookies])
        page = context.new_page()
        page.set_default_timeout(60_000)
        return context, page


@contextmanager
def site(folder: Path, *, speaks: bool = True) -> Iterator[Site]:
    """All of it, on an empty platform. speaks: its board has said so."""
    registry = scale_act.registry(folder / "registry")
    db = folder / "q.db"
    store = Store(db, create=True)
    for name, role in PEOPLE.items():
        accounts.add(store, name, role, PASSWORD, by="test")
    store.close()
    with Broker(folder / "broker") as broker, Ingester(db, registry, broker.address) as ingester:
        ingester.wait_subscribed()
        client = paho.Client(CallbackAPIVersion.VERSION2, "board")
        client.connect(broker.host, broker.port)
        client.loop_start()
        url = f"http://127.0.0.1:{free_port()}"
        made = Site(folder, db, registry, url, broker, ingester, Board(client))
        try:
            made.serve()
            if speaks:
                made.board.begin()
            yield made
        finally:
            made.stop()
            client.disconnect()
            client.loop_stop()

"""A served district: what its tests know of the server, its boards and a browser."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import district
import httpx
import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Page
from sim_board import ROOT

from host.serve import accounts
from host.store import Store

PASSWORD = "a-long-enough-password"  # noqa: S105  of a database that is thrown away
ROLES = ("viewer", "operator", "admin")
SHOTS = ROOT / "build" / "serve" / "shots"
STARTS_S = 240  # a busy machine


def uploaded(client: paho.Client, topic: str, body: object, *, retain: bool = True) -> None:
    payload = body if isinstance(body, str) else json.dumps(body)
    client.publish(f"qingyun/1/{topic}", payload, qos=1, retain=retain).wait_for_publish(30)


@dataclass
class Served:
    """A running server. sessions: role → cookies of somebody who has signed in."""

    url: str
    district: district.District
    broker: Broker
    client: paho.Client
    process: subprocess.Popen[bytes]
    log: Path
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)

    def http(self, role: str = "") -> httpx.Client:
        return httpx.Client(base_url=self.url, cookies=self.sessions.get(role), timeout=60)


def sign_in(url: str, name: str) -> dict[str, str]:
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.post("/signin", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return dict(client.cookies)


def say_all(client: paho.Client, count: int = district.SITES) -> None:
    """Every collection site: status, birth and state."""
    now = int(time.time())
    for n in range(1, count + 1):
        base = f"qingyun/1/s{n:04d}/qy-s{n:04d}/"
        client.publish(base + "status", "offline" if n % 97 == 0 else "online", 1, True)
        fill = (n * 37 % 100) / 100
        state: dict[str, Any] = {"t": now, "w1": 12 + n % 60, "w2": 20.5, "f1": fill, "f2": 0.3}
        state |= {"queue": 0, "clock": "ntp", "rssi": -60 - n % 30, "drift_ppm": 3}
        info = client.publish(base + "state", json.dumps(state), 1, True)
    info.wait_for_publish(60)
    birth = {"fw": "qingyun", "version": "1.2.3", "life": "a1b2c3d4", "boot": 1, "up": 5}
    weights = {"kind": "weight", "unit": "kg", "calibration": "k-1", "calibrated": "2026-01-05"}
    birth |= {"queue": 0, "dropped": 0, "reset": "power_on", "channels": {"w1": weights}}
    uploaded(client, f"{district.PLAYED}/qy-{district.PLAYED}/birth", birth)


def wait(served: Served) -> None:
    end = time.monotonic() + STARTS_S
    while time.monotonic() < end:
        assert served.process.poll() is None, served.log.read_text()
        try:
            if httpx.get(served.url + "/signin", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"no answer: {served.log.read_text()}")


def wait_figures(served: Served) -> None:
    """Until all its days have been read."""
    end = time.monotonic() + STARTS_S
    last = district.today() - dt.timedelta(served.district.days - 6)
    with served.http("viewer") as client:
        while time.monotonic() < end:
            if client.get(f"/api/1/periods/{last}").json()["days_known"]:
                return
            time.sleep(0.3)
    pytest.fail(f"figures of {last} do not come: {served.log.read_text()[-2000:]}")


@contextmanager
def serving(made: district.District, count: int, folder: Path) -> Iterator[Served]:
    """A district of so many sites behind its page, with its broker, once its year is known."""
    store = Store(made.db)
    for role in ROLES:
        accounts.add(store, role, role, PASSWORD, "test")
    store.close()
    with Broker(folder / "broker") as mqtt:
        client = paho.Client(CallbackAPIVersion.VERSION2, "boards")
        client.connect(mqtt.host, mqtt.port)
        client.loop_start()
        say_all(client, count)
        port = free_port()
        command = [ROOT / ".venv/bin/qingyun", "serve", "--db", made.db]
        command += ["--registry", made.folder, "--broker", mqtt.address]
        command += ["--listen", f"127.0.0.1:{port}", "--refresh", "5"]
        log = folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(list(map(str, command)), stderr=file, cwd=ROOT)
        found = Served(f"http://127.0.0.1:{port}", made, mqtt, client, process, log)
        try:
            wait(found)
            for role in ROLES:
                found.sessions[role] = sign_in(found.url, role)
            wait_figures(found)
            yield found
        finally:
            process.terminate()
            process.wait(20)
            client.disconnect()
            client.loop_stop()


@contextmanager
def serving_few(factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A district of so few sites that each page is there at once, with every board of it heard
    once."""
    count = 150
    made = district.make(factory.mktemp("district"), count, days=92)
    with serving(made, count, factory.mktemp("serve")) as found:
        yield found


@dataclass
class Looking:
    """A page of somebody; said: what the console and failed requests told."""

    page: Page
    said: list[str]


def look(
    browser: Browser, served: Served, role: str, **options: Any
) -> tuple[BrowserContext, Looking]:
    """A page of its own, of nobody where role is ""; whatever goes wrong in it is kept."""
    context = browser.new_context(base_url=served.url, locale="zh-CN", **options)
    context.add_cookies(
        [
            {"name": k, "value": v, "url": served.url}
            for k, v in served.sessions.get(role, {}).items()
        ]
    )
    page, said = context.new_page(), []

    def told(message: Any) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text}")

    def failed(request: Any) -> None:
        # What a page is left for, or becomes a download, is broken off.
        if request.failure != "net::ERR_ABORTED":
            said.append(f"failed: {request.url}")

    def asked(request: Any) -> None:
        if not request.url.startswith(served.url):
            said.append(f"elsewhere: {request.url}")

    page.on("console", told)
    page.on("pageerror", lambda e: said.append(f"error: {e}"))
    page.on("requestfailed", failed)
    page.on("request", asked)
    page.set_default_timeout(60_000)
    return context, Looking(page, said)

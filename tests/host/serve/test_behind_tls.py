"""Over TLS: behind nginx as docs/operations.md says it, and by the server's own certificate."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from paho.mqtt.enums import CallbackAPIVersion
from served_page import PASSWORD
from sim_board import ROOT

from host.provision.certificates import make
from host.serve import accounts
from host.store import Store

STARTS_S = 60
NAME = "localhost"
NGINX = "/usr/sbin/nginx"
AROUND = """daemon off;
{user}
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@dataclass
class Page:
    """How it is reached over TLS, and what is behind it."""

    url: str
    db: Path
    ca: ssl.SSLContext
    broker: Broker

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        way = httpx.HTTPTransport(verify=self.ca, local_address=address)
        return httpx.Client(base_url=self.url, transport=way, timeout=30)

    def sign_in(self, client: httpx.Client, password: str = PASSWORD) -> httpx.Response:
        return client.post("/signin", data={"name": "li", "password": password})

    def trail(self) -> list[accounts.Done]:
        store = Store(self.db)
        found = list(accounts.trail(store))
        store.close()
        return found


@contextmanager
def running(folder: Path, name: str, command: list[str | Path]) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stderr=log, cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def answers(page: Page) -> Page:
    """Once it does."""
    end = time.monotonic() + STARTS_S
    while True:
        try:
            with page.client() as client:
                if client.get("/signin").status_code == 200:
                    return page
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "no answer over TLS"
        time.sleep(0.1)


def described(listen: int, behind: int, folder: Path) -> str:
    """The server block of the page, for here: other ports, names and files."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = re.search(r"^server \{.*?^\}$", text, re.MULTILINE | re.DOTALL)
    assert found, "docs/operations.md has no server block"
    block = found[0]
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{listen} ssl;"),
        ("server_name qingyun.example;", f"server_name {NAME};"),
        ("/etc/ssl/qingyun.pem", f"{folder}/broker.pem"),
        ("/etc/ssl/qingyun.key", f"{folder}/broker.key"),
        ("http://127.0.0.1:8080", f"http://127.0.0.1:{behind}"),
    ):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    return block


@pytest.fixture(scope="module", params=["nginx", "alone"])
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("tls")
    make(folder, NAME, [])
    db = folder / "q.db"
    store = Store(db, create=True)
    accounts.add(store, "li", "operator", PASSWORD, "test")
    store.close()
    inner, outer = free_port(), free_port()
    ca = ssl.create_default_context(cafile=folder / "ca.pem")
    with Broker(folder / "mqtt") as broker:
        serve: list[str | Path] = [ROOT / ".venv/bin/qingyun", "serve", "--db", db]
        serve += ["--broker", broker.address, "--public-url", f"https://{NAME}:{outer}"]
        found = Page(f"https://{NAME}:{outer}", db, ca, broker)
        if request.param == "alone":
            serve += ["--listen", f"127.0.0.1:{outer}"]
            serve += ["--tls-cert", folder / "broker.pem", "--tls-key", folder / "broker.key"]
            with running(folder, "serve", serve):
                yield answers(found)
            return
        serve += ["--listen", f"127.0.0.1:{inner}"]
        user = "user root;" if os.getuid() == 0 else ""
        server = described(outer, inner, folder)
        conf = folder / "nginx.conf"
        conf.write_text(AROUND.format(user=user, folder=folder, server=server))
        proxy: list[str | Path] = [NGINX, "-p", folder, "-c", conf, "-e", folder / "nginx.log"]
        with running(folder, "serve", serve), running(folder, "proxy", proxy):
            yield answers(found)


def test_the_cookie_is_for_tls_only(page: Page) -> None:
    with page.client() as client:
        answer = page.sign_in(client)
        assert answer.status_code == 303, answer.text
        told = answer.headers["set-cookie"].lower()
        assert told.startswith("__host-")
        for word in ("secure", "httponly", "samesite=", "path=/"):
            assert word in told
        assert client.get("/").status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_the_trail_has_where_a_browser_was_and_not_what_it_says(page: Page) -> None:
    with page.client("127.0.0.7") as client:
        client.headers["X-Forwarded-For"] = "203.0.113.9"
        assert page.sign_in(client, "not the password").status_code != 303
    latest = page.trail()[0]
    assert latest.address == "127.0.0.7"


def test_another_site_cannot_post(page: Page) -> None:
    with page.client() as client:
        page.sign_in(client)
        away = client.post("/signout", headers={"Origin": "https://evil.example"})
        assert away.status_code == 403
        assert client.get("/").status_code == 200


def test_what_is_live_comes_at_once(page: Page) -> None:
    boards = paho.Client(CallbackAPIVersion.VERSION2, "board")
    boards.connect(page.broker.host, page.broker.port)
    boards.loop_start()
    with page.client() as client:
        page.sign_in(client)
        with client.stream("GET", "/live?topic=site:fs-01") as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()
            next(lines)
            said = {"t": int(time.time()), "w1": 43.21, "queue": 0, "clock": "ntp"}
            began = time.monotonic()
            boards.publish("qingyun/1/fs-01/qy-fs01/state", json.dumps(said), 1)
            for line in lines:
                if "43.21" in line:
                    break
                assert time.monotonic() - began < 30, "it never came"
            assert time.monotonic() - began < 10
    boards.disconnect()
    boards.loop_stop()


def test_nothing_is_said_in_the_clear(page: Page) -> None:
    with httpx.Client() as client:
        try:
            answer = client.get(page.url.replace("https:", "http:") + "/signin")
        except httpx.TransportError:
            return
        assert answer.status_code == 400
        assert "password" not in answer.text.lower()

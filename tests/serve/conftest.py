"""A real broker, a real server, a real browser, once for all tests of the page."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import district
import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, sync_playwright
from served_page import (
    CHROMIUM,
    PASSWORD,
    ROLES,
    Looking,
    Served,
    look,
    say_all,
    sign_in,
    wait,
    wait_figures,
)
from sim_board import ROOT

from host.serve import accounts
from host.store import Store


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> district.District:
    return district.make(tmp_path_factory.mktemp("district"))


@pytest.fixture(scope="session")
def served(made: district.District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The district served, with every board of it heard once."""
    folder = tmp_path_factory.mktemp("serve")
    store = Store(made.db)
    for role in ROLES:
        accounts.add(store, role, role, PASSWORD, "test")
    store.close()
    with Broker(folder / "broker") as mqtt:
        client = paho.Client(CallbackAPIVersion.VERSION2, "boards")
        client.connect(mqtt.host, mqtt.port)
        client.loop_start()
        say_all(client)
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        made = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield made
        made.close()


@pytest.fixture
def operator(browser: Browser, served: Served) -> Iterator[Looking]:
    context, looking = look(browser, served, "operator", accept_downloads=True)
    yield looking
    context.close()
    assert not looking.said


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Looking]:
    sizes = {"width": 375, "height": 740}
    more: dict[str, Any] = {"viewport": sizes, "color_scheme": "dark", "has_touch": True}
    context, looking = look(browser, served, "operator", **more)
    yield looking
    context.close()
    assert not looking.said

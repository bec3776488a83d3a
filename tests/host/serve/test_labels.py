"""Labels by the page: one touch gives the code, a scan shows where the kilograms come from."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypdfium2
import pytest
from drums import DrumBoard
from fastapi.testclient import TestClient
from served_page import PASSWORD
from sim_board import ROOT

from host.hazard import ledger, ledger_posting, register
from host.hazard.entry import CODE, STORED
from host.serve import accounts
from host.serve.app import app
from host.serve.settings import Settings
from host.store import Store, label_codes

HOUR = 3600


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A drum of 50 kg that came, and its entry of 入库."""
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    known = register.load(ROOT / "registry")
    start = int(time.time()) // HOUR * HOUR - 40 * HOUR
    made = DrumBoard("qy-hw01", "hw-01", start, {"w1": 0, "w2": 0})
    made._say()
    made.step(start + 9 * HOUR, "w1", 50_123).until(start + 20 * HOUR).store(store)
    seen = [ledger_posting.see(store, known, b, made.t) for b in known.platforms("hw-01-a")]
    ledger_posting.update(store, known, seen, made.t)
    for name, role in (("olga", "operator"), ("vera", "viewer")):
        accounts.add(store, name, role, PASSWORD, by="test")
    store.close()
    return path


@pytest.fixture
def client(db: Path, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(
        db,
        ROOT / "registry",
        public_url="http://page.example",
        label_journal=tmp_path / "codes",
        label_serials="7-9",
    )
    with TestClient(app(settings), base_url="http://127.0.0.1", follow_redirects=False) as client:
        sign_in(client, "olga")
        yield client


def sign_in(client: TestClient, name: str) -> None:
    client.cookies.clear()
    assert client.post("/signin", data={"name": name, "password": PASSWORD}).status_code == 303


def mark(client: TestClient) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', client.get("/hazard/ledger").text)
    assert found
    return found[1]


def stored(db: Path) -> list[tuple[int, int, str]]:
    """(id, grams, code) of the live entries of 入库."""
    store = Store(db)
    try:
        live = [e for e in ledger.live(ledger.read(store)) if e.table == STORED]
        return [(e.id, e.grams, e.values.get(CODE, "")) for e in live]
    finally:
        store.close()


def test_one_touch_and_two_people_at_once(client: TestClient, db: Path) -> None:
    """One code, whoever touches, and however often; the share of the host is kept."""
    ((entry, grams, none),) = stored(db)
    assert none == "" and f'name="entry" value="{entry}"' in client.get("/hazard/ledger").text
    form = {"csrf": mark(client), "entry": str(entry)}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/label", data=form), range(4)))
    assert [a.status_code for a in answers] == [303] * 4
    ((_, same, code),) = stored(db)
    assert {a.headers["location"] for a in answers} == {f"/label/{code}"}
    assert same == grams and code.endswith("007")
    store = Store(db)
    assert [c.code for c in label_codes.every(store.database)] == [code]
    store.close()
    assert f'href="/label/{code}"' in client.get("/hazard/ledger").text


def test_a_scan_shows_the_readings_and_the_label_is_of_the_same_grams(
    client: TestClient, db: Path
) -> None:
    ((entry, grams, _),) = stored(db)
    client.post("/label", data={"csrf": mark(client), "entry": str(entry)})
    ((_, _, code),) = stored(db)
    kg = f"{grams / 1000:.3f}"
    sign_in(client, "vera")  # who may look may scan
    for lang, word in (("zh", "称重前"), ("en", "Before")):
        text = client.get(f"/label/{code}?lang={lang}").text
        assert word in text and "qy-hw01/w1" in text and f"{kg} kg" in text and code in text
    assert client.post(f"/label/{code}/pdf", data={"csrf": mark(client)}).status_code == 403
    assert client.post("/label", data={"csrf": mark(client), "entry": "1"}).status_code == 403
    sign_in(client, "olga")
    assert client.post(f"/label/{code}/pdf").status_code == 403  # not from the page
    assert "Printed" not in client.get(f"/label/{code}?lang=en").text
    answer = client.post(f"/label/{code}/pdf", data={"csrf": mark(client)})
    assert answer.headers["content-type"] == "application/pdf"
    paper = pypdfium2.PdfDocument(answer.content)
    said = paper[0].get_textpage().get_text_range()
    assert f"{kg} kg" in said
    assert "Printed" in client.get(f"/label/{code}?lang=en").text


def test_what_cannot_have_a_label(client: TestClient) -> None:
    form = {"csrf": mark(client)}
    assert client.post("/label", data=form | {"entry": "x"}).status_code == 422
    assert client.post("/label", data=form | {"entry": "999"}).status_code == 409
    for code in ("0", "a" * 37, "%2e%2e", "91310117000000000X9002140820260303001"):
        assert client.get(f"/label/{code}").status_code == 404
        assert client.post(f"/label/{code}/pdf", data=form).status_code == 404

"""What the page at the platform asks of the server: who may, what is refused, in which words."""

from __future__ import annotations

import ast
import json
import secrets
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import label_printer
import pytest
import zxingcpp
from fastapi.testclient import TestClient
from scale_act import DRUM, PLATFORM, STORE, TARE_G, Scale, scale
from served_page import PASSWORD

from host.hazard import ledger, photographs
from host.hazard.label import acts
from host.hazard.platform_step import ActError
from host.serve import accounts, weigh
from host.serve.app import app
from host.serve.hub import Hub
from host.serve.language import LANGUAGES, words
from host.serve.settings import Settings
from host.serve.weigh_live import platforms_now
from host.serve.weigh_pictures import code_in, codes
from host.store import Store, label_codes

HERE = Path(acts.__file__).parents[1]


@pytest.fixture
def at(tmp_path: Path) -> Scale:
    made = scale(Store(tmp_path / "q.db", create=True), tmp_path, int(time.time()) - 3000)
    for name, role in (("olga", "operator"), ("vera", "viewer")):
        accounts.add(made.store, name, role, PASSWORD, by="test")
    return made


@pytest.fixture
def client(at: Scale, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(tmp_path / "q.db", tmp_path / "registry", label_printer="127.0.0.1:1")
    with TestClient(app(settings), base_url="http://127.0.0.1", follow_redirects=False) as client:
        sign_in(client, "olga")
        yield client


def sign_in(client: TestClient, name: str) -> None:
    client.cookies.clear()
    assert client.post("/signin", data={"name": name, "password": PASSWORD}).status_code == 303


def send(client: TestClient, body: object, csrf: str = "") -> Any:
    head = {"x-csrf": csrf or client.get("/weigh/now").json()["csrf"]}
    return client.post("/weigh/act", content=json.dumps(body), headers=head)


def touched(at: Scale) -> dict[str, object]:
    shown = at.shown()
    said: dict[str, object] = {"id": secrets.token_hex(16), "user": "olga", "do": "in"}
    said |= {"store": STORE, "platform": PLATFORM, "waste": DRUM, "at": at.board.t}
    said |= {"shown": {"life": shown.life, "seq": shown.seq, "grams": shown.grams}}
    return said


def test_one_act_by_its_operator_alone(at: Scale, client: TestClient) -> None:
    """A form of another page, another person, a viewer: nothing is booked."""
    at.put(TARE_G + 40_000)
    body = touched(at)
    said = client.get("/weigh/now").json()
    (store,) = said["stores"]
    wastes = {w["waste"]: w for p in store["platforms"] for w in p["wastes"]}
    assert (said["user"], wastes[DRUM]["tare_g"]) == ("olga", TARE_G)
    assert client.get(f"/weigh/step?platform={PLATFORM}").json()["net_g"] == TARE_G + 40_000
    assert send(client, body, "x" * 43).status_code == 403
    assert send(client, body | {"user": "li"}).status_code == 409
    assert at.live() == []
    done = send(client, body).json()
    assert (done["state"], done["kg"]) == ("done", "40.000")
    assert send(client, body).json()["code"] == done["code"]
    assert [e.by for e in at.live()] == ["olga"]
    assert client.get(f"/weigh/step?platform={PLATFORM}").json()["by"] == "olga"
    other = send(client, touched(at)).json()
    assert (other["state"], other["why"]) == ("refused", "taken") and "olga" in other["text"]
    sign_in(client, "vera")
    for path in ("/weigh", "/weigh/now", f"/weigh/step?platform={PLATFORM}", "/weigh/label/1"):
        assert client.get(path).status_code == 403, path
    client.cookies.clear()
    assert client.get("/weigh").status_code == 303
    assert client.get("/weigh-worker.js").status_code == 200


WRONG: list[dict[str, object]] = [
        {"at": "x"}, {"at": -1}, {"at": float("nan")}, {"shown": []}, {"shown": {"life": "a"}},
        {"shown": {"life": "a", "seq": -1, "grams": 0}}, {"id": ["x"]}, {"waste": "x" * 201},
        {"shown": {"life": "a" * 40, "seq": 1, "grams": 0}}, {"code": "a\x00b"}, {"platform": 7},
    ]  # fmt: skip


def test_a_backup_in_its_place_and_an_entry_that_was_reversed(
    at: Scale, client: TestClient
) -> None:
    """What the server has read of the ledger is read again where it is another one."""
    at.put(TARE_G + 40_000)
    body = touched(at)
    before = send(client, body).json()
    (entry,) = at.live()
    ledger.add(at.store, [ledger.reversal(entry, "li", "wrong", at.board.t)])
    assert send(client, body).json()["why"] == "reversed"
    assert send(client, touched(at)).json()["kg"] == "40.000"
    db = at.store.database
    for what in ("update", "delete", "insert_id"):
        db.query(f"DROP TRIGGER ledger_{what}")
    db.query("DELETE FROM ledger")
    db.query("DELETE FROM ledger_head")
    again = send(client, body).json()
    assert (again["state"], again["entry"]) == ("done", 1)
    assert again["code"] != before["code"] and len(at.live()) == 1


def test_what_is_no_act(at: Scale, client: TestClient) -> None:
    at.put(TARE_G + 40_000)
    for wrong in WRONG:
        answer = send(client, touched(at) | wrong)
        assert answer.status_code == 422 or answer.json()["state"] == "refused", wrong
    assert at.live() == []


def test_what_is_no_json(client: TestClient) -> None:
    for body in (b"", b"[]", b"{", b"[" * 50_000, json.dumps(dict.fromkeys(range(30))).encode()):
        head = {"x-csrf": client.get("/weigh/now").json()["csrf"]}
        assert client.post("/weigh/act", content=body, headers=head).status_code == 422
    assert client.get("/weigh/step?platform=x").status_code == 422
    assert client.get(f"/weigh/step?platform={PLATFORM}&seq=x").status_code == 422
    assert client.get("/weigh/label/none").status_code == 404
    assert client.get("/photographs/..%2fq.db").status_code == 404


def test_pictures_are_pictures(client: TestClient) -> None:
    head = {"x-csrf": client.get("/weigh/now").json()["csrf"]}
    for path in ("/weigh/photo", "/weigh/scan"):
        for data in (b"", b"<svg/>", b"\xff\xd8\xff" + bytes(60)):
            assert client.post(path, content=data, headers=head).status_code == 422
        large = b"\xff\xd8\xff" + bytes(6 << 20) + b"\xff\xd9"
        assert client.post(path, content=large, headers=head).status_code == 413
        assert client.post(path, content=b"\xff\xd8\xff\xd9").status_code == 403
    broken = b"\xff\xd8\xff" + bytes(60) + b"\xff\xd9"
    assert client.post("/weigh/scan", content=broken, headers=head).json() == {"codes": []}
    assert code_in(" https://x.example/label/AB12 ") == "AB12" == code_in("AB12")


def test_a_printer_that_is_off_and_a_label_made_anew(at: Scale, client: TestClient) -> None:
    at.put(TARE_G + 40_000)
    code = send(client, touched(at)).json()["code"]
    form = {"csrf": client.get("/weigh/now").json()["csrf"]}
    refused = client.post(f"/label/{code}/print", data=form)
    assert refused.status_code == 409 and label_codes.events(at.store.database, code) == []
    context: Any = client.app.state.shared  # type: ignore[attr-defined]
    with label_printer.printer() as paper:
        context.settings = replace(context.settings, label_printer=f"127.0.0.1:{paper.port}")
        assert client.post(f"/label/{code}/print", data=form).status_code == 303
    (label,) = label_printer.drawn(paper.jobs[0])
    assert code in {code_in(b.text) for b in zxingcpp.read_barcodes(label.image.convert("L"))}
    assert [e[1] for e in label_codes.events(at.store.database, code)] == ["printed"]
    again = client.post(f"/label/{code}/void", data=form | {"reason": "torn"})
    other = again.headers["location"].rpartition("/")[2]
    assert other != code and client.post(f"/label/{code}/void", data=form).status_code == 409
    assert [e.grams for e in at.live()] == [40_000]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_refusal_has_its_words(lang: str) -> None:
    """Every ActError that the code can raise, as it raises it."""
    found = set()
    for file in (HERE / "platform_step.py", HERE / "label" / "acts.py", Path(weigh.__file__)):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == ActError.__name__:
                names = [a.value for a in ast.walk(node.args[0]) if isinstance(a, ast.Constant)]
                keys = [k for k in names if isinstance(k, str)]
                values = {k.arg: "7" for k in node.keywords if k.arg and k.arg != "wait"}
                found |= {*keys}
                for key in keys:
                    said = words()[lang](f"weigh.why.{key}", **values)
                    assert "{" not in said and all(v in said for v in values.values())
    told = words()[lang].under("weigh.why.")
    assert found == told.keys() - {"other", "photo_kept"}  # said by the page alone


def test_what_a_board_says_wrong_is_no_weight(at: Scale) -> None:
    """Texts, nulls and lists where numbers belong."""
    hub = Hub(at.register.known)
    for value in ("x", None, [1], True, {"a": 1}):
        body = json.dumps({"life": "a", "seq": 1, "t": 5, "w1": value, "q": {"w2": "moving"}})
        hub.take("qingyun/1/hw-01/qy-hw01/reading", body.encode(), retained=False)
        hub.step(time.time())
        board = platforms_now(hub, "hw-01", time.time())["boards"]["qy-hw01"]
        assert "w1" not in board["grams"] and board["bad"] == {"w2": "moving"}
        hub.boards.clear()


def test_a_picture_that_claims_to_be_huge_has_no_codes() -> None:
    """Its head says 400 million dots: it is not unpacked."""

    def part(kind: bytes, data: bytes) -> bytes:
        sum_ = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", sum_)

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", b"") + part(b"IEND", b"")
    assert photographs.kind(png) == "image/png"
    assert codes(png) == []

"""Papers by the page: a file is sent, looked at and confirmed; every message in both languages."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import tables_made
from fastapi.testclient import TestClient
from served_page import PASSWORD
from sim_board import ROOT

from host.hazard import papers
from host.serve import accounts
from host.serve.app import app
from host.serve.guard import LARGEST_FILE
from host.serve.language import read, words
from host.serve.settings import Settings
from host.serve.uploads import KEPT, Uploads
from host.store import Store

HEAD = ["磅单号", "处置设施", "进厂时间", "品类", "毛重", "皮重", "净重", "单位"]
ROW = ["0001", "天马", "2026-03-03 08:15", "干垃圾", "31280", "12460", "18820", "kg"]


def sheet(*rows: list[str]) -> bytes:
    return tables_made.csv([HEAD, *rows], "\t").encode()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    for name in ("olga", "oleg"):
        accounts.add(store, name, "operator", PASSWORD, by="test")
    store.close()
    return path


@pytest.fixture
def client(db: Path) -> Iterator[TestClient]:
    made = app(Settings(db, ROOT / "registry"))
    with TestClient(made, base_url="http://127.0.0.1", follow_redirects=False) as client:
        sign_in(client, "olga")
        yield client


def sign_in(client: TestClient, name: str) -> None:
    client.cookies.clear()
    answer = client.post("/signin", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def mark(client: TestClient) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', client.get("/papers").text)
    assert found
    return found[1]


def looked(client: TestClient, data: bytes, name: str = "三月.csv", lang: str = "zh") -> str:
    answer = client.post(
        f"/papers/check?lang={lang}",
        data={"csrf": mark(client), "kind": "ticket"},
        files={"file": (name, data)},
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def held(db: Path) -> list[papers.Ticket]:
    store = Store(db)
    try:
        return papers.tickets(store)
    finally:
        store.close()


def test_send_look_confirm_and_take_back(client: TestClient, db: Path) -> None:
    text = looked(client, sheet(ROW, ["合计", *[""] * 5, "18821", ""]))
    assert "可导入 1 行；已有 0 行；拒收 0 行" in text and held(db) == []
    assert "以上各行合计 18820，此处写 18821" in text
    (upload,) = re.findall(r'name="upload" value="([^"]+)"', text)
    # Another person cannot confirm it; twice it is one import.
    sign_in(client, "oleg")
    other = client.post("/papers/import", data={"csrf": mark(client), "upload": upload})
    assert other.status_code == 409 and held(db) == []
    sign_in(client, "olga")
    form = {"csrf": mark(client), "upload": upload}
    assert [client.post("/papers/import", data=form).status_code for _ in range(2)] == [303, 409]
    (ticket,) = held(db)
    assert (ticket.grams, ticket.source.by, ticket.source.file) == (18_820_000, "olga", "三月.csv")
    again = looked(client, sheet(ROW), lang="en")
    assert "1 are there already" in again and "the same weighing as 三月.csv:2: left out" in again
    assert 'name="upload"' not in again
    gone = {"csrf": mark(client), "import": "1", "reason": "重复"}
    assert client.post("/papers/take-back", data=gone).status_code == 303
    assert held(db) == [] and "olga" in client.get("/papers").text
    with closing(sqlite3.connect(db)) as database:
        noted = [row[0] for row in database.execute("SELECT action FROM audit ORDER BY id")]
    assert noted.count("import") == 1 and noted.count("take-back") == 1


def test_what_is_refused_cannot_be_confirmed(client: TestClient, db: Path) -> None:
    text = looked(client, sheet(ROW, [*ROW[:6], "18,82", "kg"]))
    assert "拒收 1 行" in text and 'name="upload"' not in text
    assert "净重：应为0 至 60000 的数，小数点用 .，逗号只作千位分隔，现为" in text
    for data, name in ((b"PK\x03\x04", "a.xlsx"), (b"", "b.csv"), (b"\xff\xff\n", "c.csv")):
        assert "拒收 1 行" in looked(client, data, name)
    for name in ("../../etc/passwd", "..\\x.csv", "\u202e.csv", "...", "a" * 300 + ".csv"):
        assert "可导入 1 行" in looked(client, sheet(ROW), name)
    assert held(db) == []


def test_who_may_and_how_much(client: TestClient, db: Path) -> None:
    form = {"csrf": mark(client), "kind": "ticket"}
    large = client.post("/papers/check", data=form, files={"file": ("a", b" " * LARGEST_FILE)})
    assert large.status_code == 413
    unmarked = client.post("/papers/check", data={"kind": "ticket"}, files={"file": ("a", b"")})
    assert unmarked.status_code == 403
    wrong = client.post("/papers/check", data=form | {"kind": "x"}, files={"file": ("a", b"x")})
    assert wrong.status_code == 422
    assert client.post("/papers/check", data=form).status_code == 422


def test_few_files_are_kept_and_none_after(tmp_path: Path) -> None:
    uploads = Uploads()
    made = [uploads.add("olga", "ticket", f"{n}.csv", b"x") for n in range(KEPT + 3)]
    assert [uploads.find(u.token, "olga") is not None for u in made] == [False] * 3 + [True] * KEPT
    folder = made[-1].path.parent.parent
    assert folder.stat().st_mode & 0o77 == 0
    assert len(list(folder.iterdir())) == KEPT
    uploads.close()
    assert not folder.exists()


_FIGURES = re.compile(r"\{\w+(:\w+)?\}")
TOLD = [
    "净重: expected a number from 0 to 60000, with . before decimals and , only between "
    "thousands, found '2,0'",
    "净重: expected a number for each row, not one merged over rows, found 5",
    "磅单号: '=\"0001\"' read as '0001'",
    "处置设施: '天马' is merged: read for rows 2 to 4",
    "磅单号: looks like 天马/1 of 2026-03-03 08:15:00 (a.csv:2), and counts too",
    "磅单号: expected a number not imported from a.csv:2 with other values (take that import back "
    "first), found '1'",
    "联单编号: expected a number not in a.csv:2 already, or a 序号 for each of its lines, "
    "found '1'",
    "废物代码: 900-999-08 is not in the catalogue: not classified (未归类) until it is",
    "进厂时间: expected a date and time as 2026-03-03 08:15, found 'x'",
    "品类: expected one of 干垃圾 湿垃圾, found 'x'",
    "净重: expected 毛重 - 皮重 = 4500 kg, found '4600'",
    "净重: expected a value, found a formula that nobody has computed",
    "expected a column 磅单号; text, not a workbook: read as such",
    "sheet 三月: values reach to row 1048576 and column 201: delete what stands outside of the "
    "table",
    "not a workbook: invalid Zip archive; open it in a spreadsheet and save it as .xlsx",
    "expected rows below the head, found none",
]


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_is_whole_in_chinese(text: str) -> None:
    said = words()["zh"].said(text)
    plain = re.sub(r"invalid Zip archive|a\.csv|\.xlsx|kg|x|XML", "", said)
    assert said != text and not re.search(r"[A-Za-z]{2,}", plain), said
    assert words()["en"].said(text) == text


def test_each_message_is_found_by_its_own_wording() -> None:
    """No pattern of the table takes the message of another one."""
    for key, texts in read():
        if key == "paper/":
            english, chinese = (_FIGURES.sub("12", texts[code]) for code in ("en", "zh"))
            assert words()["zh"].said(english) == chinese

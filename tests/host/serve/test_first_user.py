"""From a database without users to somebody who has signed in."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from broker import free_port
from served_page import PASSWORD
from sim_board import ROOT

from host.serve import accounts
from host.store import Store

QINGYUN = ROOT / ".venv/bin/qingyun"


def _user(db: Path, *args: str | Path, right: bool = True) -> subprocess.CompletedProcess[str]:
    command = [QINGYUN, "user", *args, "--db", db]
    return subprocess.run(command, capture_output=True, text=True, check=right)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    return file


def test_the_page_and_the_log_say_how(tmp_path: Path, password: Path) -> None:
    """What the log says is typed with a name in it; then the page says it no more."""
    db, log, port = tmp_path / "q.db", tmp_path / "log", free_port()
    Store(db, create=True).close()
    serve = [str(QINGYUN), "serve", "--db", str(db), "--listen", f"127.0.0.1:{port}"]
    with log.open("wb") as file:
        process = subprocess.Popen(serve, stderr=file, cwd=ROOT)
    try:
        end = time.monotonic() + 240
        while "startup complete" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        said = re.search(r"nobody can sign in yet: .*, qingyun (user add NAME .*)", log.read_text())
        assert said
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for language, text in (("zh", "还没有用户"), ("en", "There is no user yet")):
                page = client.get(f"/signin?lang={language}").text
                assert text in page
                assert "qingyun user add NAME --role admin" in page
            typed = shlex.split(said[1].replace("NAME", "li"))
            typed += ["--password-file", str(password)]
            subprocess.run([QINGYUN, *typed], check=True)
            assert "There is no user yet" not in client.get("/signin").text
            form = {"name": "li", "password": PASSWORD}
            assert client.post("/signin", data=form).status_code == 303
            assert client.get("/users").status_code == 200
    finally:
        process.terminate()
        process.wait(20)


def test_each_change_says_what_it_did(tmp_path: Path, password: Path) -> None:
    db = tmp_path / "q.db"
    file = ("--password-file", password)
    done = _user(db, "add", "li", "--role", "operator", *file)
    assert done.stdout == "user li: added as operator of district, may sign in now\n"
    assert "is viewer now" in _user(db, "role", "li", "--role", "viewer").stdout
    assert "has another password" in _user(db, "password", "li", *file).stdout
    assert _user(db, "remove", "li").stdout.startswith("user li: removed")
    token = _user(db, "add", "machine", "--token")
    assert re.fullmatch(r"machine:\S+\n", token.stdout)  # alone, so that it may go into a file
    assert "added as viewer" in token.stderr
    store = Store(db)
    try:
        assert accounts.nobody(store)  # a machine does not sign in
        assert accounts.by_token(store, token.stdout.strip())
    finally:
        store.close()


def test_a_user_of_a_town(tmp_path: Path) -> None:
    """The registry names it; a wrong name is told with the nearest, and nobody is added."""
    db, known = tmp_path / "q.db", ("--registry", ROOT / "registry")
    wrong = _user(db, "add", "wu", "--token", "--scope", "town:新桥", *known, right=False)
    said = "expected a town of towns.csv (新桥镇 新浜镇), found '新桥'"
    assert wrong.stderr == f"qingyun: error: --scope: {said}\n"
    assert not db.exists()
    added = _user(db, "add", "wu", "--token", "--scope", "town:新桥镇", *known)
    assert "added as viewer of town:新桥镇" in added.stderr
    changed = _user(db, "scope", "wu", "--scope", "institution:xq-jm", *known)
    assert changed.stdout.startswith("user wu: is of institution:xq-jm now")
    assert "wu  viewer  institution:xq-jm  token" in _user(db, "list", *known).stdout

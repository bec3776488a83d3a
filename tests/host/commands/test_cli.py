"""The command line: help, exit codes, one line for a mistake."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from broker import free_port
from host_job import qingyun
from sim_board import ROOT

from host.cli import main
from host.readings.messages import Reading
from host.store import Batch, Store

REGISTRY = str(ROOT / "registry")
DAY = "2026-03-03"


COMMANDS = ["ingest", "rollup", "events", "status", "quarantine", "check"]
COMMANDS += ["indicators", "import-figures", "report", "export"]


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    top = qingyun("--help")
    assert top.returncode == 0
    commands = re.findall(r"^    (\w[\w-]*)  ", top.stdout, re.M)
    assert {"ingest", "rollup", "provision", "watch", "check"} <= set(commands)
    for command in commands:
        with pytest.raises(SystemExit, match=r"^0$"):
            main([command, "--help"])
        assert f"usage: qingyun {command} " in capsys.readouterr().out
    assert qingyun("--version").stdout.startswith("qingyun 0.")


def test_a_command_loads_only_what_it_needs() -> None:
    """Half a second at each of the many that an office or a timer starts."""
    heavy = ("rich", "paho", "cryptography", "concurrent.futures", "host.rollup")
    script = "import sys, host.cli; host.cli._parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    loaded = done.stdout.split()
    assert "host.commands.ledger" in loaded
    assert [name for name in heavy if name in loaded] == []


def test_a_store_that_somebody_else_writes(tmp_path: Path) -> None:
    """It is waited for, then said in a line."""
    Store(tmp_path / "x.db", create=True).close()
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = qingyun("rollup", "--date", DAY, "--db", tmp_path / "x.db", "--registry", REGISTRY)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == ("qingyun: error: store: database is locked; try again")


def test_a_store_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Store(path, create=True).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name='stream'"
        (page,) = db.execute(query).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 100)
    run = qingyun("status", "--db", path)
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"qingyun: error: {path}: damaged: ")


def test_readings_that_are_damaged(tmp_path: Path) -> None:
    """It says whose and of which day, and the page of SQLite is sound."""
    path, t = tmp_path / "x.db", 1_772_500_000
    with closing(Store(path, create=True)) as store:
        readings = [Reading("aaaaaaaa", n, 1, t + 60 * n, None, {"w1": n}, {}) for n in range(90)]
        store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), t)
        store.compact(t + 9000)
        ((body,),) = store.database.query("SELECT body FROM day")
        spoilt = bytes(body[:40]) + b"\xff\xff\xff" + bytes(body[43:])
        store.database.many("UPDATE day SET body=?", [(spoilt,)])
    run = qingyun("rollup", "--date", DAY, "--db", path, "--registry", REGISTRY)
    assert run.returncode == 2
    said = run.stderr.splitlines()[-1]
    place = f"qingyun: error: qy-fs01 life aaaaaaaa {DAY}: the readings of a day are damaged: "
    assert said.startswith(place)


def test_check() -> None:
    good = qingyun("check", "--registry", REGISTRY)
    assert good.returncode == 0
    assert "3 sites, 3 devices, 10 platforms, 14 bins" in good.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["rollup", "--date", "2026-03-03", "--db", "absent.db"], "absent.db: no such database"),
        (["status", "--db", "absent.db"], "absent.db: no such database"),
        (["rollup", "--date", "3 March", "--db", "x"], "expected YYYY-MM-DD, found '3 March'"),
        (
            ["law", "due", "--as-of", "9999-12-31"],
            "expected a day from 2000 to 2100, found '9999-12-31'",
        ),
        (["export", "--date", "0001-01-01", "--db", "x"], "expected a day from 2000 to 2100"),
        (["ingest", "--db", "x.db", "--broker", "nowhere"], "--broker: expected HOST:PORT"),
        (["ingest", "--db", "x.db", "--broker", "h:99999"], "--broker: expected HOST:PORT"),
        (
            ["rollup", "--date", "2026-03-03", "--db", "x.db", "--publish", "h"],
            "--publish: expected",
        ),
        (["check", "--registry", "absent"], "absent/towns.csv: cannot be read"),
        (["dance"], "invalid choice: 'dance'"),
        ([], "required"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(args: list[str], said: str, tmp_path: Path) -> None:
    args = [str(tmp_path / a) if a.endswith(".db") else a for a in args]
    result = qingyun(*args)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(errors) == 1


def test_a_broken_registry_stops_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("code,town\n1,a\n1,a\n")
    result = qingyun("check", "--registry", tmp_path)
    assert result.returncode == 2
    assert "towns.csv:3: town: expected a value not used before, found 'a'" in result.stderr


def test_a_rollup_that_cannot_be_published_says_so(tmp_path: Path) -> None:
    Store(tmp_path / "q.db", create=True).close()
    nobody = f"127.0.0.1:{free_port()}"
    args = ("--db", tmp_path / "q.db", "--registry", REGISTRY, "--out", tmp_path)
    result = qingyun("rollup", "--date", "2026-03-03", *args, "--publish", nobody)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"qingyun: error: broker {nobody}: ")
    assert "Connection refused" in line
    assert (tmp_path / "daily.csv").exists()


def test_a_broker_that_refuses_is_named(tmp_path: Path) -> None:
    Store(tmp_path / "q.db", create=True).close()
    args = ("--db", tmp_path / "q.db", "--registry", REGISTRY, "--out", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=refuse, args=(server,), daemon=True).start()
        result = qingyun("rollup", "--date", "2026-03-03", *args, "--publish", address)
    assert result.returncode == 1
    assert f"broker {address}: refused the connection: Not authorized" in result.stderr


def refuse(server: socket.socket) -> None:
    """A broker that lets nobody in: CONNACK with code 5."""
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(b"\x20\x02\x00\x05")
        connection.recv(1)


@pytest.mark.parametrize(("command", "what"), [("rollup", "adding up"), ("events", "reading")])
def test_progress_is_for_a_terminal_and_on_standard_error(
    command: str, what: str, tmp_path: Path
) -> None:
    Store(tmp_path / "q.db", create=True).close()
    args = [command, "--date", "2026-03-03", "--db", str(tmp_path / "q.db"), "--registry", REGISTRY]
    args += ["--out", str(tmp_path)] if command == "rollup" else []
    plain = qingyun(*args)
    assert (plain.returncode, plain.stderr) == (0, "")
    (tmp_path / "q.db").unlink()  # else there is nothing left to add up
    Store(tmp_path / "q.db", create=True).close()
    watcher, terminal = os.openpty()
    shown = subprocess.run(
        [sys.executable, "-m", "host.cli", *args],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm"},
        check=True,
    )
    os.close(terminal)
    seen = os.read(watcher, 1 << 16).decode()
    os.close(watcher)
    assert what in seen and "100%" in seen
    assert shown.stdout.decode() == plain.stdout


def test_ctrl_c_is_no_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("host.service.logs.start", interrupted)
    assert main(["check", "--registry", REGISTRY]) == 130
    assert capsys.readouterr().err == "qingyun: stopped\n"

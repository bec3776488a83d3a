"""Terminals and file names of another encoding than UTF-8, as offices have them: GBK, ASCII."""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sim_board import ROOT

from host.cli import main
from host.commands.run.broker_options import broker_of
from host.common.errors import UsageError
from host.hazard import papers
from host.store import Store

REGISTRY = ("--registry", str(ROOT / "registry"))
LIFTS = "车牌号,称重时间,净重,单位,点位\n沪A12345,2026-03-02 10:03:20,41.5,kg,fs-01\n"
TICKETS = (
    "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位\nB1,天马,2026-03-04 10:00,湿垃圾,9,5,4,t\n"
)
FIGURES = (
    "figure,period,value,unit,source,entered_by,entered_on,note\n"
    "facility_dry_t,2026-03,12.5,t,磅房,李,2026-04-02,\n"
)
OF_GBK = os.fsdecode("磅.csv".encode("gbk"))  # as unzip leaves a name from Windows


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("transfers", "import", "--kind", "lifts", "--by", "李"), LIFTS),
        (("transfers", "import", "--kind", "ticket", "--by", "李"), TICKETS),
        (("import-figures",), FIGURES),
    ],
)
def test_a_file_whose_name_is_of_another_encoding(
    tmp_path: Path, command: tuple[str, ...], text: str
) -> None:
    file = tmp_path / OF_GBK
    file.write_text(text)
    db = tmp_path / "q.db"
    Store(db, create=True).close()
    known = REGISTRY if command[0] == "transfers" else ()
    assert main([*command, str(file), "--db", str(db), *known]) == 0
    store = Store(db)
    assert {i.source.file for i in papers.imports(store)} <= {r"\udcb0\udcf5.csv"}
    store.close()


def test_a_word_of_another_encoding_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, db = tmp_path / "in.csv", tmp_path / "q.db"
    file.write_text(LIFTS)
    Store(db, create=True).close()
    by = os.fsdecode("李".encode("gbk"))
    line = ["transfers", "import", "--kind", "lifts", "--by", by, str(file), "--db", str(db)]
    assert main([*line, *REGISTRY]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("qingyun: error: --by: expected text in the enc")
    assert r"found '\udcc0\udcee'" in said[0]


def test_a_terminal_that_has_no_chinese(tmp_path: Path) -> None:
    """What was done is done, and told: not a traceback after it."""
    file, db = tmp_path / "in.csv", tmp_path / "q.db"
    file.write_text(LIFTS)
    Store(db, create=True).close()
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    for words in (
        ("transfers", "import", "--kind", "lifts", "--by", "李", str(file)),
        ("reconcile", "show", "--month", "2026-03"),  # by another way of printing
    ):
        command = [sys.executable, "-m", "host.cli", *words, "--db", str(db), *REGISTRY]
        done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=ROOT)
        assert (done.returncode, done.stderr) == (0, ""), words
        assert "1 imported" in done.stdout or r"\u7ba1\u7406" in done.stdout, words


def test_no_file_is_read_by_the_locale() -> None:
    """A host in Chinese may have GBK as its encoding."""
    least = {"read_text": 1, "write_text": 2}  # arguments, the encoding among them
    bare = []
    for path in sorted((ROOT / "host").rglob("*.py")):
        source = path.read_text("utf-8")
        tree = ast.walk(ast.parse(source)) if "_text(" in source else ()
        for node in tree:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named = any(k.arg == "encoding" for k in node.keywords)
                if not named and len(node.args) < least.get(node.func.attr, 0):
                    bare.append(f"{path}:{node.lineno}")
    assert bare == []


def test_a_mark_before_what_notepad_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password is not longer by it, and a configuration begins after it."""
    secret = tmp_path / "password"
    secret.write_bytes(b"\xef\xbb\xbfhunter-2\r\n")
    made = argparse.Namespace(
        **dict.fromkeys(("cafile", "certfile", "keyfile", "client_id")),
        **{"broker": "h:1", "username": "u", "password_file": secret},
    )
    assert broker_of(made).password == "hunter-2"  # noqa: S105
    secret.write_bytes("密码".encode("gbk"))
    with pytest.raises(UsageError, match=r"^--password-file: "):
        broker_of(made)
    file = tmp_path / "qingyun.toml"
    Store(tmp_path / "q.db", create=True).close()
    file.write_bytes(b'\xef\xbb\xbf[store]\r\ndb = "q.db"\r\n')
    assert main(["--config", str(file), "status"]) == 0
    capsys.readouterr()

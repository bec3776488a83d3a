"""`git add -A` in a checkout takes up neither a secret nor what a command has written."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fleet_sheet import EXAMPLE
from sim_board import ROOT

from host.cli import _parser

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]
WRITING = r"--(?:db|out|xlsx|new-key|log|fleet|key|stats)"
DAY = ("--db", "qingyun.db", "--date", "2026-03-03")


def git(folder: Path, *args: str) -> str:
    line = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *args]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's files, as a repository of their own with nothing to commit."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in git(ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    return folder


def parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = [parser]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found += parsers(sub)
    return found


def names_of_the_documentation() -> set[str]:
    """What pages, examples of --help, and defaults have a command write, below the checkout."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    every = parsers(_parser())
    texts += [p.epilog or "" for p in every]
    found = {n for t in texts for n in re.findall(WRITING + r"[ =]([\w./-]*\.?\w+)", t)}
    found |= {
        str(a.default)
        for p in every
        for a in p._actions
        if isinstance(a.default, Path) and a.dest != "registry"
    }
    kinds = ("FILE", "NAME", "DIR", "NEW", "json", "plain")
    return {n for n in found if n not in kinds and not n.startswith("/")}


def test_what_the_documentation_writes_is_ignored(checkout: Path) -> None:
    names = names_of_the_documentation() - {".", str(ROOT)}
    assert {
        "qingyun.db",
        "update.key",
        "qingyun.bundle",
        "updates.log",
        "fleet",
        "day.svg",
    } <= names
    names = {n + "/" if n in ("fleet", "reports") else n for n in names}
    written = names | {f"{n}-wal" for n in names if n.endswith(".db")}
    more = "fleet.csv update.pub smtp.password webhook.secret qingyun.toml ESP32_GENERIC-1.bin"
    more += " boards/esp32/server.key docs/qingyun.db .day.svg.4711 host/serve/static-built/x.js"
    for name in sorted(written | set(more.split())):
        line = ["git", "check-ignore", "-q", name]
        assert subprocess.run(line, cwd=checkout).returncode == 0, name


def test_nothing_that_is_tracked_is_ignored() -> None:
    assert git(ROOT, "ls-files", "-ci", "--exclude-standard") == ""


def test_commands_leave_nothing_to_commit(checkout: Path) -> None:
    def run(*args: str | Path) -> None:
        line = [sys.executable, "-m", "host.cli", *map(str, args)]
        done = subprocess.run(line, cwd=checkout, capture_output=True, text=True)
        assert done.returncode == 0, (args, done.stderr)

    (checkout / "pw").mkdir()
    (checkout / "pw" / "smtp.password").write_text("a long enough password\n")
    password = ("--password-file", "pw/smtp.password")
    run("user", "add", "li", "--role", "admin", "--db", "qingyun.db", *password)
    run("provision", EXAMPLE, "--broker", "mqtt.example.org")
    run("bundle", "--new-key", "update.key", "--bits", "2048")
    run("bundle", "--key", "update.key", "--out", "qingyun.bundle")
    run("rollup", *DAY)
    run("rollup", *DAY, "--out", "reports", "--xlsx", "day.xlsx")
    run("export", *DAY, "--out", "day.json")
    run("explain", *DAY, "--site", "fs-01", "--out", "day.svg")
    month = ("report", "--db", "qingyun.db", "--month", "2026-03", "--format")
    run(*month, "xlsx", "--out", "m.xlsx")
    run(*month, "html", "--out", "m.html")
    run("indicators", "--db", "qingyun.db", "--year", "2026", "--format", "xlsx", "--out", "i.xlsx")
    run("backup", "--db", "qingyun.db", "backups")
    run("archive", "--db", "qingyun.db")
    written = git(checkout, "ls-files", "-oi", "--exclude-standard").split()
    expected = "update.key update.pub qingyun.bundle qingyun.db daily.csv day.svg m.html"
    assert set(expected.split()) <= set(written)
    assert git(checkout, "status", "--porcelain") == ""

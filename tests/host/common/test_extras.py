"""Where a package of an extra is missing, one line says which and how it is had."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sim_board import ROOT

from host.common.extras import EXTRA

WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from host.cli import main
sys.exit(main(sys.argv[2:]))
"""
DB = ("--db", "q.db")
COMMANDS = {
    "fastapi": ("serve", *DB),
    "argon2": ("user", "list", *DB),
    "psycopg": ("status", "--db", "postgresql://127.0.0.1:1/q"),
    "pyarrow": ("archive", *DB),
}


@pytest.mark.parametrize("package", COMMANDS)
def test_it_is_named(package: str, tmp_path: Path) -> None:
    line = [sys.executable, "-c", WITHOUT, package, *COMMANDS[package]]
    made = [
        sys.executable,
        "-c",
        "from host.store import Store; Store('q.db', create=True).close()",
    ]
    env = {"PYTHONPATH": str(ROOT)}
    subprocess.run(made, cwd=tmp_path, env=env, check=True)
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    extra = EXTRA[package]
    assert done.stderr == (
        f"qingyun: error: {package} is missing; expected it beside the host job: make install "
        f"brings it, and in a checkout .venv/bin/pip install -e '.[{extra}]'\n"
    )


def test_a_configured_server_without_its_package_is_not_taken_for_a_wrong_store(
    tmp_path: Path,
) -> None:
    env = {"PYTHONPATH": str(ROOT), "QINGYUN_STORE_DB": "postgresql://127.0.0.1:1/q"}
    line = [sys.executable, "-c", WITHOUT, "psycopg", "check"]
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and "error: psycopg is missing; " in done.stderr


def test_every_extra_is_there_and_of_the_service() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(EXTRA.values()) == {"postgres", "archive", "png", "serve"}
    assert extras["service"] == ["qingyun[postgres,archive,png,serve]"]
    assert extras.keys() >= set(EXTRA.values())


def test_nobody_is_told_to_fetch_the_project_from_an_index() -> None:
    """The name there is not ours."""
    line = ["git", "grep", "-lE", r"pip3? (install|download)[^|;]*[ '\"]qingyun"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")

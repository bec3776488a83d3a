"""`make lint` sees an import that leads upwards, also a late one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sim_board import ROOT

UPWARDS = {
    "common/errors.py": "from host.store import Store",
    "store/days.py": "from host.events import Event",
    "events/limits.py": "def late():\n    from host.rollup import days\n",
    "hazard/stock.py": "def late():\n    import host.commands.ledger\n",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "host", tmp_path / "host")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_rooms_keep_their_order(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", UPWARDS)
def test_an_import_that_leads_upwards_is_seen(copy: Path, file: str) -> None:
    with (copy / "host" / file).open("a") as text:
        text.write(f"\n\n{UPWARDS[file]}\n")
    done = lint(copy)
    assert done.returncode == 1
    assert f"host.{file.partition('/')[0]}" in done.stdout


def test_a_room_that_has_no_place_is_seen(copy: Path) -> None:
    (copy / "host" / "attic").mkdir()
    (copy / "host" / "attic" / "__init__.py").touch()
    assert lint(copy).returncode == 1

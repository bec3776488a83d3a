"""Readers of cards from fleet.csv: what a board gets, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet_sheet import PLATFORM, FleetFolder
from interpreter import RunMicroPython

SALT = "0123456789abcdef"
LINE = f"uart=2 tx=27 rx=39 salt={SALT}"
CARDS = {"device": "qy-a1", "channel": "k1", "kind": "card_reader", "line": LINE}


def test_a_board_gets_its_reader_and_takes_it(
    tmp_path: Path, run_micropython: RunMicroPython
) -> None:
    folder = FleetFolder(tmp_path)
    folder.write([PLATFORM, CARDS])
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    channels = json.loads(path.read_text(encoding="utf-8"))["channels"]
    assert channels[1] == {
        **{"id": "k1", "kind": "card_reader", "uart": 2, "tx": 27, "rx": 39, "salt": SALT},
    }
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"line": "uart=2 tx=27 rx=39"}, "line: expected salt= a secret of 16 to 64 characters"),
        ({"line": f"uart=2 tx=27 salt={SALT}"}, "line: expected rx= a pin"),
        ({"line": f"uart=9 tx=27 rx=39 salt={SALT}"}, "line: expected uart= one of 1 2"),
        ({"line": f"{LINE} baud=4800"}, "line: expected one of uart tx rx salt before each ="),
        ({"line": ""}, "line: expected key=value"),
        ({"pin": "4"}, "pin: expected nothing"),
        ({"bin": "a-1-1"}, "bin: expected nothing"),
        ({"channel": "c1"}, "channel: expected k followed by a number"),
    ],
)
def test_a_mistake_is_one_line_without_the_salt(
    tmp_path: Path, change: dict[str, str], told: str
) -> None:
    folder = FleetFolder(tmp_path)
    folder.write([PLATFORM, CARDS | change])
    done = folder.provision()
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert SALT not in done.stderr

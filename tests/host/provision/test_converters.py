"""Platforms on another converter than an HX711, from fleet.csv: what a board gets, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet_sheet import PLATFORM, FleetFolder, Row
from interpreter import RunMicroPython

NAU = "converter=nau7802 i2c=0 scl=22 sda=21"


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def rows(*lines: str, **more: str) -> list[Row]:
    return [
        PLATFORM | {"channel": f"w{n}", "line": line, "bin": f"a-1-{n}"} | more
        for n, line in enumerate(lines, 1)
    ]


def test_a_board_gets_its_converters_and_takes_them(
    folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    folder.write(rows(NAU, "converter=nau7802 i2c=1 scl=27 sda=26 sps=80"))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    first, second = json.loads(path.read_text(encoding="utf-8"))["channels"]
    assert (first["converter"], first["i2c"], first["scl"], first["sda"]) == ("nau7802", 0, 22, 21)
    assert first["gain"] == 128 and first["calibration"]["id"] == "nominal"
    assert (second["i2c"], second["sps"]) == (1, 80) and "dout" not in second
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize(
    ("lines", "more", "expected"),
    [
        (("converter=hx711 scl=22 sda=21",), {}, "2: line: expected converter= one of nau7802"),
        (("scl=22 sda=21",), {}, "2: line: expected converter= one of nau7802"),
        ((NAU, NAU.replace("22", "27").replace("21", "26")), {}, "3: line: expected i2c= another"),
        ((NAU + " uart=1",), {}, "2: line: expected one of converter i2c"),
        ((NAU + " sps=12",), {}, "2: line: expected sps= one of 10 20 40 80"),
        ((NAU.replace("i2c=0", "i2c=2"),), {}, "2: line: expected i2c= one of 0 1"),
        (("converter=nau7802 scl=22",), {}, "2: line: expected sda= a pin"),
        ((NAU.replace("21", "34"),), {}, "2: line: expected a pin that can be an output"),
        ((NAU,), {"dout": "34"}, "2: dout: expected nothing beside a line"),
    ],
)
def test_each_mistake_is_told_by_its_place(
    folder: FleetFolder, lines: tuple[str, ...], more: dict[str, str], expected: str
) -> None:
    folder.write(rows(*lines, **more))
    done = folder.provision()
    assert done.returncode and f"fleet.csv:{expected}" in done.stderr, done.stderr

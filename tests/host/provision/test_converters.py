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
    more = "converter=nau7802 i2c=1 scl=32 sda=33 sps=80"
    folder.write(rows(NAU, more, "converter=hx711 sps=80", "converter=ads1232 pdwn=13"))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    first, second, third, fourth = json.loads(path.read_text(encoding="utf-8"))["channels"]
    assert (first["converter"], first["i2c"], first["scl"], first["sda"]) == ("nau7802", 0, 22, 21)
    assert first["gain"] == 128 and first["calibration"]["id"] == "nominal"
    assert (second["i2c"], second["sps"]) == (1, 80) and "dout" not in second
    assert (third["converter"], third["sps"], third["dout"]) == ("hx711", 80, 36)
    assert (fourth["pdwn"], fourth["sck"], fourth["sps"]) == (13, 14, 10)
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


MISTAKES: tuple[tuple[str, dict[str, str], str], ...] = (  # line, other columns, what is told
    ("converter=hx71 sps=80", {}, "line: expected converter= one of nau7802 hx711"),
    ("converter=hx711 scl=22 sda=21", {}, "line: expected one of converter sps"),
    ("converter=hx711 sps=20", {}, "line: expected sps= one of 10 80"),
    ("converter=hx717 sps=20", {"gain": "32"}, "gain: expected 128 or 64"),
    ("converter=cs1237", {"gain": "64"}, "gain: expected 128 for a cs1237"),
    ("scl=22 sda=21", {}, "line: expected converter= one of nau7802"),
    (NAU + " uart=1", {}, "line: expected one of converter i2c scl sda sps"),
    (NAU + " sps=12", {}, "line: expected sps= one of 10 20 40 80"),
    (NAU.replace("i2c=0", "i2c=2"), {}, "line: expected i2c= one of 0 1"),
    ("converter=nau7802 scl=22", {}, "line: expected sda= a pin"),
    (NAU.replace("21", "34"), {}, "line: expected a pin that can be an output"),
    (NAU, {"dout": "34"}, "dout: expected nothing beside scl"),
    ("converter=ads1232", {}, "line: expected pdwn= a pin"),
    ("converter=ads1232 pdwn=34", {}, "line: expected a pin that can be an output"),
    ("converter=ads1232 pdwn=13 sps=80", {}, "line: expected sps= one of 10"),
)


def test_each_mistake_is_told_by_its_place(folder: FleetFolder) -> None:
    sheet = []
    for n, (line, more, _) in enumerate(MISTAKES):
        own = {"device": f"qy-b{n}", "bin": f"b-{n}", "line": line}
        sheet.append(PLATFORM | own | more)
    sheet += rows(NAU, NAU.replace("22", "32").replace("21", "33"))
    folder.write(sheet)
    done = folder.provision()
    assert done.returncode
    for n, (_, _, expected) in enumerate(MISTAKES, 2):
        assert f"fleet.csv:{n}: {expected}" in done.stderr, (expected, done.stderr)
    same = f"fleet.csv:{len(MISTAKES) + 3}: line: expected i2c= another bus than that of w1"
    assert same in done.stderr, done.stderr

"""Fill channels with a sensor on a serial line, from fleet.csv: what a board gets, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet_sheet import FILL, PLATFORM, FleetFolder, Row
from interpreter import RunMicroPython

BIN = ("bin", "stream", "tare_kg", "container")
NO_MM = {"empty_mm": "", "full_mm": ""}
A02 = "sensor=a02yyuw uart=1 tx=13 rx=33"
JSN = "sensor=jsn-sr04t uart=2 tx=27 rx=39 ask=yes"


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def rows(*lines: str, **more: str) -> list[Row]:
    looks = [
        FILL | {"channel": f"f{n}", "line": line, "bin": "a-1-1" if n == 1 else ""} | more
        for n, line in enumerate(lines, 1)
    ]
    return [PLATFORM, *looks]


def test_a_board_gets_its_sensors_and_takes_them(
    folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    folder.write(rows(A02, JSN, ""))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    _, first, second, third = json.loads(path.read_text(encoding="utf-8"))["channels"]
    assert first == {
        **{"id": "f1", "kind": "serial_fill", "sensor": "a02yyuw", "uart": 1, "tx": 13, "rx": 33},
        **{"empty_mm": 1000, "full_mm": 200, "blind_mm": 30},
    }
    assert (second["uart"], second["ask"], second["blind_mm"]) == (2, True, 200)
    assert (third["trig"], third["echo"], third["blind_mm"]) == (22, 21, 200)
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


LOOP = "sensor=4-20ma i2c=0 scl=22 sda=21"


def test_current_loops_share_a_chip_and_a_bus(
    folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    second = "sensor=4-20ma i2c=0 input=1 shunt_ohm=150 empty_ma=20 full_ma=4"
    third = "sensor=4-20ma i2c=0 address=73"
    folder.write(rows(LOOP, second, third, empty_mm="", full_mm=""))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    _, one, other, last = json.loads(path.read_text(encoding="utf-8"))["channels"]
    assert one == {
        **{"id": "f1", "kind": "loop_fill", "converter": "ads1115", "i2c": 0, "scl": 22, "sda": 21},
        **{"address": 72, "input": 0, "shunt_ohm": 100, "empty_ma": 4, "full_ma": 20},
    }
    assert (other["input"], other["shunt_ohm"], other["empty_ma"]) == (1, 150, 20)
    assert last["address"] == 73 and "scl" not in last
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


MISTAKES: tuple[
    tuple[tuple[str, ...], dict[str, str], str], ...
] = (  # lines, columns of the fill channels, told of a line of the board
    (("sensor=a03",), {}, "3: line: expected sensor= one of a02yyuw jsn-sr04t 4-20ma"),
    ((f"{A02} ask=yes",), {}, "3: line: expected one of sensor uart tx rx before each ="),
    ((f"{JSN} baud=9600",), {}, "3: line: expected one of sensor uart tx rx ask before each ="),
    ((A02.replace("uart=1", "uart=3"),), {}, "3: line: expected uart= one of 1 2"),
    ((A02.replace("tx=13 ", ""),), {}, "3: line: expected tx= a pin"),
    ((A02.replace("tx=13", "tx=35"),), {}, "3: line: expected a pin that can be an output"),
    ((A02.replace("rx=33", "rx=13"),), {}, "3: line: expected a pin not used before"),
    ((A02, JSN.replace("uart=2", "uart=1")), {}, "4: line: expected a line of its own: uart=1"),
    ((JSN.replace("yes", "1"),), {}, "3: line: expected ask= one of yes no"),
    ((A02,), {"empty_mm": "4500"}, "3: empty_mm: expected a whole number from 50 to 4499"),
    ((A02,), {"temperature": "c1"}, "3: temperature: expected nothing with a sensor in line"),
    ((LOOP,), {}, "3: empty_mm: expected nothing for a current: empty_ma= and full_ma= in line"),
    ((LOOP, LOOP), NO_MM, "4: line: expected no scl on the bus i2c=0 again"),
    ((LOOP, "sensor=4-20ma i2c=0"), NO_MM, "4: line: expected input= one not used before"),
    ((f"{LOOP} shunt_ohm=250",), NO_MM, "3: line: expected shunt_ohm= a whole number from 50"),
    ((f"{LOOP} full_ma=4",), NO_MM, "3: line: expected full_ma= another current than"),
    ((LOOP.replace(" sda=21", ""),), NO_MM, "3: line: expected sda= a pin"),
    ((A02,), {"trig": "5"}, "3: trig: expected nothing beside line"),
)


def test_a_loop_has_no_bus_with_a_platform(folder: FleetFolder) -> None:
    nau = PLATFORM | {"line": "converter=nau7802 i2c=0 scl=32 sda=33"}
    for pair, expected in (
        ([nau, FILL | NO_MM | {"line": LOOP}], "3: line: expected i2c= a bus without a platform"),
        (
            [PLATFORM | FILL | NO_MM | {"line": LOOP, "bin": ""}, nau],
            "3: line: expected i2c= another",
        ),
    ):
        row = pair[0] | (dict.fromkeys(("max_kg", "e_kg", *BIN), "") if pair[0] is not nau else {})
        folder.write([row, pair[1]])
        done = folder.provision()
        assert done.returncode == 2
        assert f"fleet.csv:{expected}" in done.stderr, done.stderr


def test_each_mistake_names_its_line(folder: FleetFolder) -> None:
    """A board for each, all in one sheet: every one is told, and its place."""
    sheet: list[Row] = []
    expected: list[str] = []
    for n, (lines, more, told) in enumerate(MISTAKES):
        line, text = told.split(":", 1)
        expected.append(f"fleet.csv:{len(sheet) + int(line)}:{text}")
        for row in rows(*lines, **more):
            own = {"bin": f"a-1-{n}"} if row["channel"] in ("w1", "f1") else {}
            sheet.append(row | {"device": f"qy-a{n}"} | own)
    folder.write(sheet)
    done = folder.provision()
    assert done.returncode == 2
    for text in expected:
        assert text in done.stderr, done.stderr

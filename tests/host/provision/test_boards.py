"""Boards by chip: the pins that each has, what a sheet may ask of them, and their pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fleet_sheet import FILL, PLATFORM, FleetFolder, Row
from interpreter import RunMicroPython
from sim_board import ROOT

from host.provision.pins import boards

BOARDS = ("esp32", "esp32c3", "esp32c6", "esp32s3")
# Espressif, ESP-IDF, "GPIO & RTC GPIO" of each chip: pins there are, flash, strapping, USB; and the
# console, which the stock images of MicroPython have on UART 0.
FACTS: dict[str, tuple[set[int], set[int], set[int], set[int], set[int]]] = {
    "esp32": (
        {*range(20), *range(21, 24), *range(25, 28), *range(32, 40)},
        {*range(6, 12)},
        {0, 2, 5, 12, 15},
        set(),
        {1, 3},
    ),
    "esp32s3": (
        {*range(22), *range(26, 49)},
        {*range(26, 38)},
        {0, 3, 45, 46},
        {19, 20},
        {43, 44},
    ),
    "esp32c3": ({*range(22)}, {*range(12, 18)}, {2, 8, 9}, {18, 19}, {20, 21}),
    "esp32c6": ({*range(31)}, {*range(24, 31)}, {4, 5, 8, 9, 15}, {12, 13}, {16, 17}),
}
SIGNALS = {
    "HX711 DOUT": ("w", "dout"),
    "HX711 SCK": ("w", "sck"),
    "ultrasonic trigger": ("f", "trig"),
    "ultrasonic echo": ("f", "echo"),
    "DS18B20": ("c", "pin"),
    "door or lid contact": ("d", "pin"),
}


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def standard(board: str) -> list[Row]:
    """A row for each channel that has pins of its own on this board."""
    rows: list[Row] = []
    for name in boards()[board].standard:
        kind = {"w": "weight", "f": "fill", "c": "temperature", "d": "contact"}[name[0]]
        row = {"device": "qy-a1", "channel": name, "kind": kind}
        if kind == "weight":
            row = PLATFORM | row | {"bin": f"a-1-{name}"}
        elif kind == "fill":
            row = FILL | row | {"bin": ""}
        rows.append(row)
    rows[0]["board"] = board
    return rows


def pins_of(channels: list[dict[str, Any]]) -> list[int]:
    signals = ("dout", "sck", "trig", "echo", "pin", "tx", "rx", "scl", "sda")
    return [ch[s] for ch in channels for s in signals if s in ch]


@pytest.mark.parametrize("board", BOARDS)
def test_the_table_of_a_chip_is_espressifs(board: str) -> None:
    pins = {int(n): pin for n, pin in boards()[board].pins.items()}
    there, flash, strapping, usb, console = FACTS[board]
    assert set(boards()) == set(BOARDS)
    assert set(pins) == there
    assert flash <= {n for n, p in pins.items() if "flash" in p.get("refused", "")}
    assert strapping == {n for n, p in pins.items() if "strapping" in str(p)}
    assert usb == {n for n, p in pins.items() if "USB" in p.get("refused", "")}
    assert console == {n for n, p in pins.items() if "console" in p.get("refused", "")}
    used = pins_of([*map(dict, boards()[board].standard.values())])  # each pin once, none of care
    assert len(set(used)) == len(used)
    assert all(not {"refused", "warning"} & pins[n].keys() for n in used)


@pytest.mark.parametrize("board", BOARDS)
def test_its_standard_pins_are_provisioned_and_its_firmware_takes_them(
    board: str, folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    folder.write(standard(board))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    path = folder.fleet / "qy-a1" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    assert config.get("board") == (None if board == "esp32" else board)
    assert len(config["channels"]) == len(boards()[board].standard)
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, path)
    assert checked.returncode == 0, checked.stderr + checked.stdout


MISTAKES: tuple[tuple[str, str, str], ...] = (  # board, line of a fill channel, what is told
    ("esp32s3", "sensor=a02yyuw uart=1 tx=19 rx=1", "line: expected a pin that is free, found"),
    ("esp32s3", "sensor=a02yyuw uart=1 tx=35 rx=1", "line: expected a pin that is free, found"),
    ("esp32s3", "sensor=a02yyuw uart=1 tx=23 rx=1", "line: expected a pin of the ESP32-S3"),
    ("esp32c3", "sensor=a02yyuw uart=2 tx=0 rx=1", "line: expected uart= one of 1"),
    ("esp32c3", "sensor=a02yyuw uart=1 tx=13 rx=1", "line: expected a pin that is free, found"),
    ("esp32c3", "sensor=a02yyuw uart=1 tx=22 rx=1", "line: expected a pin of the ESP32-C3"),
    ("esp32c6", "sensor=a02yyuw uart=1 tx=24 rx=1", "line: expected a pin that is free, found"),
    ("esp32c6", "sensor=a02yyuw uart=1 tx=16 rx=1", "line: expected a pin that is free, found"),
    ("esp32p4", "sensor=a02yyuw uart=1 tx=4 rx=1", "board: expected one of esp32 esp32c3"),
)


def test_a_pin_that_a_chip_does_not_have_is_named(folder: FleetFolder) -> None:
    """A board for each, all in one sheet."""
    sheet: list[Row] = []
    for n, (board, line, _) in enumerate(MISTAKES):
        own = {"device": f"qy-a{n}", "bin": f"a-1-{n}"}
        sheet.append(PLATFORM | own | {"board": board, "dout": "6", "sck": "7"})
        sheet.append(FILL | own | {"line": line})
    folder.write(sheet)
    done = folder.provision()
    assert done.returncode == 2
    for n, (_, _, expected) in enumerate(MISTAKES):
        at = 2 * n + (2 if expected.startswith("board") else 3)
        assert f"fleet.csv:{at}: {expected}" in done.stderr, done.stderr


def test_a_second_bus_and_a_pin_of_care(folder: FleetFolder) -> None:
    row = PLATFORM | {"board": "esp32c3", "line": "converter=nau7802 i2c=1 scl=4 sda=5"}
    folder.write([row])
    done = folder.provision()
    assert done.returncode == 2 and "2: line: expected i2c= one of 0" in done.stderr
    folder.write([PLATFORM | {"board": "esp32c6", "dout": "4", "sck": "15"}])
    done = folder.provision()
    assert done.returncode == 0
    for column, n in (("dout", 4), ("sck", 15)):
        assert f"{column}: {n}: strapping pin" in done.stderr


@pytest.mark.parametrize("board", BOARDS[1:])
def test_the_page_of_a_board_has_the_pins_of_its_table(board: str) -> None:
    pins = boards()[board]
    page = (ROOT / "boards" / board / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9, –]+) \| ([^|]+) \|", page, re.MULTILINE)
    told: dict[int, str] = {}
    for numbers, use in rows:
        for part in numbers.split(","):
            low, _, high = part.partition("–")
            told |= dict.fromkeys(range(int(low), int(high or low) + 1), use.strip())
    wired = {n: use for n, use in told.items() if use.startswith(tuple(SIGNALS))}
    for what, (letter, signal) in SIGNALS.items():
        named = [n for n, use in wired.items() if use.startswith(what)]
        found = [p[signal] for name, p in pins.standard.items() if name[0] == letter]
        assert named == found, what
    assert {n for n, use in told.items() if use == "not usable"} == {
        int(n) for n, p in pins.pins.items() if "refused" in p
    }
    assert {n for n, use in told.items() if use == "with care"} == {
        int(n) for n, p in pins.pins.items() if "warning" in p
    }
    assert set(told) == {int(n) for n in pins.pins}

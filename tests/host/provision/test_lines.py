"""Channels on a serial line from fleet.csv: what a board gets, and each mistake by its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fleet_sheet import PLATFORM, FleetFolder, Row
from interpreter import RunMicroPython

from host.provision.lines import transmitters

TR = "uart=2 tx=17 rx=16 de=4 unit_id=1 profile=dini-dgt digit_g=10"
BIN = {"kind": "modbus", "line": TR}
# What a family's manual calls stable, overload and net: one bit or more in each.
FIRST_HAND = {"flintec-dad141", "flintec-dad141-float", "dini-dgt"}


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def rows(*lines: str, kind: str = "modbus") -> list[Row]:
    return [
        PLATFORM | {"channel": f"w{n}", "kind": kind, "line": line, "bin": f"a-1-{n}"}
        for n, line in enumerate(lines, 1)
    ]


def channels(folder: FleetFolder) -> list[dict[str, object]]:
    config = json.loads((folder.fleet / "qy-a1" / "config.json").read_text(encoding="utf-8"))
    return list(config["channels"])


def test_a_board_gets_the_registers_of_its_own_transmitters(
    folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    folder.write(rows(TR, "uart=2 unit_id=2 profile=laumas-tlb digit_g=50 reply_ms=500"))
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    first, second = channels(folder)
    assert first["map"] == {
        **{"fc": 4, "at": 0, "n": 5, "w": 0, "s": 4, "still": 4, "over": 24, "minus": 2, "net": 96},
        **{"type": "u32", "more": True, "g": 10},
    }
    assert (first["baud"], first["frame"], first["de"]) == (9600, "8N1", 4)
    assert second["unit_id"] == 2 and "tx" not in second
    program = tmp_path / "check.py"
    program.write_text("import sys\nfrom settings import config\nconfig.load(sys.argv[1])\n")
    checked = run_micropython(program, folder.fleet / "qy-a1" / "config.json")
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize(
    ("e_kg", "digit_g", "usual"),
    [("0.2", 10, 100), ("0.2", 1000, 100), ("0.05", 100, 10), ("5", 100, 1000), ("0.5", 500, 100)],
)
def test_a_digit_that_does_not_fit_e_is_doubted(
    folder: FleetFolder, e_kg: str, digit_g: int, usual: int
) -> None:
    (row,) = rows(TR.replace("digit_g=10", f"digit_g={digit_g}"))
    row |= {"e_kg": e_kg, "max_kg": "1500"}  # at least 100 e
    folder.write([row])
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    said = f"one digit is mostly {usual} g; compare what instrument and board show"
    assert f"line: digit_g={digit_g}: with e of " in done.stderr and said in done.stderr
    folder.write([row | {"line": TR.replace("digit_g=10", f"digit_g={usual}")}])
    assert "digit_g" not in folder.provision().stderr


def test_what_the_registry_says_of_an_instrument_is_in_its_configuration(
    folder: FleetFolder,
) -> None:
    line = "uart=1 tx=25 rx=34 format=xk3190 address=A"
    folder.write(rows(line, kind="indicator"))
    assert folder.provision().returncode == 0
    assert "instrument" not in channels(folder)[0]
    header = "device,channel,make,model,class,max_kg,e_kg,serial,verified,verified_until\n"
    row = "qy-a1,w1,耀华,XK3190-A9+,III,150,0.05,A9-17,2026-01-05,2027-01-04\n"
    (folder.registry / "instruments.csv").write_text(header + row, encoding="utf-8")
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    says = {"make": "耀华", "model": "XK3190-A9+", "class": "III", "serial": "A9-17"}
    assert channels(folder)[0]["instrument"] == says | {"verified_until": "2027-01-04"}


@pytest.mark.parametrize(
    ("lines", "kind", "expected"),
    [
        (("",), "modbus", "2: line: expected key=value with blanks between, each key once"),
        (("uart",), "modbus", "2: line: expected key=value with blanks between"),
        ((f"{TR} speed=9",), "modbus", "2: line: expected one of uart tx rx de baud frame unit_id"),
        ((TR.replace("uart=2", "uart=0"),), "modbus", "2: line: expected uart= one of 1 2"),
        (
            (TR.replace("tx=17", "tx=34"),),
            "modbus",
            "2: line: expected a pin that can be an output",
        ),
        ((TR.replace("rx=16 ", ""),), "modbus", "2: line: expected rx= a pin"),
        ((TR.replace("rx=16", "rx=17"),), "modbus", "2: line: expected a pin not used before"),
        ((f"{TR} baud=2400",), "modbus", "2: line: expected baud=4800 or more with a DE pin"),
        ((f"{TR} frame=9N1",), "modbus", "2: line: expected frame= bits, parity and stop bits"),
        ((TR.replace("dini-dgt", "dini"),), "modbus", "2: line: expected profile= one of generic"),
        ((TR.replace(" digit_g=10", ""),), "modbus", "2: line: expected digit_g= a whole number"),
        ((TR, TR), "modbus", "3: line: expected no tx on the line of uart=2 again"),
        ((TR, "uart=2 profile=generic digit_g=1"), "modbus", "3: line: expected unit_id= one not"),
        (("uart=1 tx=25 rx=34 format=a9",), "indicator", "2: line: expected format= one of xk3190"),
        (
            ("uart=1 tx=25 rx=34 format=stgs unit=kg",),
            "indicator",
            "2: line: expected no unit for the format stgs",
        ),
        ((TR,), "weight", "2: line: expected converter= one of"),
    ],
)
def test_a_mistake_names_its_line(
    folder: FleetFolder, lines: tuple[str, ...], kind: str, expected: str
) -> None:
    folder.write(rows(*lines, kind=kind))
    done = folder.provision()
    assert done.returncode == 2
    assert f"fleet.csv:{expected}" in done.stderr, done.stderr


def test_every_profile_says_where_it_is_from() -> None:
    known = transmitters()
    families = {row["maker"] for row in known.values() if row["maker"]}
    assert len(families) >= 4
    for name, row in known.items():
        assert name == "generic" or row["source"], name
        assert row["read"].startswith("first-hand") == (name in FIRST_HAND), name
        last = int(row["w"]) + (1 if row["type"][1:] == "16" else 2)
        assert last <= int(row["n"]) and (not row["s"] or int(row["s"]) < int(row["n"])), name
        assert row["type"][0] != "u" or row["minus"], name

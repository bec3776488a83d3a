"""Mistakes in fleet.csv: every one is listed with its place, and nothing is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fleet_sheet import EXAMPLE, FILL, PLATFORM, FleetFolder, Row, board
from sim_board import ROOT

from host import cli
from host.provision.pins import OF_KIND
from host.provision.sheet import COLUMNS

ESP32 = ROOT / "boards" / "esp32"


@pytest.fixture
def fleet(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def complaints(
    fleet: FleetFolder, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """What is said of these rows, without the file's name; the folder is as it was."""
    fleet.write(rows)
    before = fleet.state()
    places = ["--fleet", str(fleet.fleet), "--registry", str(fleet.registry)]
    assert cli.main(["provision", str(fleet.csv), "--broker", "b", *places]) == 2
    assert fleet.changed(before) == set()
    prefix = f"qingyun: error: {fleet.csv}:"
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith(prefix) for line in lines), lines
    return [line.removeprefix(prefix) for line in lines]


TEMPERATURE = {"device": "qy-a1", "channel": "c1", "kind": "temperature"}
CONTACT = {"device": "qy-a1", "channel": "d1", "kind": "contact"}
W, F = PLATFORM, FILL
CASES: list[tuple[list[Row], str]] = [
    # Names.
    ([W, F, *board("qy-b1"), F], "6: device: expected an id not used before (line 2;"),
    ([W, F, *board("QY-A1")], "4: device: expected an id not used before (line 2;"),
    ([W, F, W | {"bin": "x"}], "4: channel: expected a channel that qy-a1 does not have yet"),
    ([W | {"device": ""}], "2: device: expected a name of letters, digits, - _ ."),
    ([W | {"device": "qy/1"}], "2: device: expected a name of letters, digits, - _ ."),
    ([W | {"device": ".."}], "2: device: expected a name of letters, digits, - _ ."),
    ([W | {"device": "称-1"}], "2: device: expected a name of letters, digits, - _ ."),
    ([W | {"device": "q" * 65}], "2: device: expected a name of letters, digits, - _ ."),
    ([W | {"device": "qingyun-host"}], "2: device: expected a name that does not mean something"),
    ([W | {"device": "CA"}], "2: device: expected a name that does not mean something else"),
    ([W | {"site": "update"}], "2: site: expected a name other than update"),
    ([W | {"site": "a+1"}], "2: site: expected a name of letters, digits, - _ ."),
    ([W, F | {"site": "a-2"}], "3: site: expected the same as in line 2, or nothing, found 'a-2'"),
    # Wi-Fi and mode.
    ([W | {"ssid": ""}, F], "2: ssid: expected the Wi-Fi network's name of 1 to 32 bytes"),
    ([W | {"ssid": "网" * 11}, F], "2: ssid: expected the Wi-Fi network's name of 1 to 32 bytes"),
    ([W | {"password": ""}, F], "2: password: expected the Wi-Fi password of 8 to 64 bytes, or"),
    ([W, F | {"ssid": "n2"}], "3: ssid: expected the same as in line 2, or nothing, found 'n2'"),
    ([W | {"mode": "sleep"}, F], "2: mode: expected one of always cycle, found 'sleep'"),
    ([W | {"mode": "cycle"}, F], "2: mode: expected always for a board that weighs"),
    ([W | {"every_s": "5"}, F], "2: every_s: expected a whole number from 10 to 3600, found '5'"),
    ([W | {"wake_s": "900"}, F], "2: wake_s: expected nothing in the mode always, found '900'"),
    ([W | {"ntp": "a b"}, F], "2: ntp: expected 1 to 8 time servers"),
    # Sites.
    ([W | {"town": "巴黎"}], "2: town: expected a town of registry/towns.csv, found '巴黎'"),
    ([W | {"town": ""}], "2: town: expected a town of registry/towns.csv, found ''"),
    ([W | {"site_name": ""}], "2: site_name: expected the name of this site, which registry/"),
    ([W | {"site_kind": "school"}], "2: site_kind: expected one of collection hazardous"),
    ([W | {"windows": "7-9"}], "2: windows: expected HH:MM-HH:MM;… or nothing, found '7-9'"),
    (
        [W, F, *board("qy-b1", site_kind="hazardous")],
        "4: site_kind: expected the same as in line 2, or nothing, found 'hazardous'",
    ),
    # Channels.
    ([W | {"kind": "wieght"}, F], "2: kind: expected one of weight fill temperature contact"),
    ([W | {"channel": "f1"}], "2: channel: expected w followed by a number from 1 to 99"),
    ([W | {"channel": "w0"}], "2: channel: expected w followed by a number from 1 to 99"),
    ([W | {"max_kg": "9000"}], "2: max_kg: expected a number from 1 to 8000 with at most 3"),
    ([W | {"max_kg": "nan"}], "2: max_kg: expected a number from 1 to 8000 with at most 3"),
    ([W | {"e_kg": ""}], "2: e_kg: expected a number from 0.001 to 10 with at most 3 decimals"),
    ([W | {"gain": "100"}], "2: gain: expected one of 128 64 32, found '100'"),
    ([W, F | {"empty_mm": ""}], "3: empty_mm: expected a whole number from 50 to 8000, found ''"),
    ([W, F | {"full_mm": "1000"}], "3: full_mm: expected a whole number from 0 to 999"),
    ([W, F | {"max_kg": "9"}], "3: max_kg: expected nothing on a fill channel, found '9'"),
    ([W | {"empty_mm": "9"}], "2: empty_mm: expected nothing on a weight channel, found '9'"),
    ([W, F | {"temperature": "c1"}], "3: temperature: expected the id of a temperature channel"),
    ([W, CONTACT | {"bin": "a-1-1"}], "3: bin: expected nothing on a contact channel"),
    # Bins.
    ([W | {"bin": ""}], "2: bin: expected the name of the bin on this platform"),
    ([W | {"stream": "纸"}], "2: stream: expected one of 干垃圾 湿垃圾"),
    ([W | {"tare_kg": ""}], "2: tare_kg: expected a number from 0 to 500 with at most 3 decimals"),
    ([W | {"volume_l": "x"}], "2: volume_l: expected a number from 0 to 5000"),
    ([W | {"container": "box"}], "2: container: expected one of wheelie platform, found 'box'"),
    ([W | {"bin": "fs-01-1"}], "2: bin: expected a bin that stands nowhere else (qy-fs01 has it)"),
    ([W, F, *board("qy-b1", bin="a-1-1")], "4: bin: expected a bin not named before (line 2)"),
    ([W, F | {"bin": "other"}], "3: bin: expected a bin on a platform of this board, or nothing"),
    ([W, F, F | {"channel": "f2"}], "4: bin: expected a bin that f1 does not look into already"),
    # Pins.
    ([W | {"dout": "34", "sck": "34"}], "2: sck: expected a pin that can be an output, found 34"),
    (
        [W, F, TEMPERATURE, TEMPERATURE | {"channel": "c2", "pin": "4"}],
        "5: pin: expected a pin not used before, found 4",
    ),
    ([W | {"device": "x" * 52, "site": "y" * 52}], "2: site: expected site and device of at most"),
    ([W | {"dout": "25", "sck": "25"}], "2: sck: expected a pin not used before, found 25, as in"),
    ([W, F | {"trig": "25", "echo": "18"}], "3: trig: expected a pin not used before, found 25"),
    ([W | {"dout": "35", "sck": "16"}, F], "3: trig: expected a pin not used before, found 16"),
    ([W, CONTACT | {"pin": "34"}], "3: pin: expected a pin that can pull up by itself, found 34"),
    ([W, TEMPERATURE | {"pin": "36"}], "3: pin: expected a pin that can be an output, found 36"),
    ([W | {"dout": "34"}], "2: sck: expected the number of a pin, found ''"),
    (
        [W | {"dout": "GPIO34", "sck": "25"}],
        "2: dout: expected the number of a pin, found 'GPIO34'",
    ),
    ([W | {"dout": "-1", "sck": "25"}], "2: dout: expected the number of a pin, found '-1'"),
    ([W | {"channel": "w5"}], "2: dout: expected a pin (w1 w2 w3 w4 f1"),
    ([W | {"pin": "4"}], "2: pin: expected nothing on a weight channel, found '4'"),
]
CASES += [
    ([W | {"dout": str(n), "sck": "25"}], f"2: dout: expected a pin of the ESP32 (ESP32-WROOM-32 "
     f"modules), found {n}, which does not exist")
    for n in (20, 24, 28, 29, 30, 31, 40, 99)
]  # fmt: skip
CASES += [
    ([W | {"dout": str(n), "sck": "25"}], f"2: dout: expected a pin that is free, found {n}: {why}")
    for n, why in [
        *((n, "flash chip") for n in range(6, 12)),
        *((n, "strapping pin: ") for n in (0, 2, 12)),
        *((n, "serial console") for n in (1, 3)),
        *((n, "not brought out") for n in (37, 38)),
    ]
]
CASES += [
    ([W, F | {"trig": str(n), "echo": "18"}], f"3: trig: expected a pin that can be an output, "
     f"found {n}, which cannot")
    for n in (34, 35, 36, 39)
]  # fmt: skip


@pytest.mark.parametrize(("rows", "said"), CASES, ids=[said[:40] for _, said in CASES])
def test_a_mistake_is_named_with_its_place(
    fleet: FleetFolder, rows: list[Row], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = complaints(fleet, rows, capsys)
    assert [line for line in lines if line.startswith(said)], lines


def test_all_mistakes_are_listed_in_the_order_of_the_file(
    fleet: FleetFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [W | {"town": "x", "ssid": "", "sck": "6", "dout": "34"}, F | {"kind": "fil"}]
    lines = complaints(fleet, [*wrong, *board("qy-b1", stream="?", town="")], capsys)
    places = [line.split(": ")[:2] for line in lines]
    assert places == [["2", "ssid"], ["2", "town"], ["2", "sck"], ["3", "kind"], ["4", "stream"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "1: expected a column device"),
        (b"device;site;ssid\nq;s;n\n", "1: expected commas between the columns"),
        (b"device,site\n\xff,s\n", "2: expected UTF-8 or GB18030, found byte 0xff"),
        (b"device,site,ssid,password,channel,kind\n", "expected a row for each channel"),
        (b"device,site,ssid,password,channel,kind,colour\n", "1: expected a known column, found"),
        (b"device,site,ssid,password,channel,kind,kind\n", "1: expected one column kind, found"),
        (b"device,site,ssid,password,channel,kind\nq,s,n,12345678,c1,temperature,x\n", "2: expec"),
    ],
)
def test_a_file_that_is_no_sheet(fleet: FleetFolder, content: bytes, said: str) -> None:
    fleet.csv.write_bytes(content)
    before = fleet.state()
    done = fleet.provision()
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert fleet.changed(before) == set()


def test_a_sheet_that_is_not_there(fleet: FleetFolder) -> None:
    done = fleet.provision()
    assert done.returncode == 2
    assert "fleet.csv: cannot be read: No such file or directory" in done.stderr


def test_a_broken_registry_is_named_by_its_own_file(fleet: FleetFolder) -> None:
    (fleet.registry / "bins.csv").write_text("bin,site\n")
    fleet.write([W, F])
    done = fleet.provision()
    assert done.returncode == 2
    assert f"{fleet.registry}/bins.csv:1: expected a column device" in done.stderr
    assert not (fleet.fleet / "ca.key").exists()


def test_a_pin_that_asks_for_care_is_warned_of(fleet: FleetFolder) -> None:
    fleet.write([W, F | {"trig": "5", "echo": "15"}])
    done = fleet.provision()
    assert done.returncode == 0
    assert f"qingyun: warning: {fleet.csv}:3: trig: 5: strapping pin" in done.stderr
    assert f"qingyun: warning: {fleet.csv}:3: echo: 15: strapping pin" in done.stderr


def test_a_spreadsheets_empty_columns_and_rows_are_no_mistake(fleet: FleetFolder) -> None:
    fleet.write([W, F], encoding="utf-8-sig")
    lines = fleet.csv.read_text(encoding="utf-8-sig").splitlines()
    short = lines[2].rstrip(",")
    fleet.csv.write_text("\r\n".join([lines[0] + ",,", lines[1] + ",,", "," * 30, short, ""]))
    done = fleet.provision()
    assert done.returncode == 0, done.stderr


def test_the_columns_of_the_example_are_those_that_are_documented() -> None:
    header = EXAMPLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert set(header) <= set(COLUMNS)
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"`{column}`" in operations, column


def test_the_pin_table_is_that_of_readme_and_example() -> None:
    table = json.loads((ESP32 / "pins.json").read_text(encoding="utf-8"))
    example = json.loads((ESP32 / "config.example.json").read_text())
    for channel in example["channels"]:
        wanted = {k: channel[k] for k in OF_KIND[channel["kind"]]}
        assert table["standard"][channel["id"]] == wanted
    readme = (ESP32 / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([0-9, –]+) \| ([^|]*) \|", readme, re.MULTILINE))
    uses = {use.strip(): pins for pins, use in rows.items()}

    def numbers(use: str) -> list[int]:
        (pins,) = [p for u, p in uses.items() if u.startswith(use)]
        first, _, last = pins.partition("–")
        return [*range(int(first), int(last) + 1)] if last else [int(p) for p in pins.split(",")]

    for use, letter, role in (
        *(("HX711 DOUT", "w", "dout"), ("HX711 SCK", "w", "sck")),
        *(("ultrasonic trigger", "f", "trig"), ("ultrasonic echo", "f", "echo")),
    ):
        named = numbers(use)
        assert named == [table["standard"][f"{letter}{n}"][role] for n in (1, 2, 3, 4)]
    assert numbers("DS18B20") == [table["standard"]["c1"]["pin"]]
    assert numbers("door or lid") == [table["standard"]["d1"]["pin"]]
    for pin in numbers("not usable"):
        assert table["pins"][str(pin)]["refused"] == "flash chip"
    strapping = {n for n, p in table["pins"].items() if "strapping" in str(p)}
    assert strapping == {str(n) for n in numbers("left free")}

"""How a board reaches the broker, from fleet.csv to the firmware's own check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fleet_sheet import FILL, PLATFORM, WIFI, FleetFolder
from interpreter import RunMicroPython

from host import registry
from host.provision import ProvisionError, plan
from host.provision.pins import boards
from host.provision.sheet import Sheet

W5500 = "lan phy=w5500 sck=4 mosi=13 miso=14 cs=15 int=33"
# Beside an Ethernet of the chip's own: its pins are not free for channels.
LAN8720 = "lan phy=lan8720 mdc=23 mdio=18 ref_clk=17 ref_clk_out=yes power=5"
PPP = "ppp uart=1 tx=13 rx=33 key=14 apn=cmnet auth=pap user=u password=s3cret budget_mb=30"
NO_WIFI = {"ssid": "", "password": ""}
LOAD = """
import sys
from settings import config
config.load(sys.argv[1])
print("ok")
"""


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def made(folder: FleetFolder, uplinks: str, **more: str) -> dict[str, Any]:
    folder.write([PLATFORM | {"uplinks": uplinks} | more, FILL | {"trig": "16", "echo": "35"}])
    done = folder.provision()
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads((folder.fleet / "qy-a1" / "config.json").read_text())
    return config


def test_lines_reach_the_board(
    folder: FleetFolder, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    script = tmp_path / "load.py"
    script.write_text(LOAD)
    at_32 = {"dout": "34", "sck": "32"}
    for uplinks, more in (
        (W5500, NO_WIFI),
        (f"{W5500}; wifi", {}),
        (LAN8720, NO_WIFI | at_32),
        (f"wifi; {PPP}", {}),
        (f"{LAN8720}; {PPP}", NO_WIFI | at_32),
    ):
        config = made(folder, uplinks, **more)
        kinds = [part.split()[0] for part in uplinks.split("; ")]
        assert [way["kind"] for way in config["uplinks"]] == kinds
        assert config["wifi"] == {
            "ssid": "net" if "wifi" in kinds else "",
            "password": WIFI if "wifi" in kinds else "",
        }
        assert config["mqtt"].get("keepalive", 60) == (240 if "ppp" in kinds else 60)
        path = folder.fleet / "qy-a1" / "config.json"
        done = run_micropython(script, path, heap="2m")
        assert done.stdout == "ok\n", done.stdout + done.stderr


def test_a_board_with_wifi_alone_has_nothing_of_it(folder: FleetFolder) -> None:
    assert "uplinks" not in made(folder, "")


MISTAKES: tuple[tuple[dict[str, str], str], ...] = (
    ({"uplinks": "wifi"}, "uplinks: expected more than wifi, or nothing"),
    ({"uplinks": "cable"}, "uplinks: expected lan, wifi or ppp with ; between, each once"),
    ({"uplinks": f"{PPP}; wifi"}, "uplinks: expected ppp as the last one"),
    ({"uplinks": f"{W5500}; {W5500}"}, "uplinks: expected lan, wifi or ppp with"),
    ({"uplinks": W5500}, "ssid: expected nothing without wifi in uplinks"),
    ({"uplinks": "lan phy=enc28"}, "uplinks: expected phy= one of lan8720 w5500"),
    ({"uplinks": W5500.replace(" int=33", "")}, "uplinks: expected int= a pin"),
    ({"uplinks": W5500.replace("cs=15", "cs=34")}, "uplinks: expected a pin that can be"),
    ({"uplinks": W5500.replace("cs=15", "cs=25")}, "sck: expected a pin not used before"),
    ({"uplinks": f"wifi; {LAN8720}"}, "expected a pin not used before, found 25"),
    ({"uplinks": LAN8720.replace("=17", "=4")}, "expected ref_clk= one of 0 16 17"),
    ({"uplinks": LAN8720 + " speed=1"}, "expected one of phy mdc mdio phy_addr"),
    ({"uplinks": LAN8720, "board": "esp32s3"}, "phy=w5500: the ESP32-S3"),
    ({"uplinks": W5500 + " spi=2", "board": "esp32c3"}, "expected spi= one of 1"),
    ({"uplinks": PPP.replace("user=u ", "")}, "expected user= a text, with auth=pap"),
    ({"uplinks": PPP.replace("tx=13", "tx=34")}, "uplinks: expected a pin that can be an out"),
    ({"uplinks": PPP.replace("uart=1", "uart=0")}, "expected uart= one of 1 2"),
    ({"uplinks": PPP.replace("s3cret", "a s3cret")}, "expected key=value with blanks between"),
    ({"uplinks": f"wifi; {PPP}", "mode": "cycle"}, "uplinks: expected nothing in the mode"),
)


def test_each_mistake_names_its_cell(folder: FleetFolder) -> None:
    known = registry.load(folder.registry)
    for cells, expected in MISTAKES:
        folder.write([PLATFORM | {"dout": "34", "sck": "25"} | cells, FILL])
        with pytest.raises(ProvisionError) as caught:
            plan.read(Sheet(folder.csv), known, boards())
        assert expected in str(caught.value), (expected, str(caught.value))
        assert "s3cret" not in str(caught.value)


def test_a_line_for_a_modem_is_nobody_else_s(folder: FleetFolder) -> None:
    row = {"kind": "indicator", "line": "uart=1 tx=25 rx=34 format=stgs", "uplinks": PPP}
    folder.write([PLATFORM | NO_WIFI | row])
    done = folder.provision()
    assert "a line of its own: only modbus channels share uart=1" in done.stderr

"""Drawing, pin table and example configuration of the ESP32 board name the same pins."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from sim_board import ROOT

BOARD = ROOT / "boards" / "esp32"
SVG = "{http://www.w3.org/2000/svg}"
Pins = dict[tuple[str, str], int]  # channel and signal
TABLE = {
    "HX711 DOUT": [(f"w{i}", "dout") for i in range(1, 5)],
    "HX711 SCK": [(f"w{i}", "sck") for i in range(1, 5)],
    "ultrasonic trigger": [(f"f{i}", "trig") for i in range(1, 5)],
    "ultrasonic echo": [(f"f{i}", "echo") for i in range(1, 5)],
    "DS18B20": [("c1", "pin")],
    "door or lid contact": [("d1", "pin")],
}


def drawn() -> Pins:
    pins: Pins = {}
    # The project's own file.
    for text in ElementTree.parse(BOARD / "wiring.svg").iter(f"{SVG}text"):  # noqa: S314
        if "pin" in text.get("class", "").split():
            key = (text.attrib["data-channel"], text.attrib["data-signal"])
            assert key not in pins, f"{key} is drawn twice"
            assert text.text is not None and text.text.startswith("GPIO")
            pins[key] = int(text.text.removeprefix("GPIO"))
    return pins


def configured() -> Pins:
    config = json.loads((BOARD / "config.example.json").read_text())
    signals = ("dout", "sck", "trig", "echo", "pin")
    return {(ch["id"], s): ch[s] for ch in config["channels"] for s in signals if s in ch}


def tabled() -> tuple[Pins, set[int]]:
    """What the table says, and the pins it forbids or leaves free."""
    pins: Pins = {}
    barred: set[int] = set()
    readme = (BOARD / "README.md").read_text(encoding="utf-8")
    for numbers, use in re.findall(r"^\| ([0-9, –]+) \| ([^|]+) \|", readme, re.MULTILINE):
        low, dash, high = numbers.partition("–")
        found = range(int(low), int(high) + 1) if dash else map(int, numbers.split(","))
        for what, keys in TABLE.items():
            if use.startswith(what):
                pins |= dict(zip(keys, found, strict=True))
                break
        else:
            barred |= set(found)
    return pins, barred


def test_drawing_table_and_configuration_agree() -> None:
    pins, barred = tabled()
    assert drawn() == pins
    contact = {("d1", "pin"): pins["d1", "pin"]}  # the example has none: it is optional
    assert configured() | contact == pins
    assert len(set(pins.values())) == len(pins)
    assert barred >= {0, 2, 12, 15, 6, 11} and not barred & set(pins.values())


def test_labels_stay_within_the_drawing() -> None:
    root = ElementTree.parse(BOARD / "wiring.svg").getroot()  # noqa: S314
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    assert root.find(f"{SVG}rect[@fill='#fff']") is not None  # readable on a dark page
    for text in root.iter(f"{SVG}text"):
        assert 0 < int(text.attrib["x"]) < width and 0 < int(text.attrib["y"]) < height

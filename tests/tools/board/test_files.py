"""What goes onto a board, as deploy finds it: without the firmware's folder in the path."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from board import files
from board.errors import BoardError

EXAMPLE = files.ROOT / "boards" / "esp32" / "config.example.json"
CALIBRATION = {"id": "nominal", "date": "1970-01-01", "zero": 0, "counts_per_kg": 21474.8}
PLATFORM = {"id": "w5", "kind": "weight", "max_kg": 150, "e_kg": 0.05, "calibration": CALIBRATION}
WIRES = {"i2c": 0, "scl": 13, "sda": 5}
OTHERS: list[dict[str, Any]] = [
    PLATFORM | {"converter": "nau7802", "sps": 10, "gain": 128} | WIRES,
    {"id": "f5", "kind": "loop_fill", "converter": "ads1115", "address": 72, "input": 0} | WIRES,
    {"id": "f5", "kind": "serial_fill", "sensor": "a02yyuw", "uart": 1, "tx": 13, "rx": 5}
    | {"empty_mm": 1800, "full_mm": 200},
]


def config(folder: Path, channel: dict[str, Any]) -> Path:
    path = folder / "config.json"
    found = json.loads(EXAMPLE.read_text())
    path.write_text(json.dumps(found | {"channels": [*found["channels"], channel]}))
    return path


@pytest.mark.parametrize("channel", OTHERS, ids=lambda c: c.get("sensor") or c["converter"])
def test_channels_that_other_modules_check(tmp_path: Path, channel: dict[str, Any]) -> None:
    found = files.configuration(config(tmp_path, channel))
    assert found["channels"][-1]["kind"] == channel["kind"]
    assert "settings" not in sys.modules  # a name that others may have
    assert str(files.FIRMWARE) not in sys.path


def test_a_mistake_in_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="uart: expected"):
        files.configuration(config(tmp_path, OTHERS[2] | {"uart": 7}))
    assert str(files.FIRMWARE) not in sys.path

"""config.json of a board, as firmware/settings/config.py reads it."""

from __future__ import annotations

import json
from typing import Any

from .pins import ESP32
from .plan import Board


def text(board: Board, broker: tuple[str, int]) -> bytes:
    """The content of the file. Paths in it are absolute on the board's file system."""
    host, port = broker
    tls = {"ca": "ca.der", "cert": f"{board.device}.der", "key": f"{board.device}.key.der"}
    config: dict[str, Any] = {
        "device": board.device,
        "site": board.site,
        "wifi": {"ssid": board.ssid, "password": board.password},
        "mqtt": {"host": host, "port": port, "tls": tls | {"name": host}},
        "report": {"every_s": board.every_s},
    }
    if board.board != ESP32:
        config["board"] = board.board
    if board.ntp:
        config["ntp"] = list(board.ntp)
    if board.mode == "cycle":
        power = {"mode": "cycle", "wake_s": board.wake_s, "send_every": board.send_every}
        config["power"] = power
    config["update"] = {"key": "update.pub"}
    config["channels"] = list(board.channels)
    return (json.dumps(config, ensure_ascii=False, indent=1) + "\n").encode()

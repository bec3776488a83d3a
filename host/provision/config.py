"""config.json of a board, as firmware/settings/config.py reads it."""

from __future__ import annotations

import json
from typing import Any

from .pins import ESP32
from .plan import Board

# A board pings four times as often: with 60 s that would be most of what a 4G line carries.
METERED_KEEPALIVE_S = 240


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
    if board.uplinks:
        config["uplinks"] = list(board.uplinks)
    if any(way["kind"] == "ppp" for way in board.uplinks):
        config["mqtt"]["keepalive"] = METERED_KEEPALIVE_S
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

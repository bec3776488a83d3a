"""What people would use instead: clients that drain the same session.

python others.py counting|naive HOST:PORT CLIENT MESSAGES [DB]

counting: paho alone, each message acknowledged and counted, nothing stored.
naive: json, one INSERT and one commit a message, SQLite WAL with synchronous=FULL.
Prints the seconds from the first message to the last, and the CPU seconds of the process."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

TOPICS = [("qingyun/1/+/+/reading", 1), ("qingyun/1/+/+/birth", 1)]


def counting(_: paho.MQTTMessage) -> None:
    """Nothing more than to have received it."""


def naive(path: str) -> Callable[[paho.MQTTMessage], None]:
    """An ingester as it is written in an afternoon."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    columns = "device TEXT, life TEXT, seq INTEGER, t INTEGER, body TEXT"
    db.execute(f"CREATE TABLE reading ({columns}, UNIQUE (device, life, seq))")

    def store(message: paho.MQTTMessage) -> None:
        try:
            value = json.loads(message.payload)
        except ValueError:
            return
        for r in value if isinstance(value, list) else [value]:
            row = (message.topic.split("/")[3], r["life"], r["seq"], r.get("t"), json.dumps(r))
            db.execute("INSERT OR IGNORE INTO reading VALUES (?,?,?,?,?)", row)
        db.commit()

    return store


def main() -> None:
    what, address, client_id, messages, *rest = sys.argv[1:]
    take = naive(rest[0]) if what == "naive" else counting
    left = int(messages)
    first = 0.0
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id, clean_session=False, manual_ack=True
    )

    def on_message(c: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        nonlocal left, first
        first = first or time.monotonic()
        take(message)
        c.ack(message.mid, message.qos)
        left -= 1

    client.on_message = on_message
    client.on_connect = lambda c, *_: c.subscribe(TOPICS)
    host, _, port = address.rpartition(":")
    client.connect(host, int(port))
    while left > 0:
        client.loop(0.1)
    print(json.dumps({"s": time.monotonic() - first, "cpu_s": time.process_time()}))
    client.disconnect()


if __name__ == "__main__":
    main()

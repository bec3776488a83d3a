"""What the host tells people over MQTT: each site's latest day, retained."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import paho.mqtt.publish as paho
from paho.mqtt import MQTTException

from host.rollup import DailyRow


class PublishError(Exception):
    """The broker did not take it; one line."""


def daily_messages(rows: Iterable[DailyRow]) -> dict[str, dict[str, Any]]:
    """Topic → payload: kg by stream for each site. Numbers are exact to the gram."""
    sites: dict[str, dict[str, Any]] = {}
    streams: dict[str, dict[str, Any]] = defaultdict(dict)
    for r in rows:
        topic = f"qingyun/1/{r.site}/daily"
        streams[topic][r.stream] = {
            "deposited_kg": r.deposited_g / 1000,
            "collected_kg": r.collected_g / 1000,
            "collections": r.collections,
            "coverage": round(r.coverage, 4),
        }
        sites[topic] = {"date": str(r.date), "site": r.site, "streams": streams[topic]}
    return sites


def daily(host: str, port: int, rows: Iterable[DailyRow]) -> None:
    """Publish the daily topic of each site, QoS 1 and retained; PublishError otherwise."""
    messages: paho.MessagesList = [
        (topic, json.dumps(body, ensure_ascii=False), 1, True)
        for topic, body in daily_messages(rows).items()
    ]
    try:
        paho.multiple(messages, hostname=host, port=port, client_id="qingyun-rollup")
    except (OSError, MQTTException) as error:
        raise PublishError(f"broker {host}:{port}: {error}; nothing was published") from error

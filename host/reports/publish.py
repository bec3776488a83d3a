"""What the host tells people over MQTT: each site's latest day, retained."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import paho.mqtt.client as paho

from ..common.errors import OutsideError
from ..common.quantity import kg_number
from ..mqtt.broker import Broker
from ..rollup import DailyRow

ANSWER_S = 30  # seconds the broker has to acknowledge everything


class PublishError(OutsideError):
    """The broker did not take it; one line."""


def daily_messages(rows: Iterable[DailyRow]) -> dict[str, dict[str, Any]]:
    """Topic → payload: kg by stream for each site. Numbers are exact to the gram; None: not
    measured."""
    sites: dict[str, dict[str, Any]] = {}
    streams: dict[str, dict[str, Any]] = defaultdict(dict)
    for r in rows:
        topic = f"qingyun/1/{r.site}/daily"
        streams[topic][r.stream] = {
            "deposited_kg": kg_number(r.known(r.deposited_g)),
            "collected_kg": kg_number(r.known(r.collected_g)),
            "collections": r.known(r.collections),
            "coverage": None if r.coverage is None else float(r.coverage),
        }
        sites[topic] = {"date": str(r.date), "site": r.site, "streams": streams[topic]}
    return sites


def daily(broker: Broker, rows: Iterable[DailyRow]) -> int:
    """Publish the daily topic of each site, QoS 1 and retained, and how many that were;
    PublishError otherwise."""
    sent = daily_messages(rows)
    _send(broker, sent.items(), retain=True, kept="the report was written")
    return len(sent)


def events(broker: Broker, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Publish on the event topics of sites, QoS 1; PublishError when one was not taken."""
    _send(broker, messages, retain=False, kept="alarms are kept, and told with the next update")


def discovery(broker: Broker, messages: Iterable[tuple[str, dict[str, Any] | None]]) -> None:
    """Publish retained configurations, None to take one away; PublishError otherwise."""
    _send(broker, messages, retain=True, kept="run it again")


def _send(
    broker: Broker,
    messages: Iterable[tuple[str, dict[str, Any] | None]],
    *,
    retain: bool,
    kept: str,
) -> None:
    refused: list[str] = []

    def on_connect(_client: paho.Client, *args: Any) -> None:
        if args[2].is_failure:
            refused.append(f"refused the connection: {args[2]}")

    client = broker.client()
    client.on_connect = on_connect
    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        sent = [
            client.publish(topic, _payload(body), qos=1, retain=retain) for topic, body in messages
        ]
        end = time.monotonic() + ANSWER_S
        while not refused and not all(info.is_published() for info in sent):
            if time.monotonic() > end:
                raise OSError(f"did not acknowledge within {ANSWER_S} s")
            time.sleep(0.02)
        if refused:
            raise OSError(refused[0])
    except OSError as error:
        raise PublishError(f"{broker}: {error}; {kept}") from error
    finally:
        client.disconnect()
        client.loop_stop()


def _payload(body: dict[str, Any] | None) -> str | None:
    return None if body is None else json.dumps(body, ensure_ascii=False)

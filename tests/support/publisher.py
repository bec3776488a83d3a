"""What stands for a board towards the broker: readings at QoS 1, made as they are needed."""

from __future__ import annotations

import json
from typing import Any

import paho.mqtt.client as paho
from broker import Broker
from killing import until
from paho.mqtt.enums import CallbackAPIVersion

T0 = 1_772_467_200
TOPIC = "qingyun/1/fs-01/qy-fs01/reading"


def reading(seq: int, life: str = "9c4e01ab", **more: Any) -> dict[str, Any]:
    return {"life": life, "seq": seq, "boot": 0, "t": T0 + seq, "w1": seq / 1000} | more


class Publisher:
    """QoS 1, one message at a time or many; sure() returns when the broker has them all."""

    def __init__(self, broker: Broker, client_id: str = "publisher") -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
        self._client.max_inflight_messages_set(100)
        self._answered: set[int] = set()
        self._sent: list[int] = []
        self._client.on_publish = lambda _c, _u, mid, *_: self._answered.add(mid)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def send(self, value: object, topic: str = TOPIC, *, retain: bool = False) -> None:
        payload = value if isinstance(value, bytes) else json.dumps(value)
        self._sent.append(self._client.publish(topic, payload, qos=1, retain=retain).mid)

    def sure(self) -> None:
        # What was published while the broker was away is queued and sent later.
        assert until(lambda: all(mid in self._answered for mid in self._sent), 120)
        self._sent.clear()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

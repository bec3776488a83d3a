"""What the host publishes over MQTT: daily figures, alarms, discovery."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..common.quantity import kg_number
from ..mqtt.broker import Broker
from ..mqtt.session import Session, SessionError
from ..rollup import DailyRow


def daily_messages(rows: Iterable[DailyRow]) -> dict[str, dict[str, Any]]:
    """Topic → payload: kg by stream of each site, exact to the gram; null: not measured."""
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
    """Publish the daily topic of each site, QoS 1 and retained; how many. Raises SessionError."""
    sent = daily_messages(rows)
    _send(broker, sent.items(), retain=True, kept="the report was written")
    return len(sent)


def events(broker: Broker, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Publish on the event topics of sites, QoS 1; SessionError if the broker did not acknowledge
    all."""
    _send(broker, messages, retain=False, kept="alarms are kept, and told with the next update")


def discovery(broker: Broker, messages: Iterable[tuple[str, dict[str, Any] | None]]) -> None:
    """Publish retained configurations, None to remove one; SessionError otherwise."""
    _send(broker, messages, retain=True, kept="run it again")


def _send(
    broker: Broker,
    messages: Iterable[tuple[str, dict[str, Any] | None]],
    *,
    retain: bool,
    kept: str,
) -> None:
    try:
        with Session(broker) as session:
            session.publish([(t, _payload(body)) for t, body in messages], retain=retain)
    except SessionError as error:
        raise SessionError(f"{error}; {kept}") from error


def _payload(body: dict[str, Any] | None) -> str | None:
    return None if body is None else json.dumps(body, ensure_ascii=False)

"""Home Assistant's MQTT discovery for the boards of a site: for makers, never by itself.

Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery (a retained
configuration for each entity below `homeassistant/`; an empty one takes it away)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import __version__
from ..registry import Registry

# A numeric sensor ignores an empty text (homeassistant/components/mqtt/sensor.py), so that a value
# that is not good keeps the one that was shown. The shown state itself is no value: it has the
# unit that a person chose, and would be converted again.
_GOOD = (
    "{{% if value_json.{channel} is defined and '{channel}' not in value_json.q | default({{}}) %}}"
    "{{{{ {value} }}}}{{% endif %}}"
)
Message = tuple[str, dict[str, Any] | None]


def discovery(registry: Registry, site: str, prefix: str) -> Iterator[Message]:
    """Topic and configuration of each entity: weight in kg and fill in % of each bin, queue and
    signal of each board."""
    boards = {d.device for d in registry.devices.values() if d.site == site}
    for bin_ in registry.bins:
        if bin_.site != site or bin_.device not in boards:
            continue
        name = f"{bin_.stream} {bin_.bin}"
        if c := bin_.channel:
            value = _GOOD.format(channel=c, value=f"value_json.{c}")
            shown = {"device_class": "weight", "unit_of_measurement": "kg"}
            yield _entity(registry, bin_.device, c, prefix, name=name, value=value, shown=shown)
        if c := bin_.fill_channel:
            value = _GOOD.format(channel=c, value=f"(value_json.{c} * 100) | round(0)")
            shown = {"icon": "mdi:delete", "unit_of_measurement": "%"}
            yield _entity(
                registry, bin_.device, c, prefix, name=f"{name} 满溢", value=value, shown=shown
            )
    for device in sorted(boards):
        own = {"entity_category": "diagnostic"}
        value = "{{ value_json.queue | default('') }}"
        yield _entity(registry, device, "queue", prefix, name="待发 queue", value=value, shown=own)
        signal = {"device_class": "signal_strength", "unit_of_measurement": "dBm"}
        value = "{{ value_json.rssi | default('') }}"
        yield _entity(
            registry, device, "rssi", prefix, name="信号 signal", value=value, shown=own | signal
        )


def removal(registry: Registry, site: str, prefix: str) -> Iterator[Message]:
    """The topics of discovery() with an empty configuration, which removes the entities."""
    return ((topic, None) for topic, _ in discovery(registry, site, prefix))


def _entity(
    registry: Registry,
    device: str,
    channel: str,
    prefix: str,
    *,
    name: str,
    value: str,
    shown: dict[str, str],
) -> Message:
    site = registry.sites[registry.devices[device].site]
    base = f"qingyun/1/{site.site}/{device}"
    # Entity ids may hold neither dots nor hyphens.
    id_ = "".join(c if c.isalnum() else "_" for c in f"qingyun_{device}_{channel}")
    return f"{prefix}/sensor/{id_}/config", {
        "name": name,
        "unique_id": id_,
        "state_topic": f"{base}/state",
        "value_template": value,
        "state_class": "measurement",
        "availability_topic": f"{base}/status",
        "device": {
            "identifiers": [f"qingyun_{device}"],
            "name": f"{site.name} {device}",
            "manufacturer": "Qingyun 清运",
            "suggested_area": site.name,
        },
        "origin": {"name": "qingyun", "sw_version": __version__},
        **shown,
    }

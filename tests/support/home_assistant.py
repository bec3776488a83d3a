"""A real Home Assistant with nothing but its MQTT integration, run by the Python of
build/homeassistant (tools/env.sh homeassistant).

home_assistant.py FOLDER HOST PORT. Then lines on standard input: `states` prints {unique id:
[state, unit]} as JSON; `unit UNIQUE_ID UNIT` chooses the unit in which an entity is shown, as a
person does, and prints {}."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from homeassistant import bootstrap, core, loader
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.helpers import entity_registry


async def begin(folder: Path, host: str, port: int) -> core.HomeAssistant:
    (folder / "configuration.yaml").touch()
    hass = core.HomeAssistant(str(folder))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    # Of what MQTT depends on, the web server is not needed to show states.
    hass.config.components |= {"http", "file_upload", "homeassistant"}
    where = {"broker": host, "port": port, "discovery": True}
    about = {"version": 1, "minor_version": 1, "title": "broker", "source": "user", "options": {}}
    await hass.config_entries.async_add(
        ConfigEntry(domain="mqtt", data=where, unique_id=None, **about)
    )
    await hass.async_start()
    return hass


def states(hass: core.HomeAssistant) -> dict[str, list[str | None]]:
    found = {}
    for entry in entity_registry.async_get(hass).entities.values():
        if state := hass.states.get(entry.entity_id):
            unit = state.attributes.get("unit_of_measurement")
            found[entry.unique_id] = [state.state, unit]
    return found


def choose(hass: core.HomeAssistant, unique_id: str, unit: str) -> None:
    registry = entity_registry.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", "mqtt", unique_id)
    registry.async_update_entity_options(entity_id, "sensor", {"unit_of_measurement": unit})


async def main(folder: str, host: str, port: str) -> None:
    hass = await begin(Path(folder), host, int(port))
    while line := await asyncio.to_thread(sys.stdin.readline):
        await hass.async_block_till_done()
        what, *args = line.split()
        if what == "unit":
            choose(hass, *args)
        print(json.dumps(states(hass) if what == "states" else {}), flush=True)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

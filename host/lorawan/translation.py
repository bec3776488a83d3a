"""From what a network server publishes to what is published for the host, frame by frame."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..events.silences import longest_silence
from ..readings.messages import shown
from . import frames, payloads, told, uplinks
from .clocks import Clocks
from .counts import REFUSED, REPEATED, TAKEN, UNKNOWN, UNREADABLE, Counts
from .frames import Named
from .memory import Memory, Remembered
from .payloads import NotUnderstood
from .sensors import Sensor
from .uplinks import Unreadable, Uplink

log = logging.getLogger("qingyun.lorawan")

ONLINE, OFFLINE = "online", "offline"
_TOLD = 500  # different lines that are told once


@dataclass
class Said:
    """What is to be published, in this order: topic and payload. The first and the last are
    retained."""

    births: list[tuple[str, str]] = field(default_factory=list)
    readings: list[tuple[str, str]] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)


class Translation:
    """Knows the sensors of the registry, and what is remembered of each."""

    def __init__(self, sensors: Mapping[str, Sensor], memory: Memory, counts: Counts) -> None:
        self._sensors = sensors
        self._memory = memory
        self._counts = counts
        self._clocks = Clocks(memory.gateways())
        self._of = {eui: memory.sensor(eui) for eui in sensors}
        self._once: set[str] = set()
        for eui, sensor in sensors.items():
            self._count(sensor, self._of[eui])

    def take(self, messages: Iterable[tuple[bytes, bytes]]) -> Said:
        """What messages (topic, payload) say; what is remembered is on the disk before this
        returns. OSError when it cannot be written."""
        said, touched = Said(), set()
        for topic, payload in messages:
            try:
                uplink = uplinks.read(payload, int(time.time()))
            except Unreadable as error:
                self._counts.frames[UNREADABLE] += 1
                name = shown(topic.decode(errors="backslashreplace"), 200)
                self._tell_once(f"{name}: {shown(str(error), 200)}")
                continue
            sensor = self._sensors.get(uplink.dev_eui)
            if sensor is None:
                self._counts.frames[UNKNOWN] += 1
                text = "expected one of lorawan.csv; its frames are left out until it is there"
                self._tell_once(f"DevEUI {uplink.dev_eui}: {text}")
                continue
            if self._clocks.learn(uplink):
                self._memory.keep_gateways(self._clocks.agreed)
            self._frame(sensor, uplink, said)
            touched.add(uplink.dev_eui)
        for eui in sorted(touched):
            self._memory.keep(eui, self._of[eui])
            self._count(self._sensors[eui], self._of[eui])
        return said

    def silent(self, now: int) -> Said:
        """Sensors that have just been silent for too long; now: Unix s."""
        said = Said()
        for eui, sensor in self._sensors.items():
            of = self._of[eui]
            if of.online and now - of.heard > longest_silence(sensor.every_s):
                of.online = False
                self._memory.keep(eui, of)
                self._count(sensor, of)
                said.states.append((told.topic(sensor, "status"), OFFLINE))
        return said

    def _frame(self, sensor: Sensor, uplink: Uplink, said: Said) -> None:
        of = self._of[uplink.dev_eui]
        t = self._clocks.time_of(uplink)
        named = frames.name(of.lives, uplink, t, sensor.every_s)
        if named is None:
            self._counts.frames[REFUSED] += 1
            text = f"frame {uplink.counter}: older than the first frame that was heard of it"
            log.warning("%s: %s; it is left out", sensor.device, text)
            return
        self._note(sensor, uplink, named)
        birth = told.birth(sensor, named)
        if named.repeated or told.digest(birth) != of.told:
            of.told = told.digest(birth)
            said.births.append((told.topic(sensor, "birth"), told.text(birth)))
        try:
            measured = sensor.model.measured(uplink.port, uplink.data) if uplink.port else None
        except NotUnderstood as error:
            if not named.repeated:
                self._counts.frames[REFUSED] += 1
            why = f"{sensor.name}: {error}"
            self._tell_once(f"{sensor.device}: {why}; such frames go into quarantine")
            body = told.refused(named, uplink, why)
            said.readings.append((told.topic(sensor, "reading"), told.text(body)))
        else:
            if not named.repeated:
                self._counts.frames[TAKEN] += 1
            self._values(sensor, uplink, named, measured or payloads.Measured(), said)
        self._status(sensor, uplink, said, again=named.repeated)

    def _values(
        self, sensor: Sensor, uplink: Uplink, named: Named, m: payloads.Measured, said: Said
    ) -> None:
        of = self._of[uplink.dev_eui]
        good, q = told.values(sensor, uplink, m)
        body = told.reading(named, good, q)
        said.readings.append((told.topic(sensor, "reading"), told.text(body)))
        if m.low:
            self._tell_once(f"{sensor.device}: says that its battery is low")
        if named.seq == named.life.top - named.life.base and named.life is of.lives[0]:
            of.values |= good
            body = told.state(of, named.t, q)
            said.states.append((told.topic(sensor, "state"), told.text(body)))

    def _status(self, sensor: Sensor, uplink: Uplink, said: Said, *, again: bool) -> None:
        """again: the frame came before, and what was said then may not have come through."""
        of = self._of[uplink.dev_eui]
        now = int(time.time())
        of.heard = max(of.heard, min(uplink.at, now))  # a server whose clock is ahead
        is_online = now - of.heard <= longest_silence(sensor.every_s)
        if again or is_online or is_online != of.online:
            of.online = is_online
            said.states.append((told.topic(sensor, "status"), ONLINE if is_online else OFFLINE))

    def _note(self, sensor: Sensor, uplink: Uplink, named: Named) -> None:
        """Count and tell what is new of a frame."""
        if named.repeated:
            self._counts.frames[REPEATED] += 1
            return
        self._counts.lost += named.lost
        if named.begins:
            log.info(
                "%s: life %s begins with frame %d (joined, reset or first heard)",
                *(sensor.device, named.life.name, uplink.counter),
            )
        if named.after_s > 1.5 * sensor.every_s + 60:
            self._tell_once(
                f"{sensor.device}: frames that follow each other are {named.after_s // 60} min "
                f"apart, every_min in lorawan.csv says {sensor.every_s // 60}: correct one of both"
            )

    def _count(self, sensor: Sensor, of: Remembered) -> None:
        c = self._counts
        c.latest[sensor.device], c.heard[sensor.device] = dict(of.values), of.heard
        (c.online.add if of.online else c.online.discard)(sensor.device)

    def _tell_once(self, line: str) -> None:
        if line not in self._once and len(self._once) < _TOLD:
            self._once.add(line)
            log.warning("%s", line)

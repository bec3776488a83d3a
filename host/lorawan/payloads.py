"""What bin-level sensors that are sold say in the bytes of a frame.

Each model is a row of MODELS: who decodes it, between which distances it measures, and which
figures are no distance. Sources: the makers' own tables of their payloads, named at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NO_ECHO, BLIND, RANGE, FAULT, TILTED = "no_echo", "blind", "range", "fault", "tilted"


class NotUnderstood(Exception):
    """Why the bytes are not of this model."""


@dataclass
class Measured:
    """What a frame says. mm: distance to the waste; why: its quality where it is no good; neither:
    the frame has no measurement. centi_c in 0.01 degC, percent and mv of the battery; low: the
    sensor says that its battery is, and nothing more."""

    mm: int | None = None
    why: str = ""
    centi_c: int | None = None
    percent: int | None = None
    mv: int | None = None
    low: bool = False


@dataclass(frozen=True)
class Model:
    """decode: (port, bytes) → Measured, or NotUnderstood. nearest, farthest: what it can measure,
    mm. codes: figures that are no distance, each with what it means."""

    decode: Callable[[int, bytes], Measured]
    nearest: int
    farthest: int
    codes: Mapping[int, str] = field(default_factory=dict)

    def measured(self, port: int, data: bytes) -> Measured:
        """What a frame says, a distance only where the sensor can have measured it."""
        m = self.decode(port, data)
        if m.mm is not None and not m.why:
            m.why = self._why_not(m.mm)
        if m.why:
            m.mm = None
        return m

    def _why_not(self, mm: int) -> str:
        if mm in self.codes:
            return self.codes[mm]
        if mm in (0, 0xFFFF):
            return NO_ECHO
        return BLIND if mm < self.nearest else RANGE if mm > self.farthest else ""


def _signed(raw: bytes, order: str) -> int:
    return int.from_bytes(raw, order, signed=True)  # type: ignore[arg-type]


def _expect_port(port: int, expected: int) -> None:
    if port != expected:
        raise NotUnderstood(f"port {port}: expected {expected}")


# Milesight: channel, type, then as many bytes as the type has, little endian. Port 85.
# https://github.com/Milesight-IoT/SensorDecoders (README of em310-udl and em400-mud), user guides.
_ABOUT = {0x01: 1, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0xFE: 1, 0xFF: 2}
_BATTERY, _TEMPERATURE, _DISTANCE, _POSITION = 0x75, 0x67, 0x82, 0x00
_SIZES = {_BATTERY: 1, _TEMPERATURE: 2, _DISTANCE: 2, _POSITION: 1}


def _milesight(channels: Mapping[int, int]) -> Callable[[int, bytes], Measured]:
    """channels: channel → its type. The same channel with 0x80 is an alarm: a byte more."""

    def decode(port: int, data: bytes) -> Measured:
        _expect_port(port, 85)
        m, at, tilted = Measured(), 0, False
        while at < len(data):
            channel, kind = data[at], data[at + 1] if at + 1 < len(data) else -1
            at += 2
            if channel in (0xFE, 0xFF):
                if channel == 0xFE or kind not in _ABOUT:
                    break  # the answer to a downlink: of many lengths, and never before a value
                at += _ABOUT[kind]
                continue
            if channels.get(channel & 0x7F) != kind:
                raise NotUnderstood(f"channel {channel:02x} of type {kind:02x} at byte {at - 2}")
            raw = data[at : at + _SIZES[kind]]
            at += _SIZES[kind] + (channel >> 7)
            if at > len(data):
                raise NotUnderstood(f"{len(data)} bytes: it ends within channel {channel:02x}")
            tilted |= kind == _POSITION and raw[0] == 1
            _milesight_value(m, kind, raw)
        if tilted:
            m.why = TILTED
        return m

    return decode


def _milesight_value(m: Measured, kind: int, raw: bytes) -> None:
    if kind == _BATTERY:
        m.percent = raw[0]
    elif kind == _TEMPERATURE:
        m.centi_c = 10 * _signed(raw, "little")
    elif kind == _DISTANCE:
        m.mm = int.from_bytes(raw, "little")


def _dragino(port: int, data: bytes) -> Measured:
    """Battery, distance, interrupt, probe of temperature, flag of the sensor: big endian. Older
    firmware sends the first five bytes. https://wiki.dragino.com (LDDS75, DDS45-LB, DDS75-LB)."""
    if port == 5:  # its status, once after the join
        return Measured(mv=int.from_bytes(data[5:7], "big") if len(data) >= 7 else None)
    _expect_port(port, 2)
    if len(data) not in (5, 8):
        raise NotUnderstood(f"{len(data)} bytes: expected 8, or 5 of older firmware")
    mv, mm = int.from_bytes(data[:2], "big") & 0x3FFF, int.from_bytes(data[2:4], "big")
    return Measured(mm=mm, why=FAULT if len(data) == 8 and not data[7] else "", mv=mv)


def _decentlab(port: int, data: bytes) -> Measured:
    """Protocol 2: device, flags, distance with the number of valid samples, battery: big endian.
    https://www.decentlab.com (DL-MBX data sheet)."""
    _expect_port(port, 1)
    if len(data) < 5 or data[0] != 2:
        raise NotUnderstood("expected protocol 2 of Decentlab")
    flags = int.from_bytes(data[3:5], "big")
    has_distance, has_battery = bool(flags & 1), bool(flags & 2)
    if flags & ~3 or len(data) != 5 + 4 * has_distance + 2 * has_battery:
        raise NotUnderstood(f"{len(data)} bytes with the flags {flags:04x}: no DL-MBX")
    words = [int.from_bytes(data[i : i + 2], "big") for i in range(5, len(data), 2)]
    m = Measured(mv=words[-1] if has_battery else None)
    if has_distance:
        m.mm, m.why = words[0], "" if words[1] else NO_ECHO
    return m


# Elsys: a type, then as many bytes as it has, big endian. https://www.elsys.se (payload document).
_ELSYS_SIZES = {
    **dict.fromkeys((0x02, 0x05, 0x0D, 0x0F, 0x11, 0x12, 0x1A), 1),
    **dict.fromkeys((0x01, 0x04, 0x06, 0x07, 0x08, 0x0A, 0x0C, 0x0E, 0x15, 0x16, 0x18, 0x19), 2),
    **dict.fromkeys((0x03,), 3),
    **dict.fromkeys((0x0B, 0x10, 0x14, 0x17, 0x1B, 0x3D), 4),
    **dict.fromkeys((0x09,), 6),
    0x1C: 2,
}


def _elsys(port: int, data: bytes) -> Measured:
    """The port is a setting of the sensor."""
    if port == 6:  # its settings
        return Measured()
    m, at = Measured(), 0
    while at < len(data):
        kind = data[at]
        size = _ELSYS_SIZES.get(kind)
        raw = data[at + 1 : at + 1 + (size or 0)]
        if size is None or len(raw) != size:
            raise NotUnderstood(f"type {kind:02x} at byte {at}: unknown or cut short")
        if kind == 0x01:
            m.centi_c = 10 * _signed(raw, "big")
        elif kind == 0x07:
            m.mv = int.from_bytes(raw, "big")
        elif kind == 0x0E:
            m.mm = int.from_bytes(raw, "big")
        at += 1 + size
    return m


def _dingtek(port: int, data: bytes) -> Measured:
    """0x80, 0, device, what, length, level, place or none, temperature, angle, two bytes of flags,
    the rest, 0x81: big endian. Protocol of DF702 and DF703, V2.8."""
    _expect_port(port, 3)
    if len(data) < 17 or data[0] != 0x80 or data[-1] != 0x81 or data[4] != len(data):
        raise NotUnderstood("expected 80 … 81 with its own length")
    if data[3] == 3:  # its settings
        return Measured()
    if data[3] not in (1, 2) or len(data) != (25 if data[7] else 17):
        raise NotUnderstood(f"{len(data)} bytes of kind {data[3]}: expected a level of 17 or 25")
    rest = data[16:] if data[7] else data[8:]
    return Measured(
        mm=int.from_bytes(data[5:7], "big"),
        why=TILTED if rest[4] >> 4 else "",
        centi_c=100 * _signed(rest[:1], "big"),
        low=bool(rest[4] & 0x0F),
    )


# What stands for no target, or one that is too near, in sensors made of a MaxBotix HRXL.
_MAXBOTIX_5, _MAXBOTIX_10 = {300: BLIND, 5000: NO_ECHO}, {500: BLIND, 9999: NO_ECHO}
MODELS: dict[str, Model] = {
    "milesight-em310-udl": Model(_milesight({1: _BATTERY, 3: _DISTANCE, 4: _POSITION}), 30, 4500),
    "milesight-em400-mud": Model(
        _milesight({1: _BATTERY, 3: _TEMPERATURE, 4: _DISTANCE, 5: _POSITION}), 30, 4500
    ),
    "dragino-ldds75": Model(_dragino, 280, 7500, {0: FAULT}),
    "dragino-ldds45": Model(_dragino, 30, 4500, {0: FAULT}),
    "decentlab-dl-mbx-001": Model(_decentlab, 300, 5000, _MAXBOTIX_5),
    "decentlab-dl-mbx-002": Model(_decentlab, 500, 9999, _MAXBOTIX_10),
    "elsys-elt-ultrasonic": Model(_elsys, 300, 5000, _MAXBOTIX_5),
    "dingtek-df702": Model(_dingtek, 1, 5000),
}

"""Uplinks as network servers publish them: ChirpStack v4 and The Things Stack, both in JSON.

Both write protobuf messages as JSON, where a field that is 0, false or empty may be absent, and is
with most versions: frame 0 has no counter. Sources: integration.proto and gw.proto of ChirpStack;
"Data Formats" of The Things Stack."""

from __future__ import annotations

import binascii
import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct, field

from ..readings.messages import EARLIEST, LATEST

_EUI_DIGITS = 16
_LONGEST = 255  # bytes of a frame; LoRaWAN has 242 in its fastest data rates
_MOST = 1 << 32  # frame counters have 32 bits at most


class Unreadable(Exception):
    """Why a message is no uplink."""


@dataclass(frozen=True)
class Heard:
    """One gateway that heard a frame. at: by its own clock, Unix s; by_gps: that clock follows GPS.
    rssi in dBm, snr in dB."""

    gateway: str
    at: int | None = None
    by_gps: bool = False
    rssi: int | None = None
    snr: float | None = None


@dataclass(frozen=True)
class Uplink:
    """A frame of a device. session: what is new after each join. at: when the network server heard
    it, by its own clock, Unix s."""

    dev_eui: str
    session: str
    counter: int
    port: int
    data: bytes
    at: int
    heard: tuple[Heard, ...]

    def best(self) -> Heard | None:
        """The gateway that heard it best."""
        return max(self.heard, key=lambda h: (h.snr or 0.0, h.rssi or -999), default=None)


class _Device(Struct, rename="camel"):
    dev_eui: str = ""


class _RxInfo(Struct, rename="camel"):
    gateway_id: str = ""
    gw_time: str | None = None
    ns_time: str | None = None
    time_since_gps_epoch: str | None = None
    rssi: float | None = None
    snr: float | None = None


class _ChirpStack(Struct, rename="camel"):
    device_info: _Device
    time: str | None = None
    dev_addr: str | None = None
    f_cnt: int | None = None
    f_port: int | None = None
    data: str | None = None
    rx_info: list[_RxInfo] | None = None
    join_server_context: Any = None


class _GatewayIds(Struct):
    gateway_id: str = ""


class _RxMetadata(Struct):
    gateway_ids: _GatewayIds = field(default_factory=_GatewayIds)
    time: str | None = None
    gps_time: str | None = None
    rssi: float | None = None
    snr: float | None = None


class _Message(Struct):
    session_key_id: str | None = None
    f_port: int | None = None
    f_cnt: int | None = None
    frm_payload: str | None = None
    received_at: str | None = None
    rx_metadata: list[_RxMetadata] | None = None


class _EndDevice(Struct):
    dev_eui: str = ""
    dev_addr: str | None = None


class _ThingsStack(Struct):
    end_device_ids: _EndDevice
    uplink_message: _Message
    received_at: str | None = None
    simulated: bool | None = None


_of_chirpstack = msgspec.json.Decoder(_ChirpStack).decode
_of_things_stack = msgspec.json.Decoder(_ThingsStack).decode


def read(payload: bytes, now: int) -> Uplink:
    """The uplink of a message; Unreadable otherwise. now: Unix s, for one that tells no time."""
    try:
        if b'"uplink_message"' in payload:
            return _things_stack(_of_things_stack(payload), now)
        if b'"applicationID"' in payload and b'"deviceInfo"' not in payload:
            raise Unreadable("JSON of ChirpStack v3: expected that of v4, or of The Things Stack")
        return _chirpstack(_of_chirpstack(payload), now)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no uplink of ChirpStack v4 or The Things Stack: {error}") from None


def _chirpstack(m: _ChirpStack, now: int) -> Uplink:
    if m.join_server_context:
        raise Unreadable("its payload is encrypted end to end: the network server has no AppSKey")
    infos = m.rx_info or []
    # Before v4.6 there is no nsTime; time is then a gateway's, if not too far off, or the server's.
    times = [t for i in infos if (t := _seconds(i.ns_time)) is not None]
    at = min(times) if times else _seconds(m.time)
    heard = [
        Heard(i.gateway_id, _seconds(i.gw_time), bool(i.time_since_gps_epoch), _dbm(i.rssi), i.snr)
        for i in infos
    ]
    frame = m.f_cnt, m.f_port, m.data
    return _uplink(m.device_info.dev_eui, m.dev_addr, frame, now if at is None else at, heard)


def _things_stack(m: _ThingsStack, now: int) -> Uplink:
    if m.simulated:
        raise Unreadable("simulated by a person at The Things Stack: no sensor has sent it")
    message, ids = m.uplink_message, m.end_device_ids
    at = _seconds(message.received_at or m.received_at)
    heard = [
        Heard(
            i.gateway_ids.gateway_id,
            _seconds(i.gps_time or i.time),
            bool(i.gps_time),
            _dbm(i.rssi),
            i.snr,
        )
        for i in message.rx_metadata or []
    ]
    session = message.session_key_id or ids.dev_addr
    frame = message.f_cnt, message.f_port, message.frm_payload
    return _uplink(ids.dev_eui, session, frame, now if at is None else at, heard)


def _uplink(
    dev_eui: str,
    session: str | None,
    frame: tuple[int | None, int | None, str | None],
    at: int,
    heard: list[Heard],
) -> Uplink:
    """frame: counter, port and payload as they came."""
    eui = dev_eui.lower()
    if not is_eui(eui):
        expected = f"{_EUI_DIGITS} hexadecimal digits"
        raise Unreadable(f"DevEUI: expected {expected}, found {dev_eui[:40]!r}")
    counter, port, data = frame[0] or 0, frame[1] or 0, frame[2]
    if not 0 <= counter < _MOST or not 0 <= port < 256:
        raise Unreadable(f"{eui}: frame counter {counter}, port {port}: out of range")
    try:
        raw = binascii.a2b_base64(data or "", strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(f"{eui}: frame {counter}: the payload is no base64: {error}") from None
    if len(raw) > _LONGEST:
        raise Unreadable(
            f"{eui}: frame {counter}: {len(raw)} bytes, a frame has {_LONGEST} at most"
        )
    return Uplink(eui, session or "", counter, port, raw, at, tuple(heard))


def is_eui(text: str) -> bool:
    """Whether a text is an EUI-64 as 16 small hexadecimal digits."""
    return len(text) == _EUI_DIGITS and not set(text) - set("0123456789abcdef")


def _seconds(text: str | None) -> int | None:
    """Unix seconds of a time in RFC 3339; None without one, or where no clock was set (1970)."""
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"expected a time in RFC 3339, found {text[:40]!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    seconds = int(moment.timestamp())
    return seconds if EARLIEST <= seconds < LATEST else None


def _dbm(rssi: float | None) -> int | None:
    """0 dBm is never heard: it is how a missing value is written."""
    return round(rssi) if rssi else None

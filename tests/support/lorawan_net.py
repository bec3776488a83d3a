"""Frames of LoRaWAN sensors as their makers send them, and as network servers publish them."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CHIRPSTACK = "application/5d1d0a8c-6b1a-4f0b-9d2b-0f4f6a1c2e3d/device/{eui}/event/up"


@dataclass(frozen=True)
class At:
    """A gateway that heard a frame. clock: what it says of the time, Unix s; gps: it has GPS."""

    gateway: str
    rssi: int = -109
    snr: float = -3.5
    clock: float | None = None
    gps: bool = False


def rfc3339(t: float) -> str:
    return dt.datetime.fromtimestamp(t, dt.UTC).isoformat(timespec="milliseconds")


def chirpstack(
    eui: str,
    counter: int,
    frame: tuple[int, bytes],
    t: float,
    at: Sequence[At] = (At("0016c001f153a14c"),),
    *,
    addr: str = "00189440",
    with_zeros: bool = False,
    ns_time: bool = True,
) -> bytes:
    """An UplinkEvent as ChirpStack v4 publishes it. frame: port and bytes. with_zeros: as releases
    do that write out what is 0 or false; the field names are those of integration.proto and
    gw.proto."""
    infos: list[dict[str, Any]] = []
    for g in at:
        info: dict[str, Any] = {"gatewayId": g.gateway, "uplinkId": 7895, "context": "xwx0GQ=="}
        info |= {"rssi": g.rssi} | ({"snr": g.snr} if g.snr else {})
        info |= {"nsTime": rfc3339(t)} if ns_time else {}
        info |= {} if g.clock is None else {"gwTime": rfc3339(g.clock)}
        info |= {"timeSinceGpsEpoch": f"{(g.clock or t) - 315_964_782:.3f}s"} if g.gps else {}
        infos.append(info | {"crcStatus": "CRC_OK", "metadata": {"region_config_id": "cn470_10"}})
    device = {"applicationName": "bins", "deviceName": "bin", "devEui": eui, "tags": {"a": "b"}}
    event: dict[str, Any] = {
        "deduplicationId": str(uuid.uuid4()),
        "time": rfc3339(t),
        "deviceInfo": device,
        "devAddr": addr,
        "adr": True,
        "dr": 2,
        "fCnt": counter,
        "fPort": frame[0],
        "confirmed": False,
        "data": base64.b64encode(frame[1]).decode(),
        "object": {"whatever": 1.5},
        "rxInfo": infos,
        "txInfo": {"frequency": 486_300_000, "modulation": {"lora": {"spreadingFactor": 10}}},
        "regionConfigId": "cn470_10",
    }
    if not with_zeros:
        event = {key: value for key, value in event.items() if value not in (0, False, "", [])}
    return json.dumps(event).encode()


def things_stack(
    eui: str,
    counter: int,
    frame: tuple[int, bytes],
    t: float,
    at: Sequence[At] = (At("eui-0016c001f153a14c"),),
    *,
    session: str = "AXBSH1Pk6Z0G166RlH16CQ==",
    **more: Any,
) -> bytes:
    """An uplink as The Things Stack publishes it: "Data Formats" of its documentation."""
    metadata: list[dict[str, Any]] = []
    for g in at:
        one: dict[str, Any] = {"gateway_ids": {"gateway_id": g.gateway, "eui": "0016C001F153A14C"}}
        one |= {"timestamp": 2463457000, "rssi": g.rssi, "channel_rssi": g.rssi}
        one |= {"snr": g.snr} if g.snr else {}
        one |= {} if g.clock is None else {"gps_time" if g.gps else "time": rfc3339(g.clock)}
        metadata.append(one)
    message: dict[str, Any] = {
        "session_key_id": session,
        "f_port": frame[0],
        "f_cnt": counter,
        "frm_payload": base64.b64encode(frame[1]).decode(),
        "decoded_payload": {"whatever": 1.5},
        "rx_metadata": metadata,
        "settings": {"data_rate": {"lora": {"spreading_factor": 10}}, "frequency": "486300000"},
        "received_at": rfc3339(t),
        "consumed_airtime": "0.370688s",
    }
    ids = {"device_id": "bin", "application_ids": {"application_id": "bins"}}
    ids |= {"dev_eui": eui.upper(), "join_eui": "800000000000000C", "dev_addr": "00BCB929"}
    event = {
        "end_device_ids": ids,
        "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
        "received_at": rfc3339(t + 0.2),
        "uplink_message": {k: v for k, v in message.items() if v not in (0, "")},
    }
    return json.dumps(event | more).encode()


def em310(mm: int, percent: int = 92, tilted: bool = False) -> tuple[int, bytes]:
    """Port and bytes of a Milesight EM310-UDL."""
    position = bytes([4, 0, tilted])
    return 85, bytes([1, 0x75, percent, 3, 0x82]) + mm.to_bytes(2, "little") + position


def ldds75(mm: int, mv: int = 3385) -> tuple[int, bytes]:
    """Of a Dragino LDDS75."""
    return 2, mv.to_bytes(2, "big") + mm.to_bytes(2, "big") + bytes([0, 0, 0, 1])


def mbx(mm: int, mv: int = 2993) -> tuple[int, bytes]:
    """Of a Decentlab DL-MBX."""
    words = (303, 3, mm, 7, mv)
    return 1, bytes([2]) + b"".join(w.to_bytes(2, "big") for w in words)


def df702(mm: int, celsius: int = 25) -> tuple[int, bytes]:
    """Of a Dingtek DF702 without a place."""
    head = bytes([0x80, 0, 1, 1, 17]) + mm.to_bytes(2, "big")
    return 3, head + bytes([0, celsius]) + bytes(7) + b"\x81"

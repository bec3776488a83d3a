"""JSON of ChirpStack v4 and The Things Stack."""

from __future__ import annotations

import json

import pytest
from lorawan_net import At, chirpstack, things_stack

from host.lorawan.uplinks import Heard, Unreadable, Uplink, read

EUI, T = "24e124713b492010", 1_772_500_000
HEARD = [At("a", -109, -3.5, T - 1, True), At("b", -36, 10.5), At("c", -120, 0.0)]


@pytest.mark.parametrize("with_zeros", [False, True])
def test_chirpstack(with_zeros: bool) -> None:
    up = read(chirpstack(EUI, 7, (85, b"\x01\x75"), T + 0.4, HEARD, with_zeros=with_zeros), 0)
    heard = (Heard("a", T - 1, True, -109, -3.5), Heard("b", rssi=-36, snr=10.5))
    assert up == Uplink(EUI, "00189440", 7, 85, b"\x01\x75", T, (*heard, Heard("c", rssi=-120)))
    assert up.best() == heard[1]
    first = read(chirpstack(EUI, 0, (0, b""), T, with_zeros=with_zeros), 0)
    assert (first.counter, first.port, first.data) == (0, 0, b"")


def test_without_the_time_of_the_server_that_of_the_event_counts() -> None:
    assert read(chirpstack(EUI, 7, (85, b""), T, ns_time=False), 5).at == T
    message = json.loads(chirpstack(EUI, 7, (85, b""), T, ns_time=False))
    del message["time"]
    assert read(json.dumps(message).encode(), 5).at == 5


def test_the_things_stack() -> None:
    up = read(things_stack(EUI, 7, (2, b"\x0d\x39"), T, HEARD), 0)
    assert (up.dev_eui, up.session, up.counter) == (EUI, "AXBSH1Pk6Z0G166RlH16CQ==", 7)
    assert (up.port, up.data, up.at) == (2, b"\x0d\x39", T)
    assert up.heard[:2] == (Heard("a", T - 1, True, -109, -3.5), Heard("b", rssi=-36, snr=10.5))
    assert read(things_stack(EUI, 0, (2, b""), T), 0).counter == 0


GOOD = json.loads(chirpstack(EUI, 7, (85, b""), T))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"{", "no uplink"),
        (b"\xff\xfe", "no uplink"),
        (b"[" * 100_000, "no uplink"),
        (b"{}", "no uplink"),
        (json.dumps(GOOD | {"data": "AXVc*"}).encode(), "frame 7: the payload is no base64"),
        (json.dumps(GOOD | {"data": "AXV"}).encode(), "no base64"),
        (json.dumps(GOOD | {"data": "AXVc" * 100}).encode(), "300 bytes, a frame has 255"),
        (json.dumps(GOOD | {"fCnt": -1}).encode(), "frame counter -1"),
        (json.dumps(GOOD | {"fCnt": "7"}).encode(), "fCnt"),
        (json.dumps(GOOD | {"deviceInfo": {"devEui": "24e1"}}).encode(), "expected 16 hexadecimal"),
        (json.dumps(GOOD | {"joinServerContext": {"sessionKeyId": "x"}}).encode(), "end to end"),
        (things_stack(EUI, 1, (2, b""), T, simulated=True), "simulated"),
        (b'{"applicationID":"1","devEUI":"JOEkcTtJIBA="}', "ChirpStack v3"),
        (chirpstack(EUI, 7, (85, b""), T).replace(b"+00:00", b"+99:00"), "RFC 3339"),
    ],
)
def test_what_is_no_uplink_is_told(payload: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read(payload, 0)


def test_a_gateway_without_a_clock_tells_no_time() -> None:
    assert read(chirpstack(EUI, 7, (85, b""), T, [At("a", clock=0.0)]), 0).heard[0].at is None

"""The bytes of sensors that are sold, by examples that their makers or others publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lorawan_net import df702, em310, ldds75, mbx

from host.lorawan.payloads import (
    BLIND,
    FAULT,
    MODELS,
    NO_ECHO,
    RANGE,
    TILTED,
    Measured,
    NotUnderstood,
)


def measured(model: str, port: int, hexadecimal: str) -> Measured:
    return MODELS[model].measured(port, bytes.fromhex(hexadecimal))


@pytest.mark.parametrize(
    ("model", "port", "sent", "expected"),
    [
        # README of em310-udl and of em400-mud in Milesight-IoT/SensorDecoders; both are tilted.
        (
            *("milesight-em310-udl", 85, "01755C 03824408 040001"),
            Measured(why=TILTED, percent=92),
        ),
        (
            *("milesight-em310-udl", 85, "01755C 03824408 040000"),
            Measured(mm=2116, percent=92),
        ),
        (
            *("milesight-em400-mud", 85, "01755C 03670101 04824408 050001"),
            Measured(why=TILTED, centi_c=2570, percent=92),
        ),
        ("milesight-em400-mud", 85, "8367e80001 8482410601", Measured(mm=1601, centi_c=2320)),
        # User guide of EM400-MUD: what it is, once after each join.
        (
            *("milesight-em400-mud", 85),
            "ff0bff ff0101 ff166329c42503920003 ff090100 ff0a0101 ff0f00",
            Measured(),
        ),
        # lorawan-devices: vendor/decentlab/dl-mbx-codec.yaml.
        ("decentlab-dl-mbx-001", 1, "02012f000304d200010bb1", Measured(mm=1234, mv=2993)),
        ("decentlab-dl-mbx-001", 1, "02012f00020bb1", Measured(mv=2993)),
        # lorawan-devices: vendor/dingtek/df702-codec.yaml, both kinds, and its settings.
        ("dingtek-df702", 3, "800001011107D000190000000000000081", Measured(mm=2000, centi_c=2500)),
        (
            *("dingtek-df702", 3, "800001011907D001CD03E942EF272042190000000000000081"),
            Measured(mm=2000, centi_c=2500),
        ),
        (
            *("dingtek-df702", 3, "80000103190104 18011E4B1E 000000000000000000000000 81"),
            Measured(),
        ),
        # lorawan-devices: vendor/elsys/elt-ultrasonic-codec.yaml; further than it can measure.
        (
            *("elsys-elt-ultrasonic", 1, "0100E2 0229 03012705 1406010111 0E2311"),
            Measured(why=RANGE, centi_c=2260),
        ),
        (
            *("elsys-elt-ultrasonic", 5, "0100E2 0229 070E3C 0E0311"),
            Measured(mm=785, centi_c=2260, mv=3644),
        ),
        # Manual of LDDS75: 0x0D39 is 3,385 mV, 0x0B05 is 2,821 mm; a probe is not connected.
        ("dragino-ldds75", 2, "0D390B0500000001", Measured(mm=2821, mv=3385)),
    ],
)  # fmt: skip
def test_published_examples(model: str, port: int, sent: str, expected: Measured) -> None:
    assert measured(model, port, sent) == expected


@pytest.mark.parametrize(
    ("model", "frame", "why"),
    [
        ("milesight-em310-udl", em310(0), NO_ECHO),
        ("milesight-em310-udl", em310(0xFFFF), NO_ECHO),
        ("milesight-em310-udl", em310(29), BLIND),
        ("milesight-em310-udl", em310(4501), RANGE),
        ("milesight-em310-udl", em310(500, tilted=True), TILTED),
        ("dragino-ldds75", ldds75(0), FAULT),
        ("dragino-ldds75", ldds75(20), BLIND),  # since its firmware 1.1.4 for all below 280 mm
        ("dragino-ldds75", ldds75(7501), RANGE),
        ("dragino-ldds75", (2, ldds75(1000)[1][:-1] + b"\0"), FAULT),
        ("decentlab-dl-mbx-001", mbx(5000), NO_ECHO),
        ("decentlab-dl-mbx-001", mbx(300), BLIND),
        ("decentlab-dl-mbx-002", mbx(9999), NO_ECHO),
        ("decentlab-dl-mbx-001", (1, bytes.fromhex("02012f000304d200000bb1")), NO_ECHO),
        ("dingtek-df702", df702(0), NO_ECHO),
        ("dingtek-df702", (3, bytes.fromhex("800001011103D000190000001000000081")), TILTED),
        ("elsys-elt-ultrasonic", (5, b"\x0e\x01\x2c"), BLIND),
    ],
)
def test_what_is_no_distance_is_never_a_fill(
    model: str, frame: tuple[int, bytes], why: str
) -> None:
    m = MODELS[model].measured(*frame)
    assert (m.mm, m.why) == (None, why)


@pytest.mark.parametrize(
    ("model", "port", "sent", "told"),
    [
        ("milesight-em310-udl", 2, "01755C", "port 2: expected 85"),
        ("milesight-em310-udl", 85, "01755C 03670101", "channel 03 of type 67 at byte 3"),
        ("milesight-em310-udl", 85, "01755C 038244", "ends within channel 03"),
        ("dragino-ldds75", 42, "0E1C0B05", "port 42: expected 2"),
        ("dragino-ldds75", 2, "0E1C0B05", "4 bytes: expected 8"),
        ("decentlab-dl-mbx-001", 1, "03012f00020bb1", "protocol 2"),
        ("decentlab-dl-mbx-001", 1, "02012f000704d200010bb1", "no DL-MBX"),
        ("dingtek-df702", 3, "800001011107D0001900000000000000", "expected 80"),
        ("elsys-elt-ultrasonic", 5, "0E23", "type 0e at byte 0"),
        ("elsys-elt-ultrasonic", 5, "7F23", "type 7f at byte 0"),
    ],
)
def test_frames_of_something_else(model: str, port: int, sent: str, told: str) -> None:
    with pytest.raises(NotUnderstood, match=told):
        measured(model, port, sent)


@given(st.sampled_from(sorted(MODELS)), st.integers(0, 255), st.binary(max_size=60))
def test_no_bytes_stop_it(model: str, port: int, data: bytes) -> None:
    try:
        m = MODELS[model].measured(port, data)
    except NotUnderstood:
        return
    assert m.mm is None or (not m.why and MODELS[model].nearest <= m.mm <= MODELS[model].farthest)


def test_a_battery_that_is_only_said_to_be_low() -> None:
    assert measured("dingtek-df702", 3, "800001011107D000190000000100000081").low

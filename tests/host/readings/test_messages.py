"""Decoding: what is stored is true, and what is refused says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from host.readings import births, messages

LATEST = 1_790_086_400
GOOD: dict[str, Any] = {
    **{"life": "9c4e01ab", "seq": 3456, "boot": 17, "t": 1_790_000_000},
    **{"w1": 83.42, "f1": 0.41, "c1": -12.5, "d1": 1, "q": {"f1": "no_echo"}},
}


def refused(payload: bytes) -> str:
    good, bad = messages.readings(payload, LATEST)
    assert not good
    assert len(bad) == 1
    return bad[0][1]


def test_units_become_integers() -> None:
    good, bad = messages.readings(json.dumps(GOOD).encode(), LATEST)
    assert not bad
    r = good[0]
    assert r.values == {"w1": 83420, "f1": 410, "c1": -1250, "d1": 1}
    assert (r.life, r.seq, r.boot, r.t, r.up) == ("9c4e01ab", 3456, 17, 1_790_000_000, None)
    assert r.q == {"f1": "no_echo"}


def test_every_gram_is_exact() -> None:
    for grams in range(0, 150_000, 7):
        payload = f'{{"life":"00000000","seq":0,"boot":0,"t":1790000000,"w1":{grams / 1000}}}'
        assert messages.readings(payload.encode(), LATEST)[0][0].values["w1"] == grams


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"life": None}, "life"),
        ({"life": "xyz"}, "life: expected 8 hexadecimal digits"),
        ({"life": 5}, "life: expected 8 hexadecimal digits"),
        ({"seq": "1"}, "seq: expected a whole number"),
        ({"seq": -1}, "seq: expected a whole number"),
        ({"seq": 1 << 40}, "seq: expected a whole number"),
        ({"seq": True}, "seq: expected a whole number"),
        ({"seq": None}, "seq is missing"),
        ({"boot": 1.5}, "boot: expected a whole number"),
        ({"t": 1000}, "t: 1000 is not within 2015 to 2100"),
        ({"t": 4_102_444_800}, "is not within 2015 to 2100"),
        ({"t": LATEST + 1}, "is in the future"),
        ({"t": 1_790_000_000.5}, "t: expected whole Unix seconds"),
        ({"up": 5}, "expected exactly one of t and up"),
        ({"w1": 10_001}, "w1: 10001 is not within"),
        ({"w1": 1e300}, "w1: "),
        ({"w1": "83"}, "w1: expected a number"),
        ({"w1": None}, "w1: expected a number"),
        ({"w1": [1]}, "w1: expected a number"),
        ({"f1": 1.5}, "f1: 1.5 is not within"),
        ({"c1": 200}, "c1: 200 is not within"),
        ({"d1": 2}, "d1: 2 is not within"),
        ({"weight": 1}, "unknown key 'weight'"),
        ({"q": []}, "q: expected an object"),
        ({"q": {"f1": "broken"}}, "unknown reason"),
        ({"q": {"": "no_echo"}}, "is no channel"),
    ],
)
def test_each_fault_has_its_reason(change: dict[str, Any], why: str) -> None:
    value = GOOD | change
    if change in ({"seq": None}, {"life": None}):
        value = {k: v for k, v in value.items() if k not in change}
    assert why in refused(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"life":', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"life":"9c4e01ab","seq":1,"boot":1,"t":1790000000,"w1":NaN}', "not JSON"),
        (b'{"life":"9c4e01ab","seq":1,"boot":1,"t":1790000000,"w1":Infinity}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"5", "expected an object or an array"),
        (b'"text"', "expected an object or an array"),
        (b"[]", "an array without readings"),
        (b'{"life":"9c4e01ab","seq":1,"boot":1,"t":1790000000}', "no channel"),
        (b"\x00" * (1 << 20), "not JSON"),
        (b"x" * ((1 << 20) + 1), "larger than"),
    ],
)
def test_what_is_no_reading_at_all(payload: bytes, why: str) -> None:
    assert why in refused(payload)


def test_a_bad_element_does_not_take_the_others_with_it() -> None:
    array = [GOOD, GOOD | {"seq": "x"}, 7, GOOD | {"seq": 3457}]
    good, bad = messages.readings(json.dumps(array).encode(), LATEST)
    assert [r.seq for r in good] == [3456, 3457]
    assert [json.loads(p) for p, _, _ in bad] == [GOOD | {"seq": "x"}, 7]


def test_birth() -> None:
    body = {"life": "9c4e01ab", "boot": 3, "up": 12, "t": 1_790_000_000, "fw": "qingyun"}
    b = births.birth(json.dumps(body).encode(), LATEST)
    assert (b.life, b.boot, b.up, b.t) == ("9c4e01ab", 3, 12, 1_790_000_000)
    del body["t"]
    assert births.birth(json.dumps(body).encode(), LATEST).t is None
    with pytest.raises(messages.Rejected, match="up is missing"):
        births.birth(b'{"life":"9c4e01ab","boot":3}', LATEST)

"""Readings as bytes and as JSON."""

import json

from sensors import quality
from sensors import record

NAMES = ["w1", "f1", "c1", "d1"]


def test_values_and_marks_come_back():
    body = record.pack([83420, 410, -1250, 1], [0, 0, 0, 0])
    assert [record.value(body, i) for i in range(4)] == [83420, 410, -1250, 1]
    text = record.to_json("9c4e01ab", 3456, 17, True, 1790000000, body, NAMES)
    assert text == (
        '{"life":"9c4e01ab","seq":3456,"boot":17,"t":1790000000,'
        '"w1":83.42,"f1":0.41,"c1":-12.5,"d1":1}'
    ), text


def test_absent_values_and_reasons():
    body = record.pack([None, 0, None, 0], [quality.NOT_READY, quality.NO_ECHO, 0, 0])
    got = json.loads(record.to_json("00000000", 0, 0, False, 5, body, NAMES))
    assert got == {
        "life": "00000000",
        "seq": 0,
        "boot": 0,
        "up": 5,
        "f1": 0,
        "d1": 0,
        "q": {"w1": "not_ready", "f1": "no_echo"},
    }


def test_decimals_are_exact():
    for grams, text in ((0, "0"), (-1, "-0.001"), (1000, "1"), (10, "0.01"), (-12345, "-12.345")):
        assert record.text(grams, 1000) == text


def test_the_largest_weight_is_held_at_the_edge():
    assert record.value(record.pack([9000000], [0]), 0) == 0x7FFFFF
    assert record.value(record.pack([-9000000], [0]), 0) == -0x7FFFFF

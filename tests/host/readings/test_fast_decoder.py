"""Decoding by shape gives what decoding key by key gives, for whatever comes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host.readings import messages
from host.readings.fast_decoder import Reader, Shape, shape_of

LATEST = 1_790_086_400
USUAL = {"life": "9c4e01ab", "seq": 1, "boot": 0, "t": 1_790_000_000, "w1": 83.42, "f1": 0.41}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.integers(-11, 101),
    st.integers(1_789_999_990, 1_790_090_000),
    st.floats(allow_nan=False),
    st.floats(-20, 120).map(lambda x: round(x, 3)),
    st.sampled_from(["9c4e01ab", "9c4e01ab\n", "9C4E01AB", "", "x", [], {}, {"w1": "moving"}]),
)
KEYS = st.sampled_from([*USUAL, "up", "q", "w2", "c1", "d1", "w01", "zz"])
CHANGES = st.dictionaries(KEYS, VALUES, max_size=2)


def primed() -> Reader:
    reader = Reader()
    reader.readings(json.dumps(USUAL).encode(), LATEST)
    return reader


def shown(found: tuple[list[messages.Reading], list[Any]]) -> str:
    """repr() tells 1 from 1.0 and True; the order of channels says nothing."""
    good, bad = found
    return repr(([_without_order(r) for r in good], bad))


def _without_order(r: messages.Reading) -> messages.Reading:
    return msgspec.structs.replace(r, values=dict(sorted(r.values.items())))


@settings(max_examples=600, deadline=None)
@given(st.lists(CHANGES, max_size=3), st.booleans(), st.sets(KEYS, max_size=1))
@example([{"w1": 5}], False, set())
@example([{"seq": 1.0}], False, set())
@example([{"life": "9c4e01ab\n"}], True, set())
def test_the_same_as_key_by_key(changes: list[dict[str, Any]], array: bool, gone: set[str]) -> None:
    made = [{k: v for k, v in (USUAL | c).items() if k not in gone} for c in changes]
    payload = json.dumps(made if array else made[0] if made else 0).encode()
    reader = primed()
    for _ in range(2):  # the second time by the shape that the first one has left
        assert shown(reader.readings(payload, LATEST)) == shown(messages.readings(payload, LATEST))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 200), st.binary(max_size=4))
def test_bytes_put_anywhere(at: int, more: bytes) -> None:
    whole = json.dumps([USUAL, USUAL | {"seq": 2}]).encode()
    payload = whole[:at] + more + whole[at + len(more) :]
    assert shown(primed().readings(payload, LATEST)) == shown(messages.readings(payload, LATEST))


def test_every_gram_is_exact() -> None:
    reader = primed()
    for grams in range(-10_000, 150_000, 11):
        payload = json.dumps(USUAL | {"w1": grams / 1000}).encode()
        assert reader.readings(payload, LATEST)[0][0].values["w1"] == grams


def test_the_shape_is_what_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = primed()

    def slow(*_: object) -> None:
        raise AssertionError("decoded key by key")

    monkeypatch.setattr(messages, "readings", slow)
    payload = json.dumps([USUAL | {"seq": n} for n in range(32)]).encode()
    assert [r.seq for r in reader.readings(payload, LATEST)[0]] == list(range(32))


def test_shapes_are_few() -> None:
    one = messages.readings(json.dumps(USUAL).encode(), LATEST)[0][0]
    assert isinstance(shape_of(one), Shape)
    assert shape_of(one) is shape_of(one)
    for n in range(200):
        payload = json.dumps(
            {k: v for k, v in USUAL.items() if k[0] not in "wf"}
            | {f"w{i}": 1 for i in range(8) if n >> i & 1}
            | {"c1": 1}
        )
        shape_of(messages.readings(payload.encode(), LATEST)[0][0])
    from host.readings import fast_decoder  # noqa: PLC0415

    assert len(fast_decoder._shapes) <= fast_decoder._MOST

"""Whatever a board says of itself concerns its own line alone."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from soak import in_part

from host.mqtt.board_state import Board, is_channel, lines, usable

NOW = 1_790_006_400.0
KEYS = st.sampled_from(
    (
        *("w1", "f1", "c1", "d1", "w²", "w100000", "f", "t", "up", "q", "seq", "life", "queue"),
        *("rssi", "clock", "drift_ppm", "dropped", "version", "channels", "w1\x1b[2J", "\ud800"),
    )
)
ODD = st.sampled_from(
    (
        *("1" * 400, "-" + "9" * 400, "1e308", "-1e308", "1e999", "NaN", "-Infinity", "true"),
        *(
            "null",
            '"\\u001b]0;x\\u0007"',
            '"\\ud800"',
            '"[red]x[/red]"',
            "[[[[[[1]]]]]]",
            "{}",
            "-0.0",
        ),
    )
)


def of_keys(pairs: list[tuple[str, str]]) -> bytes:
    body = ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs)
    return f"{{{body}}}".encode()


bodies = st.one_of(
    st.builds(of_keys, st.lists(st.tuples(KEYS, ODD), max_size=5)), st.binary(max_size=30)
)


@seed(int(os.environ.get("SEED", "1")))
@settings(max_examples=in_part(200, 50_000), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("state", "birth", "reading", "status")), bodies), max_size=5
    )
)
def test_any_message(said: list[tuple[str, bytes]]) -> None:
    board = Board("fs-01", "qy-fs01")
    for kind, payload in said:
        board.take(kind, payload, False, NOW)
    shown = [line.plain for line in lines(board, NOW, 80)]
    assert all(line.isprintable() for line in shown)
    json.dumps([board.state, board.birth], allow_nan=False)


@pytest.mark.parametrize("number", ["1" * 400, "1e999", "NaN", "-1e16"])
def test_what_is_no_number_is_left_out(number: str) -> None:
    board = Board("fs-01", "qy-fs01")
    board.take("state", b'{"t":1790006000,"w1":12.5,"w2":%s}' % number.encode(), True, NOW)
    assert board.state == {"t": 1_790_006_000, "w1": 12.5}
    assert board.age(NOW) == 400


def test_only_channels_are_channels() -> None:
    names = ("w1", "f07", "c99", "b1", "w", "w²", "w100", "x1", "", "w1a")
    assert [n for n in names if is_channel(n)] == ["w1", "f07", "c99", "b1"]
    assert usable({"a": [1, float("nan"), "x\ny"], "b": float("inf")}) == {"a": [1, "x?y"]}


def test_a_lorawan_sensor() -> None:
    board = Board("fs-01", "lw-1")
    board.take("status", b"online", True, NOW)
    said = b'{"t":1790006000,"s1":-3.5,"r1":-109,"v1":3.385,"b1":92,"f1":0.41,"q":{"f1":"tilted"}}'
    board.take("state", said, True, NOW)
    assert [str(line) for line in lines(board, NOW, 200)] == [
        "fs-01/lw-1  online 在线  6 min ago",
        "  f1 41 % tilted 倾斜  b1 92 % ok  v1 3.38 V ok  r1 -109 dBm ok  s1 -3.5 dB ok",
    ]

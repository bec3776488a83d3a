"""The line of a board at a terminal: told where it is another one than Wi-Fi, in red what needs
somebody."""

from __future__ import annotations

import json

import pytest

from host.mqtt.board_line import told
from host.mqtt.board_state import Board, lines


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"rssi": -61}, []),
        ({"uplink": "lan"}, [("line lan 网线", "")]),
        ({"uplink": ["lan"], "sim": []}, []),
        ({"uplink": "ppp", "sim": "pin"}, [("line ppp 4G", ""), ("SIM pin 有 PIN 码", "red")]),
        (
            {"uplink": "ppp", "sim": "ready", "month_kb": 10233, "budget_mb": 30},
            [("line ppp 4G", ""), ("month 本月 10.2 of 30 MB", "")],
        ),
        (
            {"uplink": "ppp", "month_kb": 30012, "budget_mb": 30},
            [("line ppp 4G", ""), ("month 本月 30.0 of 30 MB", "red")],
        ),
        ({"uplink": "ppp", "month_kb": True}, [("line ppp 4G", "")]),
    ],
)
def test_told(said: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert list(told(said)) == expected


def test_it_stands_with_the_rest() -> None:
    board = Board("fs-01", "qy-fs01")
    board.take("state", json.dumps({"w1": 1, "uplink": "ppp", "month_kb": 5}).encode(), False, 0)
    assert "line ppp 4G" in "\n".join(line.plain for line in lines(board, 0, 200))

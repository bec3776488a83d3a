"""A board without the memory for an update beside its channels does it in a start for it alone,
and comes back to its sampling whatever happens meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from broker import Broker
from ota import Ota, command

pytestmark = pytest.mark.usefixtures("needs_mosquitto")
ROOM = 30_000  # bytes free; an update beside the channels needs 37 KB


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def statuses(board) -> list[bytes]:
    said = board.heard.of("status")
    return [s for n, s in enumerate(said) if not n or said[n - 1] != s]


def test_it_restarts_for_the_update_and_is_updated(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, room=ROOM) as board:
        reply = board.update(new)
        assert reply["result"] == {"state": "restart"}, reply
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
        print(statuses(board), board.heard.json("reply"))
    print(ota.site.log()[-6000:])
    print(ota.attempts())

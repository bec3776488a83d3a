"""Weeks of faults at random moments: a board is back within its backoff each time."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

from broker import Broker
from fault_proxy import Proxy
from listener import Listener
from simple_site import FILL, Row, SimpleSite

DAY = 86_400
# A look at Wi-Fi every 30 s, a backoff of 60 s at the most and half of it again, two waits of
# the loop of 10 s.
BACK_S = 30 + 90 + 20


def test_a_board_comes_back_after_days(tmp_path: Path, broker: Broker) -> None:
    """Ticks of the board have 30 bits: a difference of more than 6.2 days is negative."""
    draw = random.Random(int(os.environ.get("SEED", "1")))  # noqa: S311
    site = SimpleSite(tmp_path)
    site.configure(channels=[FILL], report={"every_s": 3600})
    rows: list[Row] = [(0, "f1", 500)]
    ends = [DAY]  # until then the first try has failed and a later one has not
    for connected_days, away_s in ((6.5, 20), (0, 6.5 * DAY), (0, 300)):
        lost = ends[-1] + int(connected_days * DAY) + draw.randrange(3600, 6 * 3600)
        back = lost + int(away_s) + draw.randrange(60)
        rows += [(lost, "wifi", 0), (back, "wifi", 1)]
        ends.append(back)
    rows.append((ends[-1] + 3600, "f1", 500))
    site.trace(rows)
    with Listener(broker) as heard, Proxy((broker.host, broker.port)) as proxy:
        proxy.refuse()
        board = site.board(proxy.address)
        process = board.launch()
        while "next try" not in site.log():
            assert process.poll() is None, site.log()
            time.sleep(0.001)
        proxy.listen()
        assert process.wait(timeout=300) == 0, site.log()[-2000:]
        heard.wait("birth", len(ends))
        births = [json.loads(b)["up"] for b in heard.of("birth")]
    assert board.result()["starts"] == 1
    assert births[0] <= DAY
    for end in ends[1:]:
        later = [up - end for up in births if up >= end]
        assert later and later[0] <= BACK_S, (end / DAY, later[:1])

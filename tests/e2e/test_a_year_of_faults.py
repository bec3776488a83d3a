"""Faults at random moments for days, a year with SOAK=1: a board keeps to its backoff each time."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from broker import Broker
from fault_proxy import CONNECT, PASS, Fate, Packet, Proxy
from simple_site import FILL, Row, SimpleSite
from soak import in_part

DAY = 86_400
DAYS = in_part(1, 366)
GAP_S = in_part(4_000, 60_000)  # between faults, on average
CUT = in_part(0.01, 0.001)  # of the packets of a board
LONG = in_part(0.0, 0.04)  # of the times without Wi-Fi: longer than ticks can tell
WHAT = r"wifi: lost|wifi: connected|mqtt: connected|warning: mqtt: .*next try in (\d+) s"
LINE = re.compile(rf"(\d{{10}}) ({WHAT})")
# A turn of the loop waits up to 10 s, and a question to name servers or a connection takes as long.
SLACK_S = 25
ASSOCIATE_S = 30  # from one look at Wi-Fi to the next


def faults(draw: random.Random) -> list[Row]:
    """Wi-Fi, name or time servers away for seconds to eight days, or a reset."""
    rows: list[Row] = []
    t = 3600.0
    while t < DAYS * DAY:
        what = draw.choice(("wifi", "wifi", "dns", "ntp", "reset"))
        away = 1 if what == "reset" else draw.choice((5, 60, 900, 7200)) * draw.uniform(1, 4)
        if what == "wifi" and draw.random() < LONG:
            away = draw.uniform(6, 8) * DAY
        rows += [(t, what, 1)] if what == "reset" else [(t, what, 0), (t + away, what, 1)]
        t += away + draw.expovariate(1 / GAP_S)
    return rows


class Cuts:
    """Ends sessions at random packets, and then the next few connections too."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._refused = 0
        self.count = 0

    def __call__(self, packet: Packet) -> Fate:
        if not packet.from_board:
            return PASS
        if packet.kind == CONNECT and self._refused:
            self._refused -= 1
        elif self._draw.random() < CUT:
            self._refused = self._draw.randrange(12)
        else:
            return PASS
        self.count += 1
        return Fate(0, self._draw.choice(("close", "reset")))


def check_each(log: str) -> Iterator[int]:
    """Seconds from what kept the board away to its next try, less what it said that it waits."""
    since, wait = None, 0
    has_wifi = True
    for line in log.splitlines():
        if not (found := LINE.match(line)):
            continue
        at, what = int(found[1]), found[2]
        if what == "wifi: lost":
            has_wifi = False
        elif what == "wifi: connected":
            has_wifi, since, wait = True, at, max(0, wait - (at - since) if since else 0)
        elif since is not None and has_wifi:
            yield at - since - wait
        if what.startswith(("mqtt", "warning")) and has_wifi:
            since, wait = (None, 0) if what == "mqtt: connected" else (at, int(found[3]))


def test_a_board_keeps_to_its_backoff(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """Ticks of the board have 30 bits, and tell no more than 6.2 days apart."""
    draw = random.Random(int(os.environ.get("SEED", "1")))  # noqa: S311 - a simulation
    site = SimpleSite(tmp_path)
    mqtt = {"host": "127.0.0.1", "keepalive": 600}
    site.configure(channels=[FILL], report={"every_s": 3600}, mqtt=mqtt)
    rows = [(0.0, "f1", 500.0), *faults(draw), (DAYS * DAY + 1800.0, "f1", 500.0)]
    site.trace(rows)
    with Proxy((broker.host, broker.port), cuts := Cuts(draw)) as proxy:
        board = site.board(f"localhost:{proxy.port}")
        process = board.launch()
        try:
            assert process.wait(timeout=in_part(300, 7200)) == 0, site.log()[-2000:]
        finally:
            process.kill()
    report = board.result()
    late = list(check_each(site.log()))
    resets = sum(what == "reset" for _, what, _ in rows)
    outages = sum(what == "wifi" and not value for _, what, value in rows)
    assert report["starts"] == 1 + resets
    assert report["queued"] == 0
    assert report["published"] >= report["readings"] > 20 * DAYS
    assert len(late) >= outages + cuts.count > DAYS
    assert max(late) <= SLACK_S
    figure(
        f"{DAYS} days of virtual time, {outages} times without Wi-Fi, {cuts.count} connections "
        f"cut, {resets} resets: each next try at most {max(late)} s after the backoff; "
        f"{report['readings']} readings made and published"
    )

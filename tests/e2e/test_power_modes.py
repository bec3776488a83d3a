"""A board on batteries: wakes up, looks, sleeps; what it read arrives all the same."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import stored
from broker import Broker
from host_job import Ingester
from played import wait_stored
from simple_site import FILL, MIDNIGHT, THERMOMETER, SimpleSite

DAY = 86_400


@pytest.fixture
def site(tmp_path: Path) -> SimpleSite:
    site = SimpleSite(tmp_path)
    site.configure([FILL, THERMOMETER], power={"mode": "cycle", "wake_s": 900, "send_every": 4})
    return site


def test_a_day_of_duty_cycle(
    site: SimpleSite, broker: Broker, figure: Callable[[str], None]
) -> None:
    rows = [(0.0, "c1", 20.0), *((3600.0 * h, "f1", 1000 - 30 * h) for h in range(25))]
    rows += [(6 * 3600.0, "wifi", 0), (12 * 3600.0, "wifi", 1)]
    site.trace(rows)
    with Ingester(site.db, site.folder, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address, until=MIDNIGHT + DAY + 10))
        wait_stored(site.db, report["published"])
    rows_stored = [r for _, r in stored.readings(site.db)]
    # Three pings and a conversion of the thermometer fit into the look of each waking.
    assert all({"f1", "c1"} <= r.values.keys() and not r.q for r in rows_stored)
    found = [r.t for r in rows_stored]
    made = report["readings"]
    assert made == report["starts"] == pytest.approx(96, abs=1)
    # A conversion of the thermometer takes 0.8 s; the battery pays for each second more.
    assert report["awake_s"] - report["online_s"] <= 1.5 * report["starts"]
    times = [t for t in found if t is not None]
    assert (
        len(times) == len(found) == report["published"] >= made - 4
    )  # the last are still in its memory
    assert [s[1:] for s in stored.spans(site.db)] == [(0, len(times) - 1)]
    assert all(b - a == pytest.approx(900, abs=3) for a, b in itertools.pairwise(times))
    figure(
        f"duty cycle, a day, 900 s, network away for 6 h: {made} readings, "
        f"{len(times)} stored, awake {report['awake_s']:.1f} s, "
        f"{report['online_s']:.1f} s of it with the radio on, {report['erases']} erases"
    )


def test_weighing_boards_are_always_on(site: SimpleSite) -> None:
    site.configure(power={"mode": "cycle"})
    site.trace([(0, "w1", 5), (60, "w1", 5)])
    assert site.board("127.0.0.1:9").launch().wait(300) == 2
    expected = r"error: .*: channels\[0\]\.kind: expected no weight in the mode cycle"
    assert re.search(expected, site.log())
    assert json.loads((site.folder / "board.json").read_text())["power"] == {"mode": "cycle"}

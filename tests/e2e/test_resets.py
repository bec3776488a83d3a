"""Resets the board did not ask for: nothing is lost, and safe mode when it does not heal."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import stored
from bench import Bench
from broker import Broker, free_port
from host_job import Ingester
from listener import Listener
from played import wait_stored
from simple_site import SimpleSite
from soak import in_part

DAY = 86_400


@pytest.fixture
def site(tmp_path: Path) -> SimpleSite:
    site = SimpleSite(tmp_path)
    site.configure(report={"every_s": 60, "sample_s": 5})
    return site


@pytest.mark.parametrize("seed", in_part([1], [1, 2]))
def test_a_hundred_resets_in_a_day(
    site: SimpleSite, broker: Broker, seed: int, figure: Callable[[str], None]
) -> None:
    """Watchdog resets at random moments (70 s apart or more: nearer would be failed
    starts), half of them while the network is away."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    gaps = [70 + draw.expovariate(1) for _ in range(100)]
    stretch = (DAY - 1000 - 70 * 100) / sum(g - 70 for g in gaps)
    rows: list[tuple[float, str, float]] = [(0, "w1", 0), (DAY, "w1", 0)]
    t = 300.0
    for g in gaps:
        t += 70 + (g - 70) * stretch
        rows.append((round(t, 1), "reset", 1))
    rows += [(3600 * h, "wifi", h % 2) for h in range(1, 24)]
    rows += [(1800 * h + 7, "w1", (h * 3) % 50) for h in range(1, 47)]
    site.trace(rows)
    with Ingester(site.db, site.folder, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address))
        wait_stored(site.db, report["readings"])
        counts = ingester.stats()
    found = [r for _, r in stored.readings(site.db)]
    counts_of = (len(found), len({r.seq for r in found}), sum(r.t is not None for r in found))
    made = report["readings"]
    assert report["starts"] == 101
    assert [s[1:] for s in stored.spans(site.db)] == [(0, made - 1)]
    assert counts_of == (made, made, made)
    figure(
        f"100 resets in a day, seed {seed}: {made} readings made, {counts_of[0]} stored, "
        f"{made - counts_of[0]} lost, {counts_of[0] - counts_of[1]} doubled "
        f"({counts['duplicates']} arrived twice)"
    )


def test_the_time_is_kept_over_a_reset(site: SimpleSite, broker: Broker) -> None:
    """The network goes, the board resets: what it reads then is dated at once."""
    site.trace(
        [(0, "w1", 5), (1000, "wifi", 0), (2000, "reset", 1), (9000, "wifi", 1), (9600, "w1", 5)]
    )
    with Listener(broker) as heard:
        report = site.run(site.board(broker.address))
        births = heard.json("birth")
        arrays = [json.loads(p if p[:1] == b"[" else b"[%b]" % p) for p in heard.of("reading")]
    # By seq: while a backlog is sent, the newest goes ahead and comes again.
    readings = [r for _, r in sorted({r["seq"]: r for a in arrays for r in a}.items())]
    assert births[-1]["reset"] == "watchdog"
    assert births[-1]["clock"] in ("rtc", "ntp")
    assert len(readings) == report["readings"]
    assert all("t" in r for r in readings)
    times = [r["t"] for r in readings]
    assert times == sorted(times)
    assert max(b - a for a, b in itertools.pairwise(times)) <= 90


def test_three_failed_starts_are_safe_mode_and_why(site: SimpleSite, broker: Broker) -> None:
    site.trace([(0, "w1", 5), *((20 + 20 * n, "reset", 1) for n in range(3)), (1800, "w1", 5)])
    with Listener(broker) as heard:
        process = site.board(broker.address).launch()
        heard.wait("status", 4)
        assert process.wait(timeout=200) == 0, site.log()
        statuses = [s for s in heard.of("status") if s != b"offline"]
        births = heard.json("birth")
    # On a busy machine a start may lose its connection and say that it is online twice.
    assert [s for s, _ in itertools.groupby(statuses)] == [b"online", b"safe", b"online"]
    assert list(dict.fromkeys(b["boot"] for b in births)) == [0, 1, 2, 3]
    log = site.log()
    assert "error: safe mode: 3 starts failed, the last of: watchdog" in log
    begun = int(log.split(" error: safe mode")[0].split()[-1])
    again = [x for x in log.splitlines() if "qingyun 0" in x][-1]
    assert int(again.split()[0]) - begun >= 300
    assert births[-1]["failed_starts"] == 2


def test_safe_mode_answers_and_restarts_when_asked(tmp_path: Path, broker: Broker) -> None:
    """At twenty times real time, so that there is an operator who can ask."""
    bench = Bench(tmp_path)
    rows: list[tuple[float, str, float]] = [(0, "w1", 5), (DAY, "w1", 5)]
    rows += [(20 + 20 * n, "reset", 1) for n in range(3)]
    run = bench.board(broker.address, rows, speed=20)
    with Listener(broker) as heard:
        process = run.launch()
        try:
            while b"safe" not in heard.of("status"):
                heard.wait("status", len(heard.of("status")) + 1)
            reply = heard.ask({"id": "1", "do": "read"})
            assert not reply["ok"]
            assert "only log, restart and update" in reply["error"]
            assert heard.ask({"id": "2", "do": "log"})["result"]["safe"] == "watchdog"
            assert not heard.ask(b"nonsense")["ok"]
            births = len(heard.of("birth"))
            assert heard.ask({"id": "3", "do": "restart"})["result"] == "restarting"
            heard.wait("birth", births + 1)
            assert heard.json("birth")[-1]["failed_starts"] == 2
        finally:
            process.kill()
            process.wait()


def test_power_that_flickers_is_no_failed_start(site: SimpleSite) -> None:
    rows: list[tuple[float, str, float]] = [(0, "w1", 5), (900, "w1", 5)]
    for n in range(5):
        rows += [(20 + 30 * n, "power", 0), (25 + 30 * n, "power", 1)]
    site.trace(rows)
    report = site.run(site.board(f"127.0.0.1:{free_port()}"))
    assert report["starts"] == 6
    assert "safe mode" not in site.log()

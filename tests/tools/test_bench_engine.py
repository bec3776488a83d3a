"""What the bench of the engine says of its runs."""

from __future__ import annotations

import bench_engine as bench

from host.rollup import shares

USUAL = shares.DAYS_IN_SHARE
BASE = [bench.Run((8.0,), 0.0, 0.0, 2.0, 10.0, 0, "a")]
RUNS = {
    (1, USUAL): [bench.Run((8.4,), 0.2, 0.1, 2.0, 11.0, 20, "a")],
    (4, USUAL): [
        bench.Run((9.0, 9.0, 9.0, 9.0), 0.2, 0.1, 2.0, 9.0, 20, "a"),
        bench.Run((2.0, 2.0, 2.5, 2.5), 0.2, 0.1, 1.8, 8.0, 20, "a"),
        bench.Run((1.0, 1.0, 1.0, 1.0), 0.2, 0.1, 2.0, 7.0, 20, "a"),
    ],
    (4, bench.WIDTH): [bench.Run((9.0, 9.0, 9.0, 9.0), 4.0, 5.0, 3.0, 30.0, 1000, "a")],
}


def test_the_run_in_the_middle_and_shares_of_one_process() -> None:
    lines = bench._rows(BASE, RUNS)
    assert lines[2].startswith("| none | – | 8.00 | 8.00 | 1 |")
    assert lines[3] == "| 1 | 20 | 8.40 | 8.40 | 1.05 | 0.20 | 0.10 | 5.0 | 2.00 | 11.0 |"
    assert lines[4].startswith("| 4 | 20 | 2.00 2.00 2.50 2.50 | 9.00 | 1.12 |")
    assert {line.count("|") for line in lines} == {11}


def test_where_the_end_is() -> None:
    """A share of 450 ms; 5 ms of the scheduler, 4 ms of who gives it; the server 1.8 s."""
    text = bench._limits(RUNS, 4000)
    assert "A share of 200 days of platforms is 450 ms of a worker" in text
    assert "5.0 ms of the scheduler and 4.0 ms of who gives it" in text
    assert "keeps 90 workers busy, who gives shares 112" in text
    assert "450 µs for a platform's day, 0.20 of what workers take" in text
    assert "a core of it serves 5.0 workers" in text

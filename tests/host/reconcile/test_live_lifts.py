"""Several senders at once, on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sim_board import ROOT

from host import registry
from host.hazard import papers
from host.reconcile import live_lifts
from host.reconcile.live_lifts import Sent, Taken
from host.store import Store, lifts

NOW = 1_780_000_000
SENDERS, LISTS = 3, 4


def test_a_clock_that_is_years_off_reads_no_years(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a truck sends its list again and again."""

    def never(*_: object) -> None:
        raise AssertionError("all that lies between two times was read")

    monkeypatch.setattr(lifts, "between", never)
    known = registry.load(ROOT / "registry")
    times = [1_420_000_000, *range(NOW - 1200, NOW)]
    sent = {i: Sent("沪A1", t, "20.5") for i, t in enumerate(times)}
    for stored in (len(sent), 0):
        done = live_lifts.take(store, known, {}, sent, by="t", now=NOW, is_own=lambda _: True)
        assert (done.stored, done.again) == (stored, len(sent) - stored)


@pytest.mark.each_engine
def test_two_at_once_lose_nothing_and_count_nothing_twice(database: Path | str) -> None:
    """Each sends its own lists and, last, one that all send."""
    Store(database, create=True).close()
    known = registry.load(ROOT / "registry")
    start = Barrier(SENDERS)

    def one(sender: int) -> list[Taken]:
        done = []
        with closing(Store(database)) as store:
            start.wait(30)
            for n in range(LISTS + 1):
                truck = f"沪A{sender}" if n < LISTS else "沪Z9"
                sent = {i: Sent(truck, NOW - 60 * n - i, "20.5", "fs-01") for i in range(5)}
                done.append(
                    live_lifts.take(store, known, {}, sent, by="t", now=NOW, is_own=lambda _: True)
                )
        return done

    with ThreadPoolExecutor(SENDERS) as pool:
        every = [taken for each in pool.map(one, range(SENDERS)) for taken in each]
    assert sum(t.stored for t in every) == 5 * (SENDERS * LISTS + 1)
    assert sum(t.again for t in every) == 5 * (SENDERS - 1)
    assert not any(t.refused for t in every)
    with closing(Store(database)) as store:
        rows = lifts.between(store, 0, NOW + 1)
        assert len({(r.truck, r.t) for r in rows}) == len(rows) == 5 * (SENDERS * LISTS + 1)
        assert papers.verify_lifts(store) == []

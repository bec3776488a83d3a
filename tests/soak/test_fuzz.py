"""`make fuzz`: whatever boards say, on each engine: nothing ends the ingester's work, holds it
up, is lost or is stored twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fuzzed import COPIES, Plan, messages, plans
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sim_board import ROOT
from stored import readings as stored_readings

from host import registry
from host.serve.hub import Hub, Viewer
from host.serve.scope import DISTRICT
from host.service.inbox import Inbox
from host.store import Store

KNOWN = registry.load(ROOT / "registry")
T0, DAY_S = 1_790_006_400, 86_400
PLANS = 8  # at most, in an example
LONGEST_S = 10  # of CPU time that one batch may take
SEED = int(os.environ.get("SEED", "1"))
Name = tuple[str, str, int]  # device, life, seq


class Played:
    """What was said, by a model of its own: each name is stored when it is first understood,
    unless it was refused by its name before."""

    def __init__(self, database: Path | str) -> None:
        self.database = database
        self.store = Store(database, create=True)
        self.inbox = Inbox(KNOWN, DAY_S)
        self.hub = Hub(KNOWN)
        self.hub._viewers = {
            (topic, lang, DISTRICT): {Viewer(topic, lang, queue=asyncio.Queue(1 << 10))}
            for topic in ("district", "sites", "site:fs-01")
            for lang in ("zh", "en")
        }
        # Of a batch; a commit of PostgreSQL takes many times as long.
        small = (1, 7, 50, 50) if isinstance(database, Path) else (1, 50, 50, 50, *(400,) * 36)
        self.sizes = (*small, 400, 400)
        self.said = self.examples = 0
        self.longest = 0.0
        self.expected: set[Name] = set()
        self.taken: set[Name] = set()

    def play(self, drawn: list[Plan]) -> None:
        self.examples += 1
        now = T0 + DAY_S * self.examples  # each has a day of its own, with what it may add
        told = [one for plan in drawn for one in messages(plan, now)]
        rng = random.Random(drawn[0].seed)  # noqa: S311
        at = 0
        wanted = [(t.encode(), p) for t, p in told if t.endswith(("/reading", "/birth"))]
        size = rng.choice(self.sizes)
        while at < len(wanted):
            with self._timed():
                self._commit(wanted[at : at + size], now)
            at += size
        for topic, payload in told:
            self.hub.take(topic, payload, False)
        self.hub.tell(self.hub.step(now))
        if self.examples % 8 == 0:
            with self._timed():
                self.store.compact(now)
        if self.examples % 100 == 0:  # a new process knows what is stored
            self.store.close()
            self.store, self.inbox = Store(self.database), Inbox(KNOWN, DAY_S)
        self.said += len(told)
        if self.examples % 200 == 0:
            print(f"{self.said} messages, {len(self.expected)} readings", flush=True)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.process_time()
        yield
        self.longest = max(self.longest, time.process_time() - began)
        assert self.longest < LONGEST_S

    def _commit(self, wanted: list[tuple[bytes, bytes]], now: int) -> None:
        batch = self.inbox.batch(wanted, now, full=self.store.full, brief=self.store.brief)
        counts = self.store.add(batch, now)
        names = {(device, r.life, r.seq) for device, _, r in batch.readings}
        new = names - self.taken
        self.expected |= new
        refused = {(x.reading[0], *x.reading[2:]) for x in batch.refused if x.reading}
        self.taken |= new | refused
        assert (counts.stored, counts.duplicates) == (len(new), len(batch.readings) - len(new))
        assert counts.quarantined == len(batch.refused)

    def check(self) -> None:
        """The store holds what it should, once."""
        self.store.compact(T0 + DAY_S * (self.examples + 1))
        assert self.store.over_limits() == {}
        self.store.close()
        found = [(life, r.seq) for life, r in stored_readings(self.database)]
        assert len(found) == len(self.expected)
        assert sorted(found) == sorted((life, seq) for _, life, seq in self.expected)


@pytest.mark.each_engine
def test_whatever_boards_say(database: Path | str, figure: Callable[[str], None]) -> None:
    wanted = int(os.environ.get("MESSAGES", "20000"))
    end = time.monotonic() + 60 * float(os.environ.get("MINUTES", "60"))
    played, rounds = Played(database), 0
    while played.said < wanted and time.monotonic() < end:
        _round(played, SEED + rounds, max(1, min(200, wanted // (3 * COPIES))))
        rounds += 1
    played.check()
    figure(
        f"{type(played.store.database).__name__}: {played.said} messages in {played.examples} "
        f"examples, seeds {SEED} to {SEED + rounds - 1}: {len(played.expected)} readings stored "
        f"once, none lost; longest batch {played.longest:.2f} s of CPU"
    )


def _round(played: Played, number: int, examples: int) -> None:
    """So many examples of a seed. Nothing is made smaller afterwards: what was stored stays."""

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(plans, min_size=2, max_size=PLANS))
    def run(drawn: list[Plan]) -> None:
        try:
            played.play(drawn)
        except BaseException:
            print(f"seed {number}: {drawn!r}", flush=True)
            raise

    run()


def test_the_same_seed_says_the_same() -> None:
    plan = Plan(7, "reading", "fs-01/qy-fs01", "9c4e01ab", ("w1",), 0.5, 50, 1)
    once, again = messages(plan, T0), messages(plan, T0)
    assert once == again
    assert len(once) == COPIES
    with contextlib.suppress(ValueError):
        assert any(json.loads(p) for _, p in once)

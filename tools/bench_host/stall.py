"""A store that takes nothing for minutes while readings keep coming.

Another process holds the write lock of the SQLite file, or a lock on PostgreSQL's table;
then it lets go, and everything must be there, once."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from broker import Broker
from host_job import Ingester

from bench_host import load

_STEADY_S = 3.0
_LIMIT_S = 900
_PERMILLE = 20  # of a second's messages that are sent at once


@dataclass
class Load:
    """Messages at a steady rate until told to end; counts those that are not repeated."""

    rate: int
    sent: int = 0
    distinct: int = 0
    ended: bool = False

    def messages(self) -> Iterator[tuple[str, bytes]]:
        start, last = time.monotonic(), None
        at_once = max(1, self.rate * _PERMILLE // 1000)
        for message in load.messages(1 << 40, 1, 700, load.Mixture(0.01, 0, 0.02)):
            if self.sent % at_once == 0:
                if self.ended:
                    return
                time.sleep(max(0.0, start + self.sent / self.rate - time.monotonic()))
            self.sent += 1
            self.distinct += message != last
            last = message
            yield message


@contextmanager
def locked(db: str) -> Iterator[None]:
    """Nobody else writes to the store meanwhile."""
    if "://" in db:
        with psycopg.connect(db) as other:
            other.execute("LOCK TABLE arrival IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()
    else:
        file = sqlite3.connect(db, isolation_level=None, timeout=30)
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")
        file.close()


def resident(pid: int, what: str) -> int:
    """MB of a process: VmRSS now, VmHWM at most so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) // 1024
    raise RuntimeError(f"process {pid}: no {what}")


def measure(
    db: str, folder: Path, seconds: float, rate: int, show: Callable[[str], None] | None = None
) -> dict[str, float]:
    """rss_mb: of the ingester at most; lost: readings that are not stored at the end; behind_s:
    from the end of the stall until nothing waits; waiting_bytes: of a message in the broker."""
    work = folder / "stall"
    shutil.rmtree(work, ignore_errors=True)
    coming = Load(rate)
    with Broker(work) as broker:
        ingester = Ingester(
            *(db, folder / "registry", broker.address, "--max-ahead-days", "10000"),
            beside=work / "stall",
        )
        with ingester:
            ingester.wait_subscribed(60)
            what = (broker.host, broker.port, coming.messages())
            sender = threading.Thread(target=load.publish, args=what)
            sender.start()
            try:
                time.sleep(_STEADY_S)
                with locked(db):
                    sent, broker_before = coming.sent, resident(broker.pid, "VmRSS")
                    end = time.monotonic() + seconds
                    while (left := end - time.monotonic()) > 0:
                        time.sleep(min(5.0, left))
                        if show:
                            now = resident(ingester.pid, "VmRSS")
                            show(f"stalled, {left:.0f} s left, {coming.sent:,} sent, {now} MB")
                    before = ingester.stats()["messages"]
                released = time.monotonic()
            finally:
                coming.ended = True
                sender.join()
            while ingester.stats()["messages"] < coming.sent:
                if time.monotonic() > released + _LIMIT_S:
                    raise RuntimeError(f"{ingester.stats()} of {coming} after {_LIMIT_S} s")
                time.sleep(0.1)
            behind = time.monotonic() - released
            rss, broker_rss = resident(ingester.pid, "VmHWM"), resident(broker.pid, "VmHWM")
    stored = ingester.stats()["stored"]
    waiting = (broker_rss - broker_before) * 1e6 / (coming.sent - sent)
    return {
        **{"rss_mb": rss, "broker_mb": broker_rss, "sent": coming.sent, "behind_s": behind},
        **{"before": before, "lost": coming.distinct - stored, "waiting_bytes": waiting},
    }

"""A host job and a broker that are killed again and again while readings come in."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench_host import load
from broker import Broker
from host_job import Ingester
from stored import seqs

from host.readings.messages import readings
from host.store import Batch, Store

OF = 32  # readings in a message


@dataclass
class Outcome:
    """What a run came to."""

    readings: int
    kills: int
    resent: int


def boards(total: int) -> int:
    """Of the district, so many that each sends some eight messages: nearly a day."""
    return min(load.BOARDS, max(1, total // OF // 8))


def messages(total: int, seed: int) -> list[tuple[str, bytes]]:
    """Messages of the district, none malformed: each of them must be stored."""
    mixture = load.Mixture(0.01, 0, 0.02)
    return list(load.messages(total // OF, OF, seed, mixture, of_boards=boards(total)))


def fill(db: Path, what: list[tuple[str, bytes]]) -> None:
    """The same readings without a broker, a crash or a second process."""
    store = Store(db, create=True)
    batch = Batch()
    for topic, payload in what:
        _, _, site, device, _ = topic.split("/")
        good, bad = readings(payload, 1 << 33)
        assert not bad
        batch.readings += [(device, site, r) for r in good]
    store.add(batch, load.T0)
    store.close()


def publish(
    broker: Broker,
    what: list[tuple[str, bytes]],
    stop: threading.Event,
    made: Callable[[], int] | None = None,
) -> None:
    """As boards do: whatever the broker has not acknowledged is sent again. made: how many
    messages there are by now, if not all."""
    at = 0
    while at < len(what) and not stop.is_set():
        if made and at >= made():
            time.sleep(0.01)
            continue
        part = what[at : at + 50]
        try:
            load.publish(broker.host, broker.port, iter(part))
            at += len(part)
        except (OSError, RuntimeError):
            time.sleep(0.1)  # it was killed, or is not there yet


def run(folder: Path, registry: Path, total: int, kills: int, seed: int) -> tuple[Outcome, Path]:
    """Half of the readings come in under half of the kills; the other half waits as a backlog
    and is drained under the rest. Half of the kills strike soon after a commit, the others
    at any moment, mostly before the process has done anything."""
    rng = random.Random(seed)  # noqa: S311
    what = messages(total, seed)
    db = folder / "killed.db"
    done = 0
    stop = threading.Event()
    # The more it holds the longer mosquitto writes; what it had not written is sent again.
    save_every = max(1, total // 200)
    with Broker(folder / "broker", persistence=True, save_every=save_every) as broker:
        ingester = Ingester(db, registry, broker.address, "--max-ahead-days", "10000")
        ingester.start()
        ingester.wait_subscribed(60)

        def made() -> int:
            live = kills // 2
            return len(what) if done >= live else len(what) * (done + 1) // (2 * live)

        sender = threading.Thread(target=publish, args=(broker, what, stop, made))
        sender.start()
        try:
            while done < kills:
                if done == kills // 2:  # from here on a backlog: nobody takes anything
                    ingester.kill()
                    sender.join()
                    ingester.start()
                if rng.random() < 0.5:
                    _committed(db)
                    time.sleep(rng.uniform(0, 0.2))
                else:
                    time.sleep(rng.uniform(0.05, 0.6))
                if rng.random() < 0.5:
                    ingester.kill()
                    ingester.start()
                else:
                    broker.kill()
                    broker.start()
                done += 1
            sender.join()
            resent = _complete(broker, ingester, db, what)
        finally:
            stop.set()
            sender.join()
            ingester.stop()
    return Outcome(len(names(what)), done, resent), db


def _committed(db: Path, seconds: float = 5) -> None:
    """Until something is committed; there may be nothing left to be."""
    wal = Path(f"{db}-wal")

    def last() -> int:
        return wal.stat().st_mtime_ns if wal.exists() else 0

    before, end = last(), time.monotonic() + seconds
    while last() == before and time.monotonic() < end:
        time.sleep(0.002)


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something to be true; False when it does not become so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False


def names(what: list[tuple[str, bytes]]) -> set[tuple[str, int]]:
    """(life, seq) of every reading in the messages."""
    return {(r["life"], r["seq"]) for _, payload in what for r in json.loads(payload)}


def _complete(broker: Broker, ingester: Ingester, db: Path, what: list[tuple[str, bytes]]) -> int:
    """A board sends again what the host has not confirmed; how many messages that were."""
    resent = 0
    end = time.monotonic() + 300
    while time.monotonic() < end:
        _quiet(ingester)
        have = set(seqs(db))
        missing = [
            (topic, payload)
            for topic, payload in what
            if any((r["life"], r["seq"]) not in have for r in json.loads(payload))
        ]
        if not missing:
            return resent
        resent += len(missing)
        publish(broker, missing, threading.Event())
    raise AssertionError("readings are still missing after 300 s")


def _quiet(ingester: Ingester) -> None:
    """Until nothing has come for a second."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1.5:
        now = ingester.stats().get("messages", 0)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.1)

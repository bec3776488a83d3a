"""`make soak [DAYS=30]`: a month in accelerated time while parts are killed at random."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import killing
import pytest
from alarm_rows import add, became
from bench_host import load
from broker import Broker, free_port
from host_job import Ingester, qingyun
from receivers import Hook

from host.common.local_days import LOCAL

pytestmark = pytest.mark.disk

DAYS = int(os.environ.get("DAYS", "30"))
BOARDS = 6
START = int(dt.datetime(2026, 9, 1, tzinfo=LOCAL).timestamp())
FAR = ("--max-ahead-days", "10000")


@dataclass
class Month:
    """What came of a run."""

    reports: list[list[dict[str, str]]] = field(default_factory=list)
    # Of each part that runs all the time, day by day.
    memory_kb: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    kills: dict[str, int] = field(default_factory=dict)
    told: int = 0


def days() -> list[list[tuple[str, bytes]]]:
    """The messages of each day: one an hour of each board."""
    boards = [load.Board(n, 4, START) for n in range(BOARDS)]
    return [
        [
            (
                f"qingyun/1/{b.site}/{b.device}/reading",
                json.dumps([b.reading() for _ in range(12)]).encode(),
            )
            for _ in range(24)
            for b in boards
        ]
        for _ in range(DAYS)
    ]


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "host.cli", *map(str, args)]


def memory_kb(part: Ingester | Part) -> int:
    assert part._process is not None
    status = Path(f"/proc/{part._process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


class Part:
    """A command that runs all the time, to be killed too."""

    def __init__(self, *args: str | Path) -> None:
        self._args = command(*args)
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._args, stderr=subprocess.DEVNULL)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(how)
        self._process.wait()


def answers(port: int, seconds: float = 60) -> None:
    """Once the page does, after it was killed too."""
    end = time.monotonic() + seconds
    while True:
        try:
            assert httpx.get(f"http://127.0.0.1:{port}/signin", timeout=10).status_code == 200
            return
        except httpx.TransportError:
            assert time.monotonic() < end, "the page does not answer"
            time.sleep(0.2)


def rollup(db: Path, registry: Path, day: int, cut_after: float | None) -> list[dict[str, str]]:
    """daily.csv of a day, its figures; cut_after: killed then, and run again."""
    out = db.with_suffix("")
    date = str(dt.date(2026, 9, 1) + dt.timedelta(day))
    args = ("rollup", "--date", date, "--db", db, "--registry", registry, "--out", out)
    if cut_after is not None:
        process = subprocess.Popen(command(*args), stdout=subprocess.DEVNULL)
        time.sleep(cut_after)
        process.kill()
        process.wait()
    done = qingyun(*args)
    assert done.returncode == 0, done.stderr
    with (out / "daily.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        # The page books every few seconds: whether it did in the middle of a day, so that the
        # day has been told otherwise before, is a matter of moments.
        del row["restated"]
    return rows


def run(folder: Path, registry: Path, luck: random.Random | None) -> Month:
    """luck: what is killed when; None: nothing is."""
    folder.mkdir()
    db, month = folder / "q.db", Month()
    every = [message for day in days() for message in day]
    with Broker(folder / "broker", persistence=True) as broker, Hook() as hook:
        (folder / "secret").write_text("a secret of this run")
        settings = folder / "qingyun.toml"
        settings.write_text(
            f'[store]\ndb = "{db}"\n[webhook]\nurl = "http://127.0.0.1:{hook.port}/"\n'
            f'secret_file = "{folder}/secret"\nrepeat_s = 0\n'
        )
        add(db, int(time.time()), subject="first")
        ingester = Ingester(db, registry, broker.address, *FAR)
        ingester.start()
        ingester.wait_subscribed(60)
        deliverer = Part("--config", settings, "alarms", "deliver", "--every", "1")
        port = free_port()
        told = ("--registry", registry, "--broker", broker.address, "--refresh", "5")
        page = Part("serve", "--db", db, *told, "--listen", f"127.0.0.1:{port}")
        parts: dict[str, Ingester | Broker | Part] = {
            "ingester": ingester,
            "broker": broker,
            "deliverer": deliverer,
            "page": page,
        }
        try:
            for n, what in enumerate(days()):
                sender = threading.Thread(
                    target=killing.publish, args=(broker, what, threading.Event())
                )
                sender.start()
                add(db, int(time.time()), subject=f"day {n}")
                if luck is not None:
                    for name in luck.sample(sorted(parts), luck.randint(0, 2)):
                        time.sleep(luck.uniform(0, 0.3))
                        parts[name].kill()
                        parts[name].start()
                        month.kills[name] = month.kills.get(name, 0) + 1
                sender.join()
                killing._quiet(ingester)
                answers(port)
                for name, part in (("ingester", ingester), ("page", page)):
                    month.memory_kb[name].append(memory_kb(part))
                # A report cut in the middle must not change what is reported in the end.
                if luck is not None and n % 7 == 6:
                    rollup(db, registry, n, luck.uniform(0.2, 2.5))
                    month.kills["rollup"] = month.kills.get("rollup", 0) + 1
            killing._complete(broker, ingester, db, every)
            assert killing.until(lambda: len(became(db, "webhook")) == DAYS + 1, 120)
        finally:
            deliverer.kill(signal.SIGTERM)
            page.kill(signal.SIGTERM)
            ingester.stop()
        month.told = len({headers["Qingyun-Delivery"] for headers, _ in hook.calls})
    month.reports = [rollup(db, registry, n, None) for n in range(DAYS)]
    return month


@pytest.mark.usefixtures("needs_mosquitto")
def test_a_month_with_and_without_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    monkeypatch.setattr(load, "SITES", BOARDS)
    monkeypatch.setattr(load, "BOARDS", BOARDS)
    registry = tmp_path / "registry"
    load.write_registry(registry, BOARDS)
    calm = run(tmp_path / "calm", registry, None)
    killed = run(tmp_path / "killed", registry, random.Random(8))  # noqa: S311
    grown = {name: (kb[len(kb) // 4] / 1024, kb[-1] / 1024) for name, kb in calm.memory_kb.items()}
    memory = ", ".join(f"{n} {a:.1f} MB and {b:.1f} MB" for n, (a, b) in grown.items())
    kills = ", ".join(f"{name} {n}" for name, n in sorted(killed.kills.items()))
    figure(
        f"{DAYS} days of {BOARDS} boards, {DAYS * BOARDS * 288} readings; killed: {kills}; "
        f"{sum(a != b for a, b in zip(calm.reports, killed.reports, strict=True))} reports differ; "
        f"after a quarter and at the end {memory}; {killed.told} of {DAYS + 1} alarms told"
    )
    assert killed.reports == calm.reports
    assert (
        len({json.dumps(r) for r in calm.reports}) == DAYS
    )  # days differ, so that equal means something
    assert calm.told == killed.told == DAYS + 1
    assert all(end < early * 1.1 + 4 for early, end in grown.values()), memory

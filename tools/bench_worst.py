"""One certified board that sends the worst it may, and others beside it: what they notice.

Broker, `qingyun ingest` and `qingyun serve` are real and on this machine. The worst board has a
process of its own. Measured: how long a reading of another board takes from its publish until
it is in the store, whether each is there, what memory and disk are used, and every page."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import paho.mqtt.client as paho
from arguments import Parser, seconds, whole
from bench_host import load
from broker import Broker, free_port
from host_job import ALONE
from paho.mqtt.enums import CallbackAPIVersion
from worst_board import WorstBoard

from host.serve import accounts
from host.store import Store
from host.store.streams import unpack

ROOT = Path(__file__).resolve().parents[1]
EVERY_S = 5.0  # each of the others sends a reading
LIFE = "0123abcd"
PAGES = ("/", "/sites", "/sites/{bad}", "/sites/{good}", "/history", "/alarms", "/downloads")
# Within which all of it stays.
P99_S = 2.0
MEMORY_MB, DISK_MB = 400, 300


@dataclass
class Found:
    """took: seconds of each reading of the others; pages: seconds of each that was 200."""

    sent: dict[tuple[int, int], float] = field(default_factory=dict)  # board, seq → when
    took: list[float] = field(default_factory=list)
    pages: list[tuple[float, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)  # MB at most, by process
    disk: float = 0.0  # MB


def attack(port: int, until: float, rate: int, told: multiprocessing.Queue[dict[str, int]]) -> None:
    """In a process of its own: so many messages a second at most."""
    board = WorstBoard(*load.name(0), int(time.time()), 1)
    began = time.monotonic()

    def paced() -> Iterator[tuple[str, bytes]]:
        for n, one in enumerate(board.messages()):
            while n / rate > time.monotonic() - began:
                time.sleep(0.005)
            if time.time() > until:
                return
            yield one

    load.publish("127.0.0.1", port, paced(), "worst")
    told.put(board.said)


def send(client: paho.Client, others: int, until: float, found: Found) -> None:
    """Readings of the other boards, one after the other all the time."""
    began = time.monotonic()
    for n in itertools.count():
        while n * EVERY_S / others > time.monotonic() - began:
            time.sleep(0.002)
        if time.time() > until:
            return
        board, seq = n % others + 1, n // others
        site, device = load.name(board)
        body = {"life": LIFE, "seq": seq, "boot": 1, "t": int(time.time()), "w1": 20 + seq % 7}
        found.sent[board, seq] = time.monotonic()
        client.publish(f"qingyun/1/{site}/{device}/reading", json.dumps(body), 1)


def watch(db: Path, others: int, stop: threading.Event, found: Found) -> None:
    """When each reading of the others is seen in the store."""
    boards = {load.name(n)[1]: n for n in range(1, others + 1)}
    have = dict.fromkeys(range(1, others + 1), 0)
    with contextlib.closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as store:
        while not stop.is_set():
            rows = store.execute("SELECT device, spans FROM stream WHERE life=?", (LIFE,))
            now = time.monotonic()
            for device, raw in rows.fetchall():
                board = boards[device]
                ((lo, hi),) = unpack(raw) or [(0, -1)]
                assert lo == 0 or hi < lo
                while have[board] <= hi:
                    found.took.append(now - found.sent[board, have[board]])
                    have[board] += 1
            time.sleep(0.05)


def look(url: str, token: str, until: float, found: Found) -> None:
    """Every page, again and again."""
    site, other = load.name(0)[0], load.name(1)[0]
    head = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=head, timeout=60) as client:
        while time.time() < until:
            for page in PAGES:
                at = page.format(bad=site, good=other)
                began = time.monotonic()
                try:
                    answer = client.get(at)
                    if answer.status_code != 200:
                        found.wrong.append(f"{at}: {answer.status_code}")
                except httpx.HTTPError as error:
                    found.wrong.append(f"{at}: {error!r}")
                found.pages.append((time.monotonic() - began, page))
            time.sleep(1)


def peak_mb(pid: int) -> int:
    """The most memory that a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) >> 10
    return 0


def disk_mb(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.glob("*.db*")) / 1e6


def run(args: argparse.Namespace, folder: Path) -> int:
    load.write_registry(folder / "registry", args.others + 1)
    db = folder / "worst.db"
    with contextlib.closing(Store(db, create=True)) as store:
        token = accounts.add_token(store, "bench", "viewer", "bench")
    port, found, stop = free_port(), Found(), threading.Event()
    with Broker(folder / "broker") as mqtt, (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "host.cli"]
        told = ["--db", str(db), "--registry", str(folder / "registry"), "--broker", mqtt.address]
        where = ["--listen", f"127.0.0.1:{port}", "--refresh", "30"]
        stats = ["--stats", str(folder / "stats.json")]
        parts = {
            "ingest": subprocess.Popen([*command, "ingest", *told, *stats], stderr=log, cwd=ROOT),
            "serve": subprocess.Popen([*command, "serve", *told, *where], stderr=log, cwd=ROOT),
        }
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(folder / "stats.json", f"{url}/signin")
            client = paho.Client(CallbackAPIVersion.VERSION2, "others")
            client.max_inflight_messages_set(1000)
            client.connect(mqtt.host, mqtt.port)
            client.loop_start()
            until = time.time() + args.seconds
            said: multiprocessing.Queue[dict[str, int]] = multiprocessing.Queue()
            worst = multiprocessing.Process(target=attack, args=(mqtt.port, until, args.rate, said))
            threads = [
                threading.Thread(target=watch, args=(db, args.others, stop, found)),
                threading.Thread(target=send, args=(client, args.others, until, found)),
                threading.Thread(
                    target=look, args=(f"http://127.0.0.1:{port}", token, until, found)
                ),
            ]
            worst.start()
            for thread in threads:
                thread.start()
            threads[1].join()
            found.kinds = said.get()
            worst.join()
            end = time.time() + 60
            while len(found.took) < len(found.sent) and time.time() < end:
                time.sleep(0.1)
            stop.set()
            for thread in threads:
                thread.join()
            found.memory = {name: peak_mb(p.pid) for name, p in parts.items()}
            found.memory["broker"] = peak_mb(mqtt.pid)
            client.disconnect()
        finally:
            for p in parts.values():
                p.terminate()
            for p in parts.values():
                p.wait(60)
    found.disk = disk_mb(folder)
    with contextlib.closing(Store(db)) as store:
        worst_board = load.name(0)[1]
        over = store.over_limits().get(worst_board, {})
        kept = store.refused_over().get(worst_board, 0)
    stages = json.loads((folder / "stats.json").read_text())["stages"]
    print("ingester, seconds by stage: " + ", ".join(f"{k} {v:.1f}" for k, v in stages.items()))
    print(
        f"one board, {sum(found.kinds.values())} messages in {args.seconds:.0f} s ({found.kinds}); "
        f"over its limits {over}, refused and not kept {kept}"
    )
    return _report(args, found)


def _wait(stats: Path, url: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if stats.exists() and httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit("bench-worst: the host job did not start")


def _report(args: argparse.Namespace, found: Found) -> int:
    took, pages, memory = sorted(found.took), sorted(found.pages), found.memory
    median = pages[len(pages) // 2][0]
    p99 = took[int(0.99 * len(took))] if took else 1e9
    print(
        f"{args.others} others: {len(found.sent)} readings, {len(took)} stored; median "
        f"{took[len(took) // 2]:.2f} s, 99 % {p99:.2f} s, longest {took[-1]:.2f} s\n"
        f"{len(pages)} pages, {len(found.wrong)} not 200, median {median:.2f} s, "
        f"longest {pages[-1][0]:.2f} s ({pages[-1][1]}) {found.wrong[:5]}\n"
        f"memory at most (MB): {memory}; database {found.disk:.0f} MB; {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    bad = {
        "a reading of another is not stored": len(took) < len(found.sent),
        f"99 % of the readings take more than {P99_S} s": p99 > P99_S,
        "a page failed": bool(found.wrong),
        f"more than {MEMORY_MB} MB": max(memory["ingest"], memory["serve"]) > MEMORY_MB,
        f"more than {DISK_MB} MB on the disk": found.disk > DISK_MB,
    }
    for text in (text for text, wrong in bad.items() if wrong):
        print(f"bench-worst: {text}")
    return 1 if any(bad.values()) else 0


def main() -> int:
    p = Parser("bench-worst", __doc__)
    p.add_argument("--seconds", type=seconds, default=600.0)
    p.add_argument("--others", type=whole(1, 3000), default=200)
    p.add_argument("--rate", type=whole(1), default=1000, help="messages a second at most")
    args = p.parse_args()
    os.environ |= ALONE
    with tempfile.TemporaryDirectory(prefix="bench-worst-") as folder:
        return run(args, Path(folder))


if __name__ == "__main__":
    sys.exit(main())

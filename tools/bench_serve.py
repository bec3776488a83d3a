"""The page under load: viewers on live push while boards send and the ingester stores.

Everything real and on loopback: broker, `qingyun ingest`, `qingyun serve`. What is measured
is how long a message of one board takes from the publisher to every viewer, and whether
the ingester has stored all that was sent."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import district
import marked_page
import paho.mqtt.client as paho
from arguments import Parser, seconds, whole
from broker import Broker, free_port
from host_job import ALONE
from paho.mqtt.enums import CallbackAPIVersion

from host.serve import accounts
from host.serve.hub import MOST_OF_ACCOUNT, MOST_OF_ADDRESS
from host.store import Store

ROOT = Path(__file__).resolve().parents[1]
BOARDS, TOGETHER = 1000, 10  # boards that send; readings in one message
MARK_EVERY_S = 1.0
BEGIN = "<!-- made by make bench-serve: do not edit below this line -->"
END = "<!-- made by make bench-serve: end -->"
_CLOCK = os.sysconf("SC_CLK_TCK")


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has had."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _CLOCK


async def _view(port: int, n: int, tokens: list[str], took: list[float], seen: list[int]) -> None:
    """One viewer, the nth: an open stream; notes when it sees a marked value."""
    whence = f"127.0.0.{1 + n // MOST_OF_ADDRESS}", 0
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, limit=1 << 22, local_addr=whence
    )
    site, token = "s0001", tokens[n // MOST_OF_ACCOUNT]
    head = f"GET /live?topic=site:{site} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    seen.append(0)
    me, last = len(seen) - 1, ""
    async for raw in reader:
        line = raw.decode("utf-8", "replace")
        at = line.find('"drift_ppm":')
        if at < 0:
            continue
        seen[me] += 1
        mark = line[at + 12 :].partition(",")[0].partition("}")[0]
        if mark != last and mark.isdigit():
            last = mark
            took.append(time.monotonic() - MARKS[int(mark)])


MARKS: dict[int, float] = {}


def _publish(client: paho.Client, rate: int, seconds: float, counts: list[int]) -> None:
    """Readings of BOARDS boards at a steady rate, and a marked state once a second."""
    seqs = [0] * BOARDS
    started = time.monotonic()
    sent, n, mark, next_mark = 0, 0, 0, started
    while (now := time.monotonic()) < started + seconds:
        if now >= next_mark:
            MARKS[mark] = time.monotonic()
            body: dict[str, Any] = {"t": int(time.time()), "w1": 20.0, "queue": 0, "clock": "ntp"}
            body["drift_ppm"] = mark
            client.publish("qingyun/1/s0001/qy-s0001/state", json.dumps(body), 0)
            mark, next_mark = mark + 1, next_mark + MARK_EVERY_S
        due = int((now - started) * rate)
        while sent < due:
            n = (n + 1) % BOARDS
            t = int(time.time())
            many = [
                {"life": "a1b2c3d4", "seq": seqs[n] + i, "boot": 1, "t": t, "w1": 20.125, "f1": 0.5}
                for i in range(TOGETHER)
            ]
            seqs[n] += TOGETHER
            site = f"s{n + 2:04d}"
            client.publish(f"qingyun/1/{site}/qy-{site}/reading", json.dumps(many), 1)
            sent += TOGETHER
        time.sleep(0.005)
    counts.append(sent)


async def _run(args: argparse.Namespace, folder: Path) -> int:
    known = district.write_registry(folder / "registry")
    db = folder / "bench.db"
    store = Store(db, create=True)
    needed = -(-args.viewers // MOST_OF_ACCOUNT)
    tokens = [accounts.add_token(store, f"bench{n}", "viewer", "bench") for n in range(needed)]
    store.close()
    port = free_port()
    qingyun = str(ROOT / ".venv/bin/qingyun")
    told = ["--db", str(db), "--registry", str(folder / "registry"), "--broker"]
    took: list[float] = []
    seen: list[int] = []
    counts: list[int] = []
    with Broker(folder / "broker") as mqtt, (folder / "log").open("wb") as log:
        listen = ["--listen", f"127.0.0.1:{port}", "--refresh", "3600"]
        parts = {
            "ingest": subprocess.Popen([qingyun, "ingest", *told, mqtt.address], stderr=log),
            "serve": subprocess.Popen([qingyun, "serve", *told, mqtt.address, *listen], stderr=log),
        }
        try:
            await _wait(port)
            client = paho.Client(CallbackAPIVersion.VERSION2, "bench")
            client.max_queued_messages_set(0)
            client.max_inflight_messages_set(200)
            client.connect(mqtt.host, mqtt.port)
            client.loop_start()
            viewers = [
                asyncio.create_task(_view(port, n, tokens, took, seen)) for n in range(args.viewers)
            ]
            while len(seen) < args.viewers or not all(seen):
                done = [v for v in viewers if v.done()]
                if done:
                    raise SystemExit(f"bench: a viewer was not let in: {done[0].exception()}")
                await asyncio.sleep(0.1)
                if not any(seen) and len(seen) == args.viewers:
                    body = {"t": int(time.time()), "queue": 0, "clock": "ntp", "drift_ppm": -1}
                    client.publish("qingyun/1/s0001/qy-s0001/state", json.dumps(body), 0)
            before = {name: _cpu(p.pid) for name, p in parts.items()}
            started = time.monotonic()
            await asyncio.to_thread(_publish, client, args.rate, args.seconds, counts)
            lasted = time.monotonic() - started
            await asyncio.sleep(2)
            used = {name: (_cpu(p.pid) - before[name]) / lasted for name, p in parts.items()}
            stored = await asyncio.to_thread(_stored, db, counts[0])
            for v in viewers:
                v.cancel()
            client.disconnect()
        finally:
            for p in parts.values():
                p.terminate()
            for p in parts.values():
                p.wait(20)
    took.sort()
    due = len(MARKS) * args.viewers
    load = os.getloadavg()[0]
    text = (
        f"{args.viewers} viewers, {counts[0] / lasted:.0f} readings/s for {lasted:.0f} s, "
        f"{len(known.sites)} sites, {os.cpu_count()} cores, load {load:.1f}: "
        f"{len(took)} of {due} marks seen, median {statistics.median(took):.2f} s, "
        f"95 % {took[int(0.95 * len(took))]:.2f} s, longest {took[-1]:.2f} s; "
        f"stored {stored[0]} of {counts[0]} readings {stored[1]:.1f} s after the last was sent; "
        f"cores used: serve {used['serve']:.2f}, ingest {used['ingest']:.2f}."
    )
    print(text)
    if args.page:
        _write(args.page, text)
    return 0 if len(took) == due and stored[0] == counts[0] else 1


def _write(page: Path, text: str) -> None:
    """Put the figures between the marks of the page."""
    when = time.strftime("%Y-%m-%d", time.gmtime())
    marked_page.put(page, BEGIN, END, f"{text} `make bench-serve`, {when}.")


def _stored(db: Path, wanted: int) -> tuple[int, float]:
    """Readings that are in the store, and how long it took until all were."""
    started, n = time.monotonic(), 0
    while time.monotonic() - started < 60:
        store = Store(db)
        held = store.status()
        rows = store.database.query("SELECT coalesce(sum(n), 0) FROM arrival")[0][0]
        n = int(rows) + sum(s.readings for s in held)
        store.close()
        if n >= wanted:
            break
        time.sleep(0.5)
    return n, time.monotonic() - started


async def _wait(port: int) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.2)
    raise SystemExit("bench: the server does not answer")


def main() -> int:
    p = Parser("bench-serve", __doc__)
    p.add_argument("--viewers", type=whole(1, 3000), default=200)
    p.add_argument("--rate", type=whole(1), default=3000, help="readings a second")
    p.add_argument("--seconds", type=seconds, default=30.0)
    p.add_argument("--page", type=Path, help="page to put the figures in")
    args = p.parse_args()
    try:
        if args.page:
            marked_page.check(args.page, BEGIN, END)
    except marked_page.PageError as error:
        p.error(str(error))
    os.environ |= ALONE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with tempfile.TemporaryDirectory(prefix="bench-serve-") as folder:
        return asyncio.run(_run(args, Path(folder)))


if __name__ == "__main__":
    raise SystemExit(main())

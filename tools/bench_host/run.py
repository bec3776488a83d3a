"""make bench-host: the ingester beside what people would use instead, in one go.

Every contender drains the same backlog from the same broker: mosquitto on loopback, QoS 1,
a persistent session that was away. Order within a round: counting, ours, naive. Printed
are medians of the rounds, and ratios within each round."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as paho
from broker import Broker
from host_job import Ingester
from paho.mqtt.enums import CallbackAPIVersion

from bench_host import load
from host.messages import readings
from host.store import Batch, Store

OUT = Path("build/bench-host")
Round = dict[str, dict[str, float]]  # contender → figures
OTHERS = Path(__file__).with_name("others.py")


def prefill(path: Path, target: int) -> None:
    """A database that holds so many readings already, compacted."""
    if path.exists():
        return
    store = Store(path, create=True)
    made = 0
    start = load.T0 - 40 * 86_400
    batch = Batch()
    for topic, payload in load.messages(target // 32 + 1, 32, 99, load.Mixture(0, 0, 0), start):
        _, _, site, device, _ = topic.split("/")
        good, _ = readings(payload, 1 << 33)
        batch.readings += [(device, site, r) for r in good]
        made += len(good)
        if len(batch.readings) >= 200_000 or made >= target:
            store.add(batch, start)
            batch = Batch()
            print(f"\rprefill: {made} of {target} readings", end="", flush=True)
    while store.compact(start, steps=1):
        print(f"\rprefill: {store.waiting()} messages to be sorted into days ", end="", flush=True)
    store.close()
    print()


def subscribe(broker: Broker, client_id: str) -> None:
    """A session that is kept while its client is away."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
    done = []
    client.on_subscribe = lambda *_: done.append(1)
    client.connect(broker.host, broker.port)
    client.subscribe([("qingyun/1/+/+/reading", 1), ("qingyun/1/+/+/birth", 1)])
    while not done:
        client.loop(0.1)
    client.disconnect()
    client.loop(0.1)


def other(what: str, broker: Broker, messages: int, *db: str) -> dict[str, float]:
    command = [sys.executable, str(OTHERS), what, broker.address, what, str(messages), *db]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(out.stdout)
    return result


def ours(broker: Broker, db: Path, registry: Path, messages: int) -> dict[str, float]:
    ingester = Ingester(db, registry, broker.address, "--max-ahead-days", "10000")
    with ingester:
        end = time.monotonic() + 600
        while ingester.stats().get("messages", 0) < messages:
            if time.monotonic() > end:
                raise RuntimeError(f"only {ingester.stats()} within 600 s")
            time.sleep(0.2)
    s = ingester.stats()
    return {
        "s": s["last_commit"] - s["first_message"],
        "cpu_s": s["cpu_s"],
        "stored": s["stored"],
        "duplicates": s["duplicates"],
        "quarantined": s["quarantined"],
    }


def one_round(of: int, messages: int, seed: int, db: Path, registry: Path) -> Round:
    """One broker, one backlog, every contender; the naive one drains a twentieth of it."""
    slow = messages // 20
    folder = OUT / f"round-{of}-{seed}"
    found = {}
    mixture = load.Mixture()
    with Broker(folder) as broker:
        for client in ("counting", "qingyun-ingest"):
            subscribe(broker, client)
        # Readings that no earlier round has stored.
        start = load.T0 + seed * 86_400
        load.publish(broker.host, broker.port, load.messages(messages, of, seed, mixture, start))
        found["counting"] = other("counting", broker, messages)
        found["qingyun"] = ours(broker, db, registry, messages)
    with Broker(folder) as broker:
        subscribe(broker, "naive")
        load.publish(broker.host, broker.port, load.messages(slow, of, seed, mixture))
        (folder / "naive.db").unlink(missing_ok=True)
        found["naive"] = other("naive", broker, slow, str(folder / "naive.db"))
    for what, n in (("counting", messages), ("qingyun", messages), ("naive", slow)):
        found[what]["messages_s"] = n / found[what]["s"]
    return found


def show(of: int, rounds: list[Round]) -> dict[str, float]:
    def median(what: str) -> float:
        return statistics.median(r[what]["messages_s"] for r in rounds)

    def ratio(a: str, b: str) -> float:
        return statistics.median(r[a]["messages_s"] / r[b]["messages_s"] for r in rounds)

    figures = {
        "readings a message": of,
        "paho counting only, msg/s": round(median("counting")),
        "qingyun, msg/s": round(median("qingyun")),
        "qingyun, readings/s": round(median("qingyun") * of),
        "qingyun, CPU µs a reading": round(
            statistics.median(r["qingyun"]["cpu_s"] * 1e6 / r["qingyun"]["stored"] for r in rounds),
            2,
        ),
        "naive, msg/s": round(median("naive")),
        "qingyun ÷ counting": round(ratio("qingyun", "counting"), 2),
        "qingyun ÷ naive": round(ratio("qingyun", "naive"), 2),
    }
    for key, value in figures.items():
        print(f"  {key:32} {value:>12,}")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prefill", type=int, default=10_000_000, help="readings there already")
    parser.add_argument(
        "--messages", type=int, default=200_000, help="of one reading; of 32: a tenth"
    )
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    registry = OUT / "registry"
    load.write_registry(registry)
    db = OUT / f"store-{args.prefill}.db"
    prefill(db, args.prefill)
    print(
        f"{platform.python_version()} on {os.cpu_count()} cores, mosquitto on loopback, QoS 1, "
        f"SQLite WAL synchronous=FULL with {args.prefill:,} readings in it; "
        f"medians of {args.rounds} rounds"
    )
    results = []
    for of, messages in ((1, args.messages), (32, args.messages // 10)):
        rounds = [one_round(of, messages, 10 * of + n, db, registry) for n in range(args.rounds)]
        results.append(show(of, rounds))
    (OUT / "result.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"largest process: {peak} MB resident")
    return 0


if __name__ == "__main__":
    sys.exit(main())

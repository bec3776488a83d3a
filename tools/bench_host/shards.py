"""One ingester and two into one PostgreSQL, each two of a fixed half of the sites."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

import psycopg
from broker import Broker
from host_job import Ingester
from postgres import Postgres

from bench_host import load
from bench_host.drain import drained, subscribe
from bench_host.prefill import copy_to_postgres
from host.ingest import topics
from host.registry import load as load_registry

Side = dict[str, float]


def _database(server: Postgres, name: str, template: str | None = None) -> str:
    with psycopg.connect(server.url, autocommit=True) as db:
        like = f" TEMPLATE {template}" if template else ""
        db.execute(f"DROP DATABASE IF EXISTS {name}")
        db.execute(f"CREATE DATABASE {name}{like}")
    return f"{server.url.rpartition('/')[0]}/{name}"


def _side(
    shares: int, server: Postgres, broker: Broker, folder: Path, messages: int
) -> dict[str, float]:
    """So many processes drain the backlog; from the first message to the last commit."""
    url = _database(server, f"round_{shares}", "filled")
    before = server.cpu_s()
    ingesters = [
        Ingester(
            *(url, folder / "registry", broker.address, "--max-ahead-days", "10000"),
            *("--client-id", f"share-{i}-{shares}", "--shard", f"{i}/{shares}"),
            beside=folder / "round" / f"share-{i}-{shares}",
        )
        for i in range(1, shares + 1)
    ]
    try:
        for ingester in ingesters:
            ingester.start()
        found = drained(ingesters, messages)
    finally:
        for ingester in ingesters:
            ingester.stop()
    stored = sum(s["stored"] for s in found)
    first, last = min(s["first_message"] for s in found), max(s["last_commit"] for s in found)
    return {
        "readings_s": stored / (last - first),
        "cpu_us": sum(s["cpu_s"] for s in found) * 1e6 / stored,
        "server_us": (server.cpu_s() - before) * 1e6 / stored,
    }


def measure(folder: Path, filled: Path, rounds: int, messages: int) -> dict[str, float]:
    """Medians; ratio: readings/s of two over those of one within each round."""
    registry = load_registry(folder / "registry")
    found: list[tuple[Side, Side]] = []
    with Postgres() as server:
        copy_to_postgres(filled, _database(server, "filled"))
        for n in range(rounds):
            shutil.rmtree(folder / "round", ignore_errors=True)
            with Broker(folder / "round") as broker:
                for i, shares in ((1, 1), (1, 2), (2, 2)):
                    subscribe(broker, f"share-{i}-{shares}", topics(registry, (i, shares)))
                what = load.messages(messages, 1, 500 + n, load.Mixture())
                load.publish(broker.host, broker.port, what)
                one = _side(1, server, broker, folder, messages)
                found.append((one, _side(2, server, broker, folder, messages)))

    def median(side: int, what: str) -> float:
        return statistics.median(pair[side][what] for pair in found)

    ratios = sorted(two["readings_s"] / one["readings_s"] for one, two in found)
    return {
        "one_s": median(0, "readings_s"),
        "two_s": median(1, "readings_s"),
        "ratio": statistics.median(ratios),
        "least": ratios[0],
        "most": ratios[-1],
        "by_cpu": 2 * statistics.median(one["cpu_us"] / two["cpu_us"] for one, two in found),
        "cpu_us": median(0, "cpu_us"),
        "server_us": median(0, "server_us"),
    }

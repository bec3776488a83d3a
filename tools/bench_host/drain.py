"""The same backlog drained by everybody, one after the other, from the same broker.

mosquitto on loopback, QoS 1, a persistent session that was away while the load came in.
Order within a round: counting, ours, naive, Node-RED; the last two drain a twentieth, into
an empty database, since they would take minutes."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as paho
from broker import Broker
from host_job import Ingester
from paho.mqtt.enums import CallbackAPIVersion

from bench_host import load, node_red, others
from bench_host.prefill import copy

Round = dict[str, dict[str, float]]  # contender → figures
_SLOW = 20
_LIMIT_S = 600


def subscribe(broker: Broker, client_id: str, topics: list[tuple[str, int]]) -> None:
    """A session that is kept while its client is away."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
    done: list[int] = []
    client.on_subscribe = lambda *_: done.append(1)
    client.connect(broker.host, broker.port)
    for at in range(0, len(topics), 500):
        client.subscribe(topics[at : at + 500])
    while len(done) < -(-len(topics) // 500):
        client.loop(0.1)
    client.disconnect()
    client.loop(0.1)


def other(what: str, broker: Broker, messages: int, *db: str) -> dict[str, float]:
    """A contender of others.py as a process of its own."""
    command = [sys.executable, others.__file__, what, broker.address, what, str(messages), *db]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(out.stdout)
    return result


def drained(ingesters: list[Ingester], messages: int) -> list[dict[str, int]]:
    """Wait until they have taken so many messages together, and stop them; their counts."""
    limit = time.monotonic() + _LIMIT_S
    while sum(i.stats().get("messages", 0) for i in ingesters) < messages:
        if time.monotonic() > limit:
            raise RuntimeError(f"only {[i.stats() for i in ingesters]} within {_LIMIT_S} s")
        time.sleep(0.2)
    for ingester in ingesters:
        ingester.stop()
    return [i.stats() for i in ingesters]


def ours(broker: Broker, db: Path, registry: Path, messages: int) -> dict[str, float]:
    """`qingyun ingest` until the backlog is stored."""
    ingester = Ingester(db, registry, broker.address, "--max-ahead-days", "10000")
    with ingester:
        (s,) = drained([ingester], messages)
    same = ("cpu_s", "stored", "duplicates", "quarantined")
    return {"s": s["last_commit"] - s["first_message"], **{key: s[key] for key in same}}


def one_round(of: int, messages: int, seed: int, folder: Path, filled: Path) -> Round:
    """One backlog and everybody who drains it; Node-RED only for one reading a message."""
    slow = messages // _SLOW
    work = folder / "round"
    shutil.rmtree(work, ignore_errors=True)
    found: Round = {}
    what = list(load.messages(messages, of, seed, load.Mixture()))
    with Broker(work) as broker:
        for client in ("counting", "qingyun-ingest"):
            subscribe(broker, client, others.TOPICS)
        load.publish(broker.host, broker.port, iter(what))
        found["counting"] = other("counting", broker, messages)
        db = copy(filled, work / "store.db")
        found["qingyun"] = ours(broker, db, folder / "registry", messages)
    with Broker(work) as broker:
        for client in ("naive", "node-red"):
            subscribe(broker, client, others.TOPICS[:1])
        load.publish(broker.host, broker.port, iter(what[:slow]))
        found["naive"] = other("naive", broker, slow, str(work / "naive.db"))
        if of == 1:
            good = sum(payload.endswith(b"}") for _, payload in what[:slow])
            found["node-red"] = node_red.drain(broker.port, "node-red", work / "node-red", good)
    for name, figures in found.items():
        figures["messages_s"] = (slow if name in ("naive", "node-red") else messages) / figures["s"]
    found["qingyun"]["cpu_us"] = found["qingyun"]["cpu_s"] * 1e6 / found["qingyun"]["stored"]
    found["load"] = {
        "payload": sum(len(p) for _, p in what) / messages / of,
        "wire": sum(load.on_the_wire(t, p) for t, p in what) / messages / of,
    }
    return found


def median(rounds: list[Round], who: str, what: str) -> float:
    return statistics.median(r[who][what] for r in rounds)


def ratio(rounds: list[Round], a: str, b: str) -> tuple[float, float, float]:
    """Rates of a over those of b within each round: least, median, most."""
    found = sorted(r[a]["messages_s"] / r[b]["messages_s"] for r in rounds)
    return found[0], statistics.median(found), found[-1]

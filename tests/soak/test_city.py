"""`make soak-city [PLATFORMS=240000]`: the day of so many platforms on machines of their own.

PostgreSQL, broker, two ingesters, scheduler and two workers are network namespaces with an address
each. Part of the day comes by broker and ingesters while PostgreSQL dies and comes again; then two
workers roll it up while one is killed, PostgreSQL dies once more, and the line of the other one is
cut for a minute. The figures are those of an undisturbed run at one machine, to the byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import bench_engine
import psycopg
import pytest
from bench_host import load
from bench_host import rollup as district
from broker import Broker
from dask_cluster import Cluster
from host_job import ALONE, Ingester
from hosts import Hosts
from postgres import Postgres

from host.provision import engine as certificates
from host.rollup import day_bounds
from host.store import Store

PLATFORMS = int(os.environ.get("PLATFORMS") or 15_000)
BY_BROKER = min(2000, PLATFORMS // 8)  # readings
CUT_S = float(os.environ.get("CUT_S") or 60)
_WORKERS = "worker-1", "worker-2"
NAMES = "postgres", "broker", "ingest-1", "ingest-2", "boards", "scheduler", *_WORKERS, "report"

pytestmark = [
    pytest.mark.disk,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are root's"),
]


class City:
    """The machines, and the store that is at one of them."""

    def __init__(self, hosts: Hosts, server: Postgres, folder: Path) -> None:
        self.hosts, self.server, self.folder = hosts, server, folder
        self.at = f"postgresql://postgres@{hosts.address['postgres']}:{server.port}"
        self.registry = folder / f"rollup-registry-{PLATFORMS}-4"

    def url(self, name: str = "postgres") -> str:
        return f"{self.at}/{name}"

    def let_in(self) -> None:
        """Machines of the switch, without a password."""
        hba = self.server.data / "pg_hba.conf"
        hba.write_text(f"{hba.read_text()}host all all 10.77.0.0/24 trust\n")
        self.restart()

    def restart(self) -> None:
        with self.hosts.at("postgres"):
            self.server.stop(signal.SIGQUIT)
            self.server.start()

    def ingest(self) -> None:
        """Readings of the evening by broker and ingesters; each is stored once."""
        start = day_bounds(district.DATE)[0]
        messages = []
        for n in range(BY_BROKER):
            site, device = load.name(n % (PLATFORMS // 4))
            values = {f"w{i}": 14.0 + n % 7 for i in range(1, 5)}
            reading = {"life": "ffffffff", "seq": n, "boot": 1, "t": start + 86_000 + n % 300}
            topic = f"qingyun/1/{site}/{device}/reading"
            messages.append((topic, json.dumps(reading | values).encode()))
        with self.hosts.at("broker") as address:
            broker = Broker(self.folder / "broker", persistence=True)
            broker.host = address
            broker.start()
        ingesters = []
        for n in (1, 2):
            beside = self.folder / f"ingest-{n}"
            more = "--shard", f"{n}/2", "--client-id", f"ingest-{n}", "--max-ahead-days", "900"
            with self.hosts.at(f"ingest-{n}"):
                made = Ingester(self.url(), self.registry, broker.address, *more, beside=beside)
                made.start()
                ingesters.append(made)
                made.wait_subscribed()
        half = len(messages) // 2
        with self.hosts.at("boards"):
            load.publish(broker.host, broker.port, iter(messages[:half]))
        self.restart()
        with self.hosts.at("boards"):
            load.publish(broker.host, broker.port, iter(messages[half:]), "more")
        end = time.monotonic() + 300
        while sum(i.stats().get("stored", 0) for i in ingesters) < len(messages):
            assert time.monotonic() < end, [i.log()[-1000:] for i in ingesters]
            time.sleep(0.2)
        for made in ingesters:
            made.stop()
        broker.kill()

    def copy(self, name: str) -> str:
        with psycopg.connect(self.url("template1"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE postgres STRATEGY file_copy")
        return self.url(name)

    def roll(self, url: str, out: Path, *more: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "host.cli", "rollup", "--date", str(district.DATE)]
        line += ["--db", url, "--registry", str(self.registry.resolve()), "--out", str(out), *more]
        pipe = subprocess.PIPE
        return subprocess.Popen(line, env=os.environ | ALONE, stdout=pipe, stderr=pipe, text=True)


def until_written(url: str, share: float, rolling: subprocess.Popen[str]) -> None:
    """So much of the figures is written, and the run goes on."""
    with psycopg.connect(url, autocommit=True) as db:
        while True:
            n = db.execute("SELECT count(*) FROM platform_day").fetchone()
            assert rolling.poll() is None, f"ended before {share}"
            if n is not None and n[0] >= share * PLATFORMS:
                return
            time.sleep(0.05)


def test_a_city_on_machines_of_its_own(tmp_path: Path, figure: Callable[[str], None]) -> None:
    with Hosts(NAMES) as hosts:
        with hosts.at("postgres"):
            server = Postgres("fsync=off", "listen_addresses=*")
            server.__enter__()
        city = City(hosts, server, tmp_path)
        city.let_in()
        with hosts.at("report"):
            district.build(tmp_path, PLATFORMS, 4, city.url())
        city.ingest()
        with hosts.at("report"), closing(Store(city.url())) as store:
            store.compact()
        with hosts.at("report"):
            calm, url = city.copy("calm"), city.copy("engine")
            rolling = city.roll(calm, tmp_path / "calm")
            said = rolling.communicate()
            assert rolling.returncode == 0, said
        names = {"QINGYUN_STORE_DB": url, "QINGYUN_STORE_REGISTRY": str(city.registry.resolve())}
        machines = [hosts.address[name] for name in NAMES]
        certificates.make(tmp_path / "tls", machines)
        pem = tmp_path / "tls"
        own = hosts.address["scheduler"]
        files = pem / "engine-ca.pem", pem / f"{own}.pem", pem / f"{own}.key"
        cluster = Cluster(tmp_path / "dask", tls=files, host=own)
        began = time.monotonic()
        try:
            with hosts.at("scheduler"):
                cluster.start()
            for name in ("worker-1", "worker-2"):
                with hosts.at(name) as address:
                    cluster.worker(ALONE | names, host=address)
            tls = zip(("CAFILE", "CERTFILE", "KEYFILE"), files, strict=True)
            os.environ |= {f"QINGYUN_ENGINE_{key}": str(file) for key, file in tls}
            with hosts.at("report"):
                rolling = city.roll(url, tmp_path / "out", "--engine", cluster.engine)
                until_written(url, 0.05, rolling)
            cluster.workers[0].kill()
            with hosts.at("worker-1") as address:
                cluster.worker(ALONE | names, host=address)
            with hosts.at("report"):
                until_written(url, 0.10, rolling)
            city.restart()
            with hosts.at("report"):
                until_written(url, 0.20, rolling)
            with hosts.cut("worker-2"):
                time.sleep(CUT_S)
            if not cluster.workers[1].is_alive():  # as its unit would
                with hosts.at("worker-2") as address:
                    cluster.worker(ALONE | names, host=address)
            _, errors = rolling.communicate(timeout=3600)
            assert rolling.returncode == 0, errors
            with hosts.at("report"):
                assert bench_engine.hashed(url) == bench_engine.hashed(calm)
        finally:
            cluster.__exit__(None, None, None)
            with hosts.at("postgres"):
                server.__exit__(None, None, None)
        assert (tmp_path / "out/daily.csv").read_bytes() == (
            tmp_path / "calm/daily.csv"
        ).read_bytes()
        took = time.monotonic() - began
        figure(f"{PLATFORMS} platforms, {BY_BROKER} readings by broker, {took:.0f} s with faults")

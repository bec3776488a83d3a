"""A cluster of Dask with TLS, whose workers serve one store after the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from bench_host.rollup import DATE
from dask_cluster import Cluster, Process
from engine_store import Stores

from host.engine.address import Engine
from host.engine.update import bring_up_to_date
from host.provision import engine as provision
from host.rollup.day_figures import Done

NOW = 1_800_000_000


class Running:
    """Updates by a cluster in the background. Its workers have a configuration file, which names
    the store of the test under way."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        provision.make(folder / "tls", ["127.0.0.1"])
        names = "engine-ca.pem", "127.0.0.1.pem", "127.0.0.1.key"
        self.files = tuple(folder / "tls" / name for name in names)
        self.cluster = Cluster(folder, tls=self.files)
        self.cluster.start()
        self._stores, self.config = stores, folder / "qingyun.toml"
        self._pool = ThreadPoolExecutor(2)
        self.url = ""

    def fresh(self) -> None:
        """Another store, whose figures are all due, and two workers."""
        self.url = self._stores.new()
        self.configure()
        while len(self.alive()) < 2:
            self.worker()

    def configure(self, *, db: str = "", registry: Path | None = None) -> None:
        where = f"db = '{db or self.url}'\nregistry = '{registry or self._stores.registry}'\n"
        self.config.write_text(f"[store]\n{where}[rollup]\nno_such_key = 1\n")

    def worker(self, *more: str, dask: Sequence[str] = (), **environment: str) -> Process:
        environment = {"QINGYUN_CONFIG": str(self.config)} | environment
        return self.cluster.worker(environment, *more, dask=dask)

    def alive(self) -> list[Process]:
        return [worker for worker in self.cluster.workers if worker.is_alive()]

    def begin(self, *, full: bool = False) -> Future[tuple[Done, bool]]:
        engine = Engine("127.0.0.1", self.cluster.port, self.files)
        where = self.url, self._stores.registry, DATE
        return self._pool.submit(bring_up_to_date, engine, *where, full=full, now=NOW)

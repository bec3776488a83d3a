"""Figures by a real scheduler of Dask and two real workers, in a real PostgreSQL: equal to the byte
to those of an undisturbed run in one process, whatever dies meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench_host.rollup import DATE
from dask_cluster import Cluster, Process
from engine_store import Held, Stores, figures
from postgres import Postgres

from host import registry
from host.engine import crew
from host.engine.address import Engine
from host.engine.update import bring_up_to_date
from host.rollup import shares
from host.rollup.day_figures import Done, update_figures
from host.store import Store

NOW = 1_800_000_000
PLATFORMS = 320  # 80 boards


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One that may be killed."""
    with Postgres("fsync=off") as made:
        yield made


@pytest.fixture(scope="module")
def stores(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(server, tmp_path_factory.mktemp("district"), PLATFORMS)


@pytest.fixture(scope="module")
def calm(stores: Stores) -> list[list[tuple[Any, ...]]]:
    """All figures after an undisturbed update in one process."""
    url = stores.new()
    with closing(Store(url)) as store:
        update_figures(store, registry.load(stores.registry), DATE, now=NOW, jobs=1)
    return figures(url)


class Running:
    """Updates by a cluster in the background. Its workers have a configuration file, which names
    the store of the test under way."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        self.cluster = Cluster(folder)
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
        engine = Engine("127.0.0.1", self.cluster.port)
        where = self.url, self._stores.registry, DATE
        return self._pool.submit(bring_up_to_date, engine, *where, full=full, now=NOW)


@pytest.fixture(scope="module")
def cluster(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(stores, tmp_path_factory.mktemp("dask"))
    with made.cluster:
        yield made


@pytest.fixture
def running(cluster: Running) -> Running:
    cluster.fresh()
    return cluster


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several for each worker; and nobody waits long for what never comes."""
    monkeypatch.setattr(shares, "DAYS_IN_SHARE", 40)
    monkeypatch.setattr(crew, "COME_S", 6.0)
    monkeypatch.setattr(crew, "CONNECT_S", 3.0)
    monkeypatch.setattr(crew, "_LOOK_S", 0.2)


def killed(running: Running, held: Held, _: Postgres) -> None:
    """SIGKILL between the last statement and the commit."""
    running.alive()[0].kill()


def cut(running: Running, held: Held, _: Postgres) -> None:
    """Both lose their connection to PostgreSQL there."""
    for pid in held.wait_for(2):
        held.cut(pid)


def restarted(running: Running, held: Held, server: Postgres) -> None:
    """The server dies as when its machine goes, and comes again."""
    server.stop(signal.SIGQUIT)
    server.start()


@pytest.mark.parametrize("fault", [killed, cut, restarted])
def test_a_fault_in_the_middle_leaves_equal_figures(
    running: Running,
    server: Postgres,
    calm: list[list[tuple[Any, ...]]],
    fault: Callable[[Running, Held, Postgres], None],
) -> None:
    with Held(running.url) as held:
        update = running.begin()
        held.wait_for(2)
        fault(running, held, server)
    done, left_out = update.result(120)
    assert (done.bins, done.revisions, left_out) == (PLATFORMS, PLATFORMS, False)
    assert figures(running.url) == calm
    again, _ = running.begin(full=True).result(120)
    assert (again.bins, again.revisions) == (PLATFORMS, 0)
    assert figures(running.url) == calm


class Two:
    """Two processes that take shares of the same update of one store."""

    def __init__(self, url: str, folder: Path, *, full: bool = False) -> None:
        known = registry.load(folder)
        update = shares.update_of(DATE, full=full, now=NOW)
        self._stores = [Store(url), Store(url)]
        self.takers = [shares.Taker(store, known, update) for store in self._stores]
        self.boards = [b for s in shares.due(self._stores[0], known, update) for b in s.boards]

    def close(self) -> None:
        for store in self._stores:
            store.close()


@pytest.mark.parametrize("full", [False, True])
def test_a_share_that_is_taken_twice_at_once_is_done_once(
    stores: Stores, calm: list[list[tuple[Any, ...]]], full: bool
) -> None:
    url = stores.new()
    with closing(Two(url, stores.registry, full=full)) as two, ThreadPoolExecutor(2) as pool:
        with Held(url) as held:
            first = pool.submit(two.takers[0].take, two.boards)
            held.wait_for(1)
            second = pool.submit(two.takers[1].take, two.boards)
            held.wait_for_another()
        done = first.result(60), second.result(60)
    assert sorted(d.revisions for d in done) == [0, PLATFORMS]
    assert figures(url) == calm


def test_local_processes_beside_workers_write_nothing_twice(
    stores: Stores, calm: list[list[tuple[Any, ...]]]
) -> None:
    """Late readings have their day booked by both: each in its own way."""
    url, known = stores.new(), registry.load(stores.registry)
    with closing(Two(url, stores.registry)) as two, ThreadPoolExecutor(2) as pool:
        with Held(url) as held, closing(Store(url)) as store:
            taken = pool.submit(two.takers[0].take, two.boards[:40])
            held.wait_for(1)
            local = pool.submit(update_figures, store, known, DATE, now=NOW, jobs=1)
            held.wait_for_another()
            held.release()
            assert (taken.result(60).revisions, local.result(60).revisions) == (160, 160)
    assert figures(url) == calm

"""Figures by a real scheduler of Dask and two real workers, in a real PostgreSQL: equal to the byte
to those of an undisturbed run in one process, whatever dies meanwhile."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench_host import load
from bench_host.rollup import DATE
from broker import free_port
from engine_running import NOW, Running
from engine_store import Held, Stores, figures
from host_job import qingyun
from postgres import Postgres
from sim_board import ROOT

import host
from host import registry, reports
from host.common.errors import OutsideError, UserError
from host.engine import crew
from host.engine.address import Engine, engine_of
from host.engine.update import bring_up_to_date
from host.provision import certificates
from host.readings.messages import Reading
from host.rollup import day_bounds, shares
from host.rollup.day_figures import update_figures
from host.service.config import Config
from host.store import STEPS, Batch, Store
from host.store import VERSION as STORE_VERSION

PLATFORMS = 160  # 40 boards
NOON = day_bounds(DATE)[0] + 43_200
PASSWORD = "geheim-4711"  # noqa: S105  which the server does not ask for
Figures = list[list[tuple[Any, ...]]]


def with_password(url: str) -> str:
    return url.replace("postgres@", f"postgres:{PASSWORD}@")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One that may be killed."""
    with Postgres("fsync=off") as made:
        yield made


@pytest.fixture(scope="module")
def stores(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(server, tmp_path_factory.mktemp("district"), PLATFORMS)


@pytest.fixture(scope="module")
def calm(stores: Stores) -> Figures:
    """All figures after an undisturbed update in one process."""
    url = stores.new()
    with closing(Store(url)) as store:
        update_figures(store, registry.load(stores.registry), DATE, now=NOW, jobs=1)
    return figures(url)


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
    monkeypatch.setattr(shares, "DAYS_IN_SHARE", 16)
    monkeypatch.setattr(crew, "COME_S", 3.0)
    monkeypatch.setattr(crew, "CONNECT_S", 3.0)
    monkeypatch.setattr(crew, "_LOOK_S", 0.2)


# Before there is any worker


def test_no_worker_no_scheduler_and_no_tls_are_one_line_each(
    cluster: Running, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever, and a certificate of the boards opens nothing."""
    monkeypatch.setattr(crew, "COME_S", 1.0)
    certificates.make(tmp_path, "broker", ["qy-0001"])
    of_board = tuple(tmp_path / name for name in ("ca.pem", "qy-0001.pem", "qy-0001.key"))
    mixed = cluster.files[0], *of_board[1:]
    port = cluster.cluster.port
    for engine, expected in [
        (Engine("127.0.0.1", port, cluster.files), r"no worker came within 1 s; .* dask worker"),
        (Engine("127.0.0.1", port, of_board), "expected a scheduler started by dask scheduler"),
        (Engine("127.0.0.1", port, mixed), "expected a scheduler started by dask scheduler"),
        (Engine("127.0.0.1", port), "expected a scheduler started by dask scheduler"),
        (Engine("127.0.0.1", free_port()), "expected a scheduler started by dask scheduler"),
    ]:
        with pytest.raises(OutsideError, match=rf"^dask://127.0.0.1:{engine.port}: .*{expected}"):
            bring_up_to_date(engine, stores.url("postgres"), stores.registry, DATE)
    with pytest.raises(UserError, match=r"^--engine: expected a store at postgresql://"):
        bring_up_to_date(engine, tmp_path / "q.db", stores.registry, DATE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dask://10.0.0.5:8786", "a scheduler without TLS runs what anybody sends it"),
        ("dask://engine", "expected dask://HOST:PORT"),
        ("tcp://127.0.0.1:8786", "expected dask://HOST:PORT"),
        ("dask://127.0.0.1:99999", "expected dask://HOST:PORT"),
    ],
)
def test_an_engine_that_cannot_be_is_said_at_once(text: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        engine_of(text, Config())


def test_certificates_go_together_and_have_to_be_there(tmp_path: Path) -> None:
    there = tmp_path / "there.pem"
    there.touch()
    names = [f"engine.{name}" for name in ("cafile", "certfile", "keyfile")]
    whole = Config(values=dict.fromkeys(names, str(there)))
    assert engine_of("dask://[fd00::5]:8786", whole).of_dask == "tls://[fd00::5]:8786"
    with pytest.raises(UserError, match="cafile, certfile and keyfile together"):
        engine_of("dask://10.0.0.5:8786", Config(values=dict.fromkeys(names[:2], str(there))))
    lacking = Config(values=whole.values | {names[2]: str(tmp_path / "gone")})
    with pytest.raises(UserError, match=r"^\[engine\] keyfile: .*gone: No such file"):
        engine_of("dask://10.0.0.5:8786", lacking)


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
    calm: Figures,
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


def test_a_result_that_goes_with_its_worker_is_made_again(
    running: Running, calm: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share is done and written, but nobody has heard of it yet."""
    answer = crew.Crew._answer
    lost: list[str] = []

    def after_the_worker(self: crew.Crew, future: Any, given: Any) -> Any:
        if given.share is None or lost:
            return answer(self, future, given)
        lost.append(future.key)
        before = running.alive()
        for worker in before:
            worker.send(signal.SIGSTOP)  # as at the other end of a line that is cut
        done = answer(self, future, given)
        for worker in before:
            worker.kill()
        running.worker()
        return done

    monkeypatch.setattr(crew.Crew, "_answer", after_the_worker)
    monkeypatch.setattr(crew, "COME_S", 30.0)  # the one worker has to start meanwhile
    running.begin().result(120)
    assert lost
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


@pytest.mark.parametrize("how", ["new", "late", "full"])
def test_a_share_that_is_taken_twice_at_once_is_done_once(
    stores: Stores, calm: Figures, how: str
) -> None:
    """Platforms that have no figures yet; that have some, which late readings change; all anew."""
    url, known = stores.new(), registry.load(stores.registry)
    expected = PLATFORMS
    if how == "late":
        with closing(Store(url)) as store:
            update_figures(store, known, DATE, now=NOW, jobs=1)
            expected = come_late(store)
    with closing(Two(url, stores.registry, full=how == "full")) as two, ThreadPoolExecutor(2) as p:
        with Held(url) as held:
            first = p.submit(two.takers[0].take, two.boards)
            held.wait_for(1)
            second = p.submit(two.takers[1].take, two.boards)
            held.wait_for_another()
        done = first.result(60), second.result(60)
    assert sorted(d.revisions for d in done) == [0, expected]
    if how != "late":
        assert figures(url) == calm
    assert figures(url)[-1] == []


def come_late(store: Store) -> int:
    """A reading of each platform of some boards; how many figures they change."""
    batch = Batch()
    for n in range(5):
        site, device = load.name(n)
        values = {f"w{i}": 99_000 for i in range(1, 5)}
        batch.readings.append((device, site, Reading("ffffffff", 0, 0, NOON, None, values, {})))
    store.add(batch, NOW)
    store.compact(NOW)
    return 4 * len(batch.readings)


def test_local_processes_beside_workers_write_nothing_twice(stores: Stores, calm: Figures) -> None:
    """Late readings have their day booked by both: each in its own way."""
    url, known = stores.new(), registry.load(stores.registry)
    with closing(Two(url, stores.registry)) as two, ThreadPoolExecutor(2) as pool:
        with Held(url) as held, closing(Store(url)) as store:
            taken = pool.submit(two.takers[0].take, two.boards[:20])
            held.wait_for(1)
            local = pool.submit(update_figures, store, known, DATE, now=NOW, jobs=1)
            held.wait_for_another()
            held.release()
            assert (taken.result(60).revisions, local.result(60).revisions) == (80, 80)
    assert figures(url) == calm


def other_files(folder: Path) -> Path:
    """A copy of the host job as a later version might be: with one more step of the schema."""
    later = folder / "later"
    (later / "host").mkdir(parents=True)
    for path in (ROOT / "host").iterdir():
        if path.name != "store":
            (later / "host" / path.name).symlink_to(path)
    shutil.copytree(ROOT / "host" / "store", later / "host" / "store")
    (later / "firmware").symlink_to(ROOT / "firmware")
    schema = later / "host" / "store" / "schema.py"
    text = schema.read_text("utf-8")
    last = f'    ("{STEPS[-1][0]}", ()),\n'
    assert last in text
    schema.write_text(text.replace(last, f'{last}    ("later.sql", ()),\n'), "utf-8")
    (schema.parent / "later.sql").write_text("CREATE TABLE later (one INTEGER);\n")
    return later


def test_a_worker_of_another_version_and_one_without_the_package_are_left_out(
    running: Running,
    calm: Figures,
    stores: Stores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command says which, and what to do; the others do the work."""
    bare = [sys.executable, "-S", "-m", "dask"]
    packages = str(Path(pytest.__file__).parents[1])  # without what .pth files add
    wrong = [
        running.worker(PYTHONPATH=str(other_files(tmp_path))),
        running.worker(dask=bare, PYTHONPATH=packages),
    ]
    url = with_password(running.url)
    running.configure(db=url)
    args: list[str | Path] = ["rollup", "--date", str(DATE), "--registry", stores.registry]
    for name, file in zip(("CAFILE", "CERTFILE", "KEYFILE"), running.files, strict=True):
        monkeypatch.setenv(f"QINGYUN_ENGINE_{name}", str(file))
    calmly = qingyun(*args, "--db", stores.new(), "--out", tmp_path / "calm")
    done = qingyun(*args, "--db", url, "--engine", running.cluster.engine, "--out", tmp_path)
    assert (calmly.returncode, done.returncode) == (0, 1), done.stderr
    lines = [x for x in done.stderr.splitlines() if "is left out" in x]
    version, schema = host.__version__, STORE_VERSION
    other = f"has qingyun {version} (schema {schema + 1}), expected {version} (schema {schema})"
    expected = other, "lacks the package host: install qingyun"
    assert all(any(text in line for line in lines) for text in expected), done.stderr
    assert f"{PLATFORMS} figures written" in done.stderr
    assert done.stdout.partition("\n")[2] == calmly.stdout.partition("\n")[2].replace(
        str(tmp_path / "calm"), str(tmp_path)
    )
    for name in reports.FILES:
        assert (tmp_path / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert figures(running.url) == calm
    with closing(Store(running.url)):  # nobody brought its schema up to date
        logs = [p.log() for p in (*running.alive(), running.cluster.scheduler) if p is not None]
    assert PASSWORD not in "".join([*logs, done.stdout, done.stderr])
    for process in wrong:
        process.kill()


@pytest.mark.parametrize("what", ["store", "registry", "nothing"])
def test_workers_of_another_store_or_registry_do_nothing(
    running: Running, stores: Stores, tmp_path: Path, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    if what == "store":
        running.configure(db=stores.new())
        expected = "its configuration names postgresql://"
    elif what == "registry":
        shutil.copytree(stores.registry, tmp_path / "registry")
        with (tmp_path / "registry" / "towns.csv").open("a") as file:
            file.write("99,新街镇\n")
        running.configure(registry=tmp_path / "registry")
        expected = f"its registry {tmp_path / 'registry'} is another one than here"
    else:
        running.config.write_text("")
        expected = "no database is named"
    with pytest.raises(UserError, match="no worker that may take part came within 3 s"):
        running.begin().result(60)
    assert expected in capfd.readouterr().err
    assert figures(running.url)[0] == []


def test_a_scheduler_that_goes_is_one_line_and_the_next_run_goes_on(
    running: Running, stores: Stores, calm: Figures
) -> None:
    """Last of those with this scheduler."""
    with Held(running.url) as held:
        update = running.begin()
        held.wait_for(2)
        assert running.cluster.scheduler is not None
        running.cluster.scheduler.kill()
        with pytest.raises(OutsideError, match=r"^dask://[\d.:]+: the scheduler is gone"):
            update.result(60)
    with closing(Store(running.url)) as store:
        update_figures(store, registry.load(stores.registry), DATE, now=NOW, jobs=1)
    assert figures(running.url) == calm

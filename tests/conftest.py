"""What tests of every part share: real MicroPython, a real broker, the command line."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import district
import host_job
import psycopg
import pytest
from broker import Broker, find_mosquitto
from chromium import CHROMIUM, SOFTWARE_GL
from host_job import ALONE
from interpreter import RunMicroPython
from playwright.sync_api import Browser, Playwright, sync_playwright
from postgres import NotInstalled, Postgres
from preloaded import Preloaded
from sim_board import MICROPYTHON_32, ROOT, micropython

from host.store import Store

SHARED = ROOT.parent / "shared" / "data"
BOARD_PATH = (
    ":".join(str(ROOT / p) for p in ("boards/sim", "firmware", "tests/firmware", "build/lib"))
    + ":.frozen"
)

NO_MOSQUITTO = (
    "mosquitto is missing: tests of what a broker keeps and how it delivers fail without it; "
    "as root run: apt-get install mosquitto"
)
NO_32_BITS = (
    "32-bit MicroPython is missing: tests of the firmware on integers of 31 bits fail without "
    "it; run: tools/micropython_32.sh"
)

MEASURED = "measured"
ENGINES = SQLITE, POSTGRES = "sqlite", "postgres"
LONGEST = (
    "e2e/test_day.py",
    "host/serve/test_quick.py",
    "host/hazard/test_month.py",
    "docs/test_printed_commands.py",
    "host/ingest/test_killing.py",
    "tools/board/test_deploy.py",
    "host/serve/test_every_page.py",
    "host/calibration/test_calibrate.py",
    "tools/board/test_cut.py",
    "e2e/test_icrisat.py",
    "host/ingest/test_shards.py",
    "firmware/update/test_trials.py",
    "firmware/update/test_faults.py",
    "firmware/net/test_tls.py",
)
# What a test has in its hands that takes seconds.
SLOW = {
    *(
        "broker",
        "persistent_broker",
        "needs_mosquitto",
        "needs_32_bits",
        "postgres_server",
        "postgres_database",
        "browser",
        "served",
    ),
    *("run_micropython", "shared_data", "Broker", "BoardRun", "Browser", "Ingester", "Postgres"),
    *("qingyun", "subprocess", "killing", "cable", "play", "real_boards", "demo", "replay_cells"),
    *("ours", "sheets"),
}
_DATABASES = itertools.count()
# Where files need no disk; a run holds far less there at a time.
MEMORY, ROOM = Path("/dev/shm"), 3 << 30  # noqa: S108


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "only tests that need no broker, database, board, browser or process of their own"
    parser.addoption("--fast", action="store_true", help=text)


def _is_fast(item: pytest.Item) -> bool:
    """By what its module imports and which fixtures it asks for."""
    if not isinstance(item, pytest.Function):
        return True
    names = set(vars(item.module))
    if "callspec" in vars(item) and item.callspec.params.get("database") == POSTGRES:
        return False
    return not (names | set(getattr(item, "fixturenames", ()))) & SLOW


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What has been read then stays: nobody searches it for cycles, now and with each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The files that take longest first: one of them alone at the end would keep the other
    workers waiting."""
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if not _is_fast(item)])
        items[:] = [item for item in items if _is_fast(item)]
    last = len(LONGEST)
    place = {ROOT / "tests" / name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, last))


def _memory() -> Path | None:
    """For temporary files: most tests would only wait for the disk. None: of the system."""
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if there and shutil.disk_usage(MEMORY).free > ROOM else None


class Figures:
    """Prints what tests have measured, wherever they ran."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "teardown":
            return  # each phase repeats the figures of those before
        for name, text in report.user_properties:
            if name == MEASURED:
                self._terminal.write_line(f"\nmeasured: {text}")


@pytest.hookimpl(trylast=True)  # the terminal reporter first
def pytest_configure(config: pytest.Config) -> None:
    """Only the process that talks to a person prints: a worker has no terminal."""
    # Compiled modules are kept, however this machine is set: tests start Python hundreds of
    # times, and each would compile everything.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Where a shell starts this in the background it has Ctrl-C ignored, and so would every
    # process that a test wants to stop with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # One day for all processes of a run, though it may go on past midnight.
    os.environ.setdefault(district.DAY, str(district.today()))
    os.environ |= ALONE
    # Commands of tests are forks of a process that has their modules; those that docs print, and
    # those of make, begin from nothing.
    host_job.preloaded = Preloaded(os.environ)
    if in_memory := _memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.register(Figures(terminal))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What to do about it belongs where the failures are listed."""
    if find_mosquitto() is None:
        terminalreporter.write_line(NO_MOSQUITTO, red=True)
    if not MICROPYTHON_32.exists():
        terminalreporter.write_line(NO_32_BITS, red=True)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """On the disk for a test that measures, or whose subject is what a disk keeps."""
    if not any(map(request.node.get_closest_marker, ("alone", "disk"))):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="qingyun-test-") as folder:
        yield Path(folder)


@pytest.fixture
def needs_mosquitto() -> None:
    """The embedded broker forgets what was not acknowledged, and raises the QoS."""
    if find_mosquitto() is None:
        pytest.fail(NO_MOSQUITTO, pytrace=False)


@pytest.fixture
def needs_32_bits() -> None:
    """The interpreter on which faults of a board's small integers show."""
    if not MICROPYTHON_32.exists():
        pytest.fail(NO_32_BITS, pytrace=False)


@pytest.fixture
def run_micropython() -> RunMicroPython:
    """run(args, heap="192k", cwd=..., bits=64): the real interpreter with firmware on its path."""

    def run(
        *args: str | Path,
        heap: str = "192k",
        cwd: Path = ROOT,
        timeout: float = 300,
        bits: int = 64,
    ) -> subprocess.CompletedProcess[str]:
        command = [micropython(bits), "-X", f"heapsize={heap}", *map(str, args)]
        env = os.environ | {"MICROPYPATH": BOARD_PATH}
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout
        )

    return run


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of this test alone; nothing is kept across a kill."""
    with Broker(tmp_path / "broker") as b:
        yield b


@pytest.fixture
def persistent_broker(needs_mosquitto: None, tmp_path: Path) -> Iterator[Broker]:
    """A broker that writes its memory to disk."""
    with Broker(tmp_path / "broker", persistence=True) as b:
        yield b


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of this test run alone."""
    try:
        server = Postgres("fsync=on", within=_memory())
    except NotInstalled as error:
        pytest.fail(str(error), pytrace=False)
    with server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: Postgres) -> Iterator[str]:
    """An empty database of one test; its url."""
    name = f"test_{next(_DATABASES)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url.rpartition("/")[0] + "/" + name
    with psycopg.connect(postgres_server.url, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked each_engine, or one of a module that is, runs once on each engine."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker(
        "each_engine"
    ):
        metafunc.parametrize("database", ENGINES, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where the store of a test goes: a file of SQLite, or what each_engine says."""
    if getattr(request, "param", SQLITE) == SQLITE:
        return tmp_path / "q.db"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    """An empty store."""
    with closing(Store(database, create=True)) as made:
        yield made


@pytest.fixture
def shared_data() -> Path:
    """Folder of the real series that stand beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: this test reads real series from it")
    return SHARED


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a measured figure with its conditions, whether the test passes or not: once the
    test is over, since a worker's own output goes nowhere."""

    def show(text: str) -> None:
        request.node.user_properties.append((MEASURED, text))

    return show


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """One for all tests of a process: Playwright allows no second."""
    with sync_playwright() as made:
        yield made


@contextmanager
def _launched(driver: Playwright, *arguments: str) -> Iterator[Browser]:
    more = ["--no-sandbox"] if os.geteuid() == 0 else []
    made = driver.chromium.launch(executable_path=CHROMIUM, args=[*arguments, *more])
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser(driver: Playwright) -> Iterator[Browser]:
    """Chromium, one for all tests of a process."""
    with _launched(driver) as made:
        yield made


@pytest.fixture(scope="session")
def map_browser(driver: Playwright) -> Iterator[Browser]:
    """The same with WebGL, which makes every page slower where there is no graphics card."""
    with _launched(driver, SOFTWARE_GL) as made:
        yield made

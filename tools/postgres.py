"""A PostgreSQL server of one's own in a folder, for tests and measurements.

It refuses to run as root: then Debian's user `postgres` runs it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from broker import free_port

_START_S = 60


class NotInstalled(Exception):
    """There is no PostgreSQL on this machine."""


def binaries() -> Path:
    """The folder of initdb and postgres."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        raise NotInstalled("PostgreSQL is missing; as root run: apt-get install postgresql")
    return folders[-1]


class Postgres:
    """Runs from the start to the end of its `with` block, in a new folder within another; url
    is its database."""

    def __init__(self, *options: str, within: Path | None = None) -> None:
        self._options = options
        self._bin = binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="qingyun-postgres-", dir=within))
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Postgres:
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        self._folder.chmod(0o700)
        data = self._folder / "data"
        args = ["-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"]
        if self._begin("initdb", *args).wait(_START_S):
            raise RuntimeError(f"PostgreSQL's initdb failed: {self.log()}")
        self.start()
        return self

    def _begin(self, name: str, *args: str) -> subprocess.Popen[bytes]:
        who = "postgres" if os.getuid() == 0 else None
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._bin / name), *args],
                stdout=log,
                stderr=log,
                cwd="/",
                user=who,
                group=who,
                extra_groups=[] if who else None,
            )

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self._folder / "data"

    def start(self) -> None:
        """Returns once it answers."""
        args = ["-D", str(self._folder / "data"), "-p", str(self.port), "-k", str(self._folder)]
        args += ["-c", "listen_addresses=127.0.0.1"]
        for option in self._options:
            args += ["-c", option]
        self._process = self._begin("postgres", *args)
        end = time.monotonic() + _START_S
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready).returncode:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not start: {self.log()}")
            time.sleep(0.1)

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: a fast shutdown; SIGQUIT: at once, as when the machine goes."""
        if self._process is None:
            return
        first = (self._folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
        os.kill(int(first), how)
        self._process.wait(_START_S)
        self._process = None

    def cpu_s(self) -> float:
        """CPU time of the server and of every process of it that has ended or runs."""
        main = (self._folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, _, rest = stat.read_text().partition(" (")
            except OSError:
                continue  # it has just ended
            fields = rest.rpartition(")")[2].split()
            if pid == main:
                ticks += sum(map(int, fields[11:15]))  # its own, and of its ended children
            elif fields[1] == main:
                ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

"""A scheduler of Dask and workers, started by Dask's own commands, for tests and measurements.

Everything listens at 127.0.0.1 alone: pages too, which by themselves listen everywhere, with
--no-dashboard as well (findings/dask-pages-everywhere.sh)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from broker import free_port

_START_S = 60
DASK = Path(sys.executable).with_name("dask")


class Process:
    """One command of Dask with its log."""

    def __init__(
        self, name: str, folder: Path, args: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.log_file = folder / f"{name}.log"
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                args, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def until(self, text: str) -> None:
        """Returns once the log has a text."""
        end = time.monotonic() + _START_S
        while text not in self.log():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.log_file.name}: expected {text!r}: {self.log()[-2000:]}")
            time.sleep(0.02)

    def cpu_s(self) -> float:
        """CPU time so far, of the process itself: without a nanny it is the worker."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def send(self, how: int) -> None:
        """A signal to it and, with a nanny, to its worker."""
        os.killpg(self.pid, how)

    def kill(self) -> None:
        if self._process.poll() is None:
            self.send(signal.SIGKILL)
        self._process.wait(_START_S)


class Cluster:
    """A scheduler until the end of its `with` block, and the workers that worker() starts. They
    have no nanny: one that is killed stays away. tls: ca, certificate and key."""

    def __init__(self, folder: Path, *, tls: Sequence[Path] = (), host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._host = folder, host
        names = "--tls-ca-file", "--tls-cert", "--tls-key"
        self._tls = [str(x) for pair in zip(names, tls, strict=False) for x in pair]
        self.port = free_port()
        self.address = f"{'tls' if tls else 'tcp'}://{host}:{self.port}"
        self.workers: list[Process] = []
        self.scheduler: Process | None = None

    @property
    def engine(self) -> str:
        """As --engine takes it."""
        return f"dask://{self._host}:{self.port}"

    def start(self) -> None:
        """Start the scheduler; returns once it listens."""
        protocol = ["--protocol", "tls"] if self._tls else []
        args = ["scheduler", "--host", self._host, "--port", str(self.port), *protocol]
        self.scheduler = self._begin("scheduler", [*args, *self._page(), *self._tls], os.environ)
        self.scheduler.until("Scheduler at:")

    def worker(
        self,
        environment: Mapping[str, str],
        *more: str,
        dask: Sequence[str] = (),
        host: str = "",
    ) -> Process:
        """Start a worker; returns once it is registered. environment: beside that of this
        process. dask: another command than that of this environment. host: its address, where
        it has one of its own."""
        args = ["worker", self.address, "--host", host or self._host, "--nthreads", "1"]
        args += ["--no-nanny", *self._page(), *self._tls, *more]
        env = os.environ | {"PYTHONWARNINGS": "ignore"} | dict(environment)
        name = f"worker-{len(self.workers)}"
        process = self._begin(name, args, env, dask or [str(DASK)])
        self.workers.append(process)
        process.until("Registered to:")
        return process

    def _begin(
        self,
        name: str,
        args: Sequence[str],
        environment: Mapping[str, str],
        dask: Sequence[str] = (str(DASK),),
    ) -> Process:
        return Process(name, self._folder, [*dask, *args], environment)

    @staticmethod
    def _page() -> list[str]:
        return ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]

    def __enter__(self) -> Cluster:
        if self.scheduler is None:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()

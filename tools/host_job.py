"""Runs the `qingyun` command as its users do: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from preloaded import Preloaded
from run_folder import end

# What these tools run says all it needs: the configuration of this machine's own service, or of
# the folder one stands in, is not for it.
ALONE = {"QINGYUN_CONFIG": ""}
# What starts commands as forks; None: each is a process that begins from nothing.
preloaded: Preloaded | None = None


def qingyun(*args: str | Path, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run one subcommand to its end; output captured. subprocess.TimeoutExpired after so many
    seconds."""
    command = [sys.executable, "-m", "host.cli", *map(str, args)]
    env = os.environ | ALONE
    if preloaded is not None and preloaded.fits(env):
        return preloaded.run([str(a) for a in args], env, timeout)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout)


class Ingester:
    """`qingyun ingest` into a database, until the `with` block ends or kill()."""

    def __init__(
        self,
        db: Path | str,
        registry: Path,
        broker: str,
        *more: str,
        beside: Path | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        """beside: where its counts and log go, if db is no file. inside: a command that in
        the end becomes the one that it is given."""
        self.db = db
        beside = beside or Path(db)
        self.stats_file = beside.with_suffix(".stats.json")
        self._log = beside.with_suffix(".ingest.log")
        self._args = ["ingest", "--db", str(db), "--registry", str(registry), "--broker", broker]
        self._args += ["--stats", str(self.stats_file), *more]
        self._inside = inside
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.stats_file.unlink(missing_ok=True)  # of an earlier process
        with self._log.open("ab") as log:
            command = [*self._inside, sys.executable, "-m", "host.cli", *self._args]
            env = os.environ | ALONE
            self._process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        """Of the process while it runs."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """What it has logged so far, by every process that was started."""
        return self._log.read_text()

    def stats(self) -> dict[str, int]:
        """What the running process has counted; empty before its first line."""
        try:
            counts: dict[str, int] = json.loads(self.stats_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return counts

    def wait_for(self, readings: int, seconds: float = 90) -> bool:
        """Wait until so many readings are stored; False when they do not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                return False
            if self.stats().get("stored", 0) >= readings:
                return True
            time.sleep(0.1)
        return False

    def wait_subscribed(self, seconds: float = 60) -> None:
        """The first stats are written once the subscription stands."""
        end = time.monotonic() + seconds
        while not self.stats_file.exists():
            if time.monotonic() > end:
                raise RuntimeError(f"the ingester did not start; see {self._log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: the batch under way is finished first."""
        self._end(signal.SIGTERM)

    def ended(self) -> bool:
        """By itself."""
        return self._process is not None and self._process.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, how)

    def __enter__(self) -> Ingester:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

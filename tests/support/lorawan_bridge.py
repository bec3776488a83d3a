"""`qingyun lorawan` as its users run it: a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from host_job import ALONE
from run_folder import end


class Bridge:
    """`qingyun lorawan` as a process."""

    def __init__(self, folder: Path, network: str, boards: str, *more: str) -> None:
        self._log = folder / "bridge.log"
        self._args = ["lorawan", "--registry", str(folder / "registry"), "--network", network]
        self._args += ["--broker", boards, "--memory", str(folder / "memory"), *more]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "host.cli", *self._args]
            self.process = subprocess.Popen(command, env=os.environ | ALONE, stdout=log, stderr=log)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            end(self.process, how)
        self.process = None

    def __enter__(self) -> Bridge:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

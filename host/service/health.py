"""Whether the host job works: red, with reasons, when it does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from ..store import Store, health_queries
from .logs import clean
from .progress import Stats, read

LEAST_FREE = 64 << 20  # bytes


@dataclass(frozen=True)
class Limits:
    """Seconds. lag_s: how long messages may wait for their commit, the store be blocked, the
    broker be away, or the counts be old. behind_s: age of the freshest reading (boards that send
    in bundles need more)."""

    lag_s: float = 30.0
    behind_s: float = 900.0


@dataclass(frozen=True)
class Health:
    """reasons: why it is red; empty when it is well."""

    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons

    def body(self) -> bytes:
        """JSON for HTTP 200 or 503."""
        status = "ok" if self.ok else "red"
        return json.dumps({"status": status, "reasons": self.reasons}).encode() + b"\n"


def check(
    db: Path | str,
    now: float,
    stats_file: Path | None = None,
    stats: Stats | None = None,
    limits: Limits | None = None,
) -> Health:
    """Check the store and the ingester. stats: of this process, else from the file of the
    ingester; without either only the store is checked. Opens the store anew, so any thread may
    call it."""
    limits = limits or Limits()
    reasons = []
    if stats is not None:
        reasons += of_ingest(stats, now, limits)
    elif stats_file is not None:
        progress = read(stats_file)
        if progress is None:
            reasons.append(f"ingest: {stats_file} is not there")
        else:
            if now - progress.told > limits.lag_s:
                reasons.append(f"ingest: no sign of life for {now - progress.told:.0f} s")
            reasons += of_ingest(progress, now, limits)
    reasons += of_store(db)
    return Health(tuple(reasons))


def of_ingest(s: Stats, now: float, limits: Limits) -> list[str]:
    """What is wrong with the ingester."""
    reasons = []
    if s.away_since and now - s.away_since > limits.lag_s:
        reasons.append(f"ingest: no session at the broker for {now - s.away_since:.0f} s")
    if s.deaf:
        reasons.append("ingest: the broker delivers nothing by shared subscriptions (--group)")
    if s.blocked_since and now - s.blocked_since > min(limits.lag_s, 5):
        reasons.append(f"ingest: the store takes nothing for {now - s.blocked_since:.0f} s")
    if s.waiting_since and now - s.waiting_since > limits.lag_s:
        reasons.append(f"ingest: {s.waiting} messages wait for {now - s.waiting_since:.0f} s")
    if s.behind_s > limits.behind_s and now - s.last_commit < 60:
        reasons.append(f"ingest: the freshest reading of a minute is {s.behind_s:.0f} s old")
    return reasons


def of_store(db: Path | str) -> list[str]:
    """What is wrong with the store: it must open, take a write, and have room."""
    if isinstance(db, Path) and db.exists() and (free := disk_usage(db.parent).free) < LEAST_FREE:
        return [f"store: {free >> 20} MB free on its disk, expected {LEAST_FREE >> 20} or more"]
    try:
        store = Store(db)
        try:
            health_queries.writable(store)
        finally:
            store.close()
    except Exception as error:  # any error means that the store does not work
        return [clean(f"store: {error}")]
    return []

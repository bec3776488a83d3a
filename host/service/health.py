"""Whether the job does what it is there for: red, with reasons, when it does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from host.service.logs import clean
from host.service.progress import Stats, read
from host.store import Store, health_queries

LEAST_FREE = 64 << 20  # bytes


@dataclass(frozen=True)
class Limits:
    """Seconds. lag: what may wait before its commit, and how long the store may be blocked,
    the broker away, the counts old. behind: how old the freshest reading may be (boards that
    send their readings in bundles need more)."""

    lag_s: float = 30.0
    behind_s: float = 900.0


@dataclass(frozen=True)
class Health:
    """reasons: why it is red; none when it is not."""

    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.reasons

    def body(self) -> bytes:
        """As JSON, for HTTP 200 or 503."""
        status = "ok" if self.ok else "red"
        return json.dumps({"status": status, "reasons": self.reasons}).encode() + b"\n"


def check(
    db: Path | str,
    now: float,
    stats_file: Path | None = None,
    stats: Stats | None = None,
    limits: Limits | None = None,
) -> Health:
    """stats: of this process, else out of the file that the ingester writes; without either
    only the store is looked at. Opens it anew: any thread may call it."""
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
    if s.blocked_since and now - s.blocked_since > min(limits.lag_s, 5):
        reasons.append(f"ingest: the store takes nothing for {now - s.blocked_since:.0f} s")
    if s.waiting_since and now - s.waiting_since > limits.lag_s:
        reasons.append(f"ingest: {s.waiting} messages wait for {now - s.waiting_since:.0f} s")
    if s.behind_s > limits.behind_s and now - s.last_commit < 60:
        reasons.append(f"ingest: the freshest reading of a minute is {s.behind_s:.0f} s old")
    return reasons


def of_store(db: Path | str) -> list[str]:
    """Whether it can be opened and written, and has room."""
    if isinstance(db, Path) and db.exists() and (free := disk_usage(db.parent).free) < LEAST_FREE:
        return [f"store: {free >> 20} MB free on its disk, expected {LEAST_FREE >> 20} or more"]
    try:
        store = Store(db)
        try:
            health_queries.writable(store)
        finally:
            store.close()
    except Exception as error:  # whatever it is, the store is not well
        return [clean(f"store: {error}")]
    return []

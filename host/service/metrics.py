"""Prometheus metrics: the present store, and the ingester's own counts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .. import __version__
from ..alarms.alarm_log import decoded
from ..events.silences import longest_silence
from ..registry import Registry
from ..store import Store, delivery, growth, health_queries, report_intervals
from .keys import LEVELS
from .progress import Stats, read

log = logging.getLogger("qingyun.metrics")

CONTENT_TYPE = CONTENT_TYPE_LATEST
STATES = ("reporting", "silent", "never heard")
_COUNTS = (
    ("messages", "Messages taken from the broker"),
    ("readings", "Readings understood in them"),
    ("stored", "Readings stored for the first time"),
    ("duplicates", "Readings that had been stored already"),
    ("quarantined", "Messages or parts that were not understood"),
    ("batches", "Commits"),
    ("cpu_seconds", "CPU time of the ingester"),
)


def text(
    db: Path | str,
    registry: Registry | None,
    now: int,
    stats_file: Path | None = None,
    stats: Stats | None = None,
) -> bytes:
    """All metrics in the exposition format. stats: of this process, else from the file. Opens the
    store anew, so any thread may call it."""
    collectors = CollectorRegistry()
    if stats is None and stats_file is not None:
        stats = read(stats_file)
    collectors.register(_Collector(db, registry, now, stats))
    return generate_latest(collectors)


class _Collector:
    """One scrape."""

    def __init__(
        self, db: Path | str, registry: Registry | None, now: int, stats: Stats | None
    ) -> None:
        self._db, self._known, self._now, self._stats = db, registry, now, stats

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("qingyun_build", "Version of the host job", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        if self._stats is not None:
            yield from ingest(self._stats, self._now)
        metrics: list[Metric] = []
        try:
            store = Store(self._db)
            try:
                metrics = list(_store(store, self._known, self._now))
            finally:
                store.close()
        except Exception:  # qingyun_store_up is 0 then, the other metrics are left out
            log.warning("metrics: the store could not be read", exc_info=True)
            metrics = []
        yield GaugeMetricFamily(
            "qingyun_store_up", "Whether the store could be read", float(bool(metrics))
        )
        yield from metrics


def ingest(s: Stats, now: int) -> Iterator[Metric]:
    """The counts of the ingester; now: Unix seconds."""
    for name, text in _COUNTS:
        value = s.cpu_s if name == "cpu_seconds" else getattr(s, name)
        yield CounterMetricFamily(f"qingyun_ingest_{name}", text, value)
    stages = CounterMetricFamily(
        "qingyun_ingest_stage_seconds", "Time spent in a stage of ingest", labels=["stage"]
    )
    for stage, seconds in s.stages.items():
        stages.add_metric([stage], seconds)
    yield stages
    for name, text, value in (
        ("connected", "Whether there is a session at the broker", float(s.connected)),
        ("waiting_messages", "Messages taken and not committed yet", s.waiting),
        ("waiting_seconds", "For how long the oldest of them", _age(s.waiting_since, now)),
        ("blocked_seconds", "For how long the store takes nothing", _age(s.blocked_since, now)),
        ("started_timestamp_seconds", "Start of the process", s.started),
        ("last_commit_timestamp_seconds", "Last commit, 0 before the first", s.last_commit),
        ("told_timestamp_seconds", "When the process last wrote its counts", s.told),
    ):
        yield GaugeMetricFamily(f"qingyun_ingest_{name}", text, value)
    if s.behind_s >= 0:
        text = "Age of the freshest reading of the last minute: what the broker holds back"
        yield GaugeMetricFamily("qingyun_ingest_behind_seconds", text, s.behind_s)


def _age(since: float, now: int) -> float:
    return max(0.0, now - since) if since else 0.0


def _store(store: Store, registry: Registry | None, now: int) -> Iterator[Metric]:
    waiting = store.waiting()
    yield GaugeMetricFamily(
        "qingyun_store_arrivals", "Messages stored and not yet sorted into days", waiting
    )
    yield GaugeMetricFamily(
        "qingyun_store_deferred_messages", "Messages of boards that send too much: stored later",
        sum(n for n, _ in store.deferred_by_board().values()),
    )  # fmt: skip
    yield GaugeMetricFamily(
        "qingyun_store_quarantine_messages", "Messages in the quarantine", store.quarantined()
    )
    yield GaugeMetricFamily(
        "qingyun_store_refused_not_kept", "Refused messages that were too many to keep",
        sum(store.refused_over().values()),
    )  # fmt: skip
    limits = CounterMetricFamily(
        "qingyun_store_over_limits", "Readings and births beyond the limits of a board and day",
        labels=["what"],
    )  # fmt: skip
    boards = store.over_limits().values()
    for what in growth.OVER:
        limits.add_metric([what], sum(of.get(what, 0) for of in boards))
    yield limits
    heard = health_queries.last_stored(store, now)
    yield _boards(heard, report_intervals.latest(store.database), registry, now)
    yield GaugeMetricFamily(
        "qingyun_store_last_received_timestamp_seconds",
        "When something of any board was last stored, 0 where that was before yesterday",
        max(heard.values(), default=0),
    )
    levels = Counter(decoded(body).level for body in health_queries.open_alarms(store))
    alarms = GaugeMetricFamily("qingyun_alarms_open", "Alarms not over", labels=["level"])
    for level in {*LEVELS, *levels}:
        alarms.add_metric([level], levels[level])
    yield alarms
    yield GaugeMetricFamily(
        "qingyun_alarms_untold_rows", "Rows of alarms not taken by the broker",
        health_queries.unpublished(store),
    )  # fmt: skip
    yield from _delivery(store)


def _boards(
    heard: dict[str, int], every_s: dict[str, int], registry: Registry | None, now: int
) -> Metric:
    states = dict.fromkeys(STATES, 0)
    for device in registry.devices if registry else heard:
        if device not in heard:
            states["never heard"] += 1
        else:
            longest = longest_silence(every_s.get(device, 0))
            states["reporting" if now - heard[device] <= longest else "silent"] += 1
    boards = GaugeMetricFamily(
        "qingyun_boards", "Boards of the registry, by whether they report", labels=["state"]
    )
    for state, n in states.items():
        boards.add_metric([state], n)
    return boards


def _delivery(store: Store) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "qingyun_delivery_waiting_rows", "Rows of alarms to be told", labels=["channel"]
    )
    failures = GaugeMetricFamily(
        "qingyun_delivery_failures", "Failures in a row, 0 while all is well", labels=["channel"]
    )
    rows = CounterMetricFamily(
        "qingyun_delivery_rows", "Rows of alarms by what became of them", labels=["channel", "how"]
    )
    for channel, n, tries, sent, given_up in delivery.counts(store):
        waiting.add_metric([channel], n)
        failures.add_metric([channel], tries)
        rows.add_metric([channel, delivery.SENT], sent)
        rows.add_metric([channel, delivery.GIVEN_UP], given_up)
    yield from (waiting, failures, rows)

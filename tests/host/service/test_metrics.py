"""/metrics and /healthz of a running ingester: true, and red when something is wrong."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alarm_rows import add, clear
from broker import Broker, free_port
from host_job import Ingester, qingyun
from killing import until
from publisher import Publisher, reading
from sim_board import ROOT

from host.readings.messages import Reading
from host.registry import load
from host.service import health, metrics
from host.service.progress import Progress, Stats
from host.service.progress import read as read_stats
from host.store import Batch, Store

COMES_S = 120  # on a busy machine
REGISTRY = ROOT / "registry"


class Service:
    """An ingester that answers over HTTP."""

    def __init__(self, db: Path, broker: Broker) -> None:
        self.db, self.port = db, free_port()
        listen = f"127.0.0.1:{self.port}"
        self.ingester = Ingester(db, REGISTRY, broker.address, "--listen", listen)

    def get(self, path: str) -> tuple[int, str]:
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, timeout=15) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def value(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics")[1], re.M)
        return float(found[1]) if found else -1.0

    def reasons(self) -> list[str]:
        status, body = self.get("/healthz")
        found = json.loads(body)
        assert status == (200 if found["status"] == "ok" else 503)
        return list(found["reasons"])


@pytest.fixture
def service(broker: Broker, tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "q.db", broker)
    with made.ingester:
        made.ingester.wait_subscribed()
        yield made


def test_what_comes_in_is_counted(service: Service, broker: Broker) -> None:
    publisher = Publisher(broker)
    now = int(time.time())
    publisher.send([reading(n, t=now) for n in range(40)])
    publisher.send([reading(n, t=now) for n in range(30, 60)])
    publisher.send(b"nonsense")
    publisher.sure()
    publisher.stop()
    assert until(lambda: service.value("qingyun_ingest_messages_total") == 3, COMES_S)
    wanted = {
        "qingyun_ingest_readings_total": 70, "qingyun_ingest_stored_total": 60,
        "qingyun_ingest_duplicates_total": 10, "qingyun_ingest_quarantined_total": 1,
        "qingyun_store_quarantine_messages": 1, "qingyun_ingest_connected": 1,
        "qingyun_store_up": 1, 'qingyun_boards{state="reporting"}': 1,
        'qingyun_boards{state="never heard"}': 2, 'qingyun_boards{state="silent"}': 0,
        "qingyun_ingest_blocked_seconds": 0, "qingyun_ingest_waiting_messages": 0,
    }  # fmt: skip
    assert {name: service.value(name) for name in wanted} == wanted
    assert 0 < service.value('qingyun_ingest_stage_seconds_total{stage="commit"}') < 30
    assert 0 <= service.value("qingyun_ingest_behind_seconds") < 60
    assert service.reasons() == []
    assert service.get("/else")[0] == 404


def test_red_while_the_store_cannot_be_written(service: Service, broker: Broker) -> None:
    publisher = Publisher(broker)
    with closing(sqlite3.connect(service.db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert any("store: " in r and "locked" in r for r in service.reasons())
        publisher.send(reading(0, t=int(time.time())))
        publisher.sure()
        blocked = "ingest: the store takes nothing"
        assert until(lambda: any(r.startswith(blocked) for r in service.reasons()), 60)
        assert service.value("qingyun_ingest_waiting_messages") == 1
        assert service.value("qingyun_ingest_blocked_seconds") > 0
        other.execute("ROLLBACK")
    assert until(lambda: service.reasons() == [], COMES_S)
    publisher.stop()


def test_red_without_a_broker(service: Service, broker: Broker) -> None:
    assert service.reasons() == []
    broker.kill()
    assert until(lambda: service.value("qingyun_ingest_connected") == 0, COMES_S)

    def written() -> Stats:
        found = read_stats(service.ingester.stats_file)
        assert found is not None
        return found

    assert until(lambda: not written().connected, COMES_S)
    stats, limits = written(), health.Limits(lag_s=30)
    away = stats.away_since
    (red,) = health.of_ingest(stats, away + 31, limits)
    assert red == "ingest: no session at the broker for 31 s"
    assert health.of_ingest(stats, away + 29, limits) == []  # a broker may be restarted
    assert until(lambda: written().told > stats.told, COMES_S)  # the counts go on all the same


def test_red_when_what_comes_is_old(tmp_path: Path) -> None:
    """A backlog of one board is none of the ingester's; old readings of all of them are."""
    progress = Progress(tmp_path / "stats")
    progress.subscribed()
    now = time.time()

    def comes(*ages: float) -> list[str]:
        made = Batch()
        for n, age in enumerate(ages):
            one = Reading("9c4e01ab", n, 0, int(now - age), None, {}, {})
            made.readings.append(("d", "s", one))
        progress.committed(made)
        return health.of_ingest(progress.stats, time.time(), health.Limits())

    (red,) = comes(5000, 4000)
    assert re.fullmatch(r"ingest: the freshest reading of a minute is 400[0-5] s old", red)
    assert comes(5000, 20, 86_400) == []
    assert comes(90_000) == []


def test_from_outside_by_the_file_alone(tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    Store(db, create=True).close()
    file = tmp_path / "stats.json"
    now = time.time()
    assert health.check(db, now, file).reasons == (f"ingest: {file} is not there",)
    progress = Progress(file)
    progress.subscribed()
    progress.stats.readings = 7
    progress.tell(force=True)
    assert health.check(db, now, file).ok
    (late,) = health.check(db, now + 60, file).reasons
    assert late.startswith("ingest: no sign of life for")
    assert b"qingyun_ingest_readings_total 7.0" in metrics.text(db, None, int(now), file)
    (gone,) = health.check(tmp_path / "none.db", now).reasons
    assert "no such database" in gone
    assert b"qingyun_store_up 0.0" in metrics.text(tmp_path / "none.db", None, int(now))


def go_float(number: int) -> str:
    """As prometheus-client writes a number of ten digits: 1.79595939e+09."""
    digits = str(number)
    return f"{digits[0]}.{digits[1:].rstrip('0') or '0'}e+{len(digits) - 1:02}"


def test_boards_alarms_and_delivery(tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    now = int(time.time())
    add(db, now)
    add(db, now, level="提示", subject="x")
    clear(db, now, 1)
    store = Store(db)
    one = Reading("9c4e01ab", 0, 0, now - 5000, None, {"w1": 1}, {})
    store.add(Batch(readings=[("qy-fs01", "fs-01", one)]), now - 5000)
    store.compact(now - 4990)
    store.close()
    text = metrics.text(db, load(REGISTRY), now).decode()
    for line in (
        'qingyun_alarms_open{level="告警"} 0.0',
        'qingyun_alarms_open{level="提示"} 1.0',
        "qingyun_alarms_untold_rows 3.0",
        'qingyun_boards{state="silent"} 1.0',
        'qingyun_boards{state="never heard"} 2.0',
        f"qingyun_store_last_received_timestamp_seconds {go_float(now - 4990)}",
    ):
        assert line in text, line


def test_counts_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "absent" / "stats.json")
    progress.tell(force=True)
    assert read_stats(tmp_path / "absent" / "stats.json") is None
    (tmp_path / "bad").write_text("{")
    assert read_stats(tmp_path / "bad") is None
    assert Stats().stages == {}


def test_an_address_in_use_is_one_line(tmp_path: Path, broker: Broker) -> None:
    where = ("--db", tmp_path / "q.db", "--registry", REGISTRY, "--broker", broker.address)
    done = qingyun("ingest", *where, "--listen", broker.address)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"qingyun: error: --listen: {broker.address}: Address already in use"
    )

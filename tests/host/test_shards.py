"""Two ingesters, one PostgreSQL: the sites in fixed shares, nothing lost when one is killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import killing
import pytest
from bench_host import load
from broker import Broker
from host_job import Ingester, qingyun
from postgres import Postgres
from stored import quarantined, seqs

TOTAL = 20_000


@pytest.mark.usefixtures("needs_mosquitto")
def test_two_shards_on_one_server(
    tmp_path: Path, postgres_database: str, figure: Callable[[str], None]
) -> None:
    registry = tmp_path / "registry"
    load.write_registry(registry, killing.boards(TOTAL))
    what = killing.messages(TOTAL, 7)
    with Broker(tmp_path / "broker") as broker:
        both = [
            Ingester(
                *(postgres_database, registry, broker.address),
                *("--client-id", f"shard-{i}", "--shard", f"{i}/2", "--max-ahead-days", "10000"),
                beside=tmp_path / f"shard-{i}",
            )
            for i in (1, 2)
        ]
        for ingester in both:
            ingester.start()
            ingester.wait_subscribed(60)
        load.publish(broker.host, broker.port, iter(what[: len(what) // 2]))
        both[0].kill()
        load.publish(broker.host, broker.port, iter(what[len(what) // 2 :]))
        both[0].start()
        both[0].wait_subscribed(60)
        expected = killing.names(what)
        assert killing.until(lambda: len(seqs(postgres_database)) >= len(expected), 180)
        shares = [i.stats()["messages"] for i in both]
        for ingester in both:
            ingester.stop()
    found = seqs(postgres_database)
    figure(
        f"two shards into one PostgreSQL, one killed halfway: {len(expected - set(found))} of "
        f"{len(expected)} readings lost, {len(found) - len(set(found))} doubled; "
        f"messages by process {shares}"
    )
    assert set(found) == expected
    assert len(found) == len(expected)
    assert quarantined(postgres_database) == 0
    assert all(shares)
    args = ("--db", postgres_database, "--registry", registry, "--out", tmp_path)
    done = qingyun("rollup", "--date", "2026-09-22", *args)
    assert done.returncode == 0, done.stderr


def test_a_server_that_is_away_is_waited_for(tmp_path: Path, broker: Broker) -> None:
    registry = tmp_path / "registry"
    load.write_registry(registry, killing.boards(320))
    what = killing.messages(320, 8)
    with Postgres() as server:
        ingester = Ingester(
            *(server.url, registry, broker.address, "--max-ahead-days", "10000"),
            beside=tmp_path / "ingest",
        )
        with ingester:
            ingester.wait_subscribed(60)
            load.publish(broker.host, broker.port, iter(what[:5]))
            assert killing.until(lambda: ingester.stats()["messages"] == 5, 180)
            server.stop()
            load.publish(broker.host, broker.port, iter(what[5:]))
            log = tmp_path / "ingest.ingest.log"
            assert killing.until(lambda: "nothing is acknowledged" in log.read_text(), 180)
            server.start()
            assert killing.until(lambda: "can be written again" in log.read_text(), 180)
            assert killing.until(lambda: ingester.stats()["messages"] == len(what), 180)
        assert set(seqs(server.url)) == killing.names(what)
        assert "password" not in log.read_text()

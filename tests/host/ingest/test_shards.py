"""Two ingesters, one PostgreSQL: by fixed shares or as the broker chooses, one is killed."""

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
@pytest.mark.parametrize(
    "shares", [("--shard 1/2", "--shard 2/2"), ("--group q", "--group q")], ids=["shard", "group"]
)
def test_two_ingesters_on_one_server(
    tmp_path: Path,
    postgres_database: str,
    shares: tuple[str, str],
    figure: Callable[[str], None],
) -> None:
    registry = tmp_path / "registry"
    load.write_registry(registry, killing.boards(TOTAL))
    what = killing.messages(TOTAL, 7)
    with Broker(tmp_path / "broker") as broker:
        both = [
            Ingester(
                *(postgres_database, registry, broker.address),
                *("--client-id", f"share-{i}", *share.split(), "--max-ahead-days", "10000"),
                beside=tmp_path / f"share-{i}",
            )
            for i, share in enumerate(shares)
        ]
        for ingester in both:
            ingester.start()
            ingester.wait_subscribed(60)
        third = len(what) // 3
        load.publish(broker.host, broker.port, iter(what[:third]))
        both[0].kill()
        load.publish(broker.host, broker.port, iter(what[third : 2 * third]))
        both[0].start()
        both[0].wait_subscribed(60)
        load.publish(broker.host, broker.port, iter(what[2 * third :]))
        expected = killing.names(what)
        assert killing.until(lambda: len(seqs(postgres_database)) >= len(expected), 180)
        # Each has a part in it, the one that was started again too.
        assert killing.until(lambda: all(i.stats()["messages"] for i in both), 120)
        taken = [i.stats()["messages"] for i in both]
        for ingester in both:
            ingester.stop()
    found = seqs(postgres_database)
    figure(
        f"two ingesters ({shares[0].split()[0]}) into one PostgreSQL, one killed and "
        f"started again: {len(expected - set(found))} of {len(expected)} readings lost, "
        f"{len(found) - len(set(found))} doubled; messages by process {taken}"
    )
    assert set(found) == expected
    assert len(found) == len(expected)
    assert quarantined(postgres_database) == 0
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

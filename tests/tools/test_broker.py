"""The broker of demo and tests: the embedded one does what mosquitto does for them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import broker as tool
import pytest
from broker import Broker
from demo import CONFIGS, REGISTRY, generate
from host_job import Ingester, qingyun
from sim_board import BoardRun

DATE = dt.date(2026, 3, 3)
MORNING = 1_772_467_200 + 6 * 3600  # of that day in Shanghai
DEVICE = "qy-jt01"


def play(trace: Path, out: Path) -> bytes:
    """Two hours of a board, stored without a loss; the day's daily.csv."""
    out.mkdir()
    db = out / "q.db"
    with Broker(out / "broker") as broker, Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        board = BoardRun(
            *(CONFIGS / f"{DEVICE}.json", trace, out / "flash", out / "report.json"),
            *(broker.address, "field", 1),
            start=MORNING,
            until=MORNING + 2 * 3600,
        )
        assert board.launch().wait(300) == 0
        report = board.result()
        assert ingester.wait_for(report["readings"])
        stats = ingester.stats()
        assert (stats["duplicates"], stats["quarantined"], report["queued"]) == (0, 0, 0)
    args = ("--db", db, "--registry", REGISTRY, "--out", out)
    done = qingyun("rollup", "--date", str(DATE), *args)
    assert done.returncode == 0, done.stderr
    return (out / "daily.csv").read_bytes()


def test_the_embedded_broker_gives_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(DATE, 1, tmp_path)
    trace = tmp_path / f"{DEVICE}.csv"
    usual = play(trace, tmp_path / "usual")
    monkeypatch.setattr(tool, "find_mosquitto", lambda: None)
    embedded = play(trace, tmp_path / "embedded")
    assert (tmp_path / "embedded" / "broker" / "amqtt.yaml").exists()
    assert embedded == usual
    assert b",0.08" in usual  # two hours of twenty-four


def test_a_broker_that_keeps_its_memory_asks_for_mosquitto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "find_mosquitto", lambda: None)
    with pytest.raises(RuntimeError, match="apt-get install mosquitto"):
        Broker(tmp_path, persistence=True).start()

"""A simulated day from the sensors to the report, undisturbed and disturbed."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stored
from board_runs import how_far
from broker import Broker
from demo import CONFIGS, REGISTRY, TRY, commands, demo, generate, where, window
from host_job import Ingester, qingyun
from played import wait_stored
from rich.console import Console
from run_folder import fresh_folder
from sim_board import BoardRun

from host import __version__
from host.hazard import ledger
from host.readings.messages import Reading
from host.store import Store
from host.store.chunk import Stored
from host.store.model import Batch

DATE = dt.date(2026, 5, 20)
MIDNIGHT = int(dt.datetime(2026, 5, 19, 16, tzinfo=dt.UTC).timestamp())
DEVICE = "qy-jt01"
HOURS_OF_DEMO = (12, 21)
START, HOURS = MIDNIGHT + 6 * 3600, 6  # the busiest, with a collection


@pytest.fixture(scope="module")
def another_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Collections at each of the three sites; the morning and the night would only take time."""
    out = tmp_path_factory.mktemp("another") / "demo"
    return out, demo(DATE, 1234, out, Console(quiet=True), HOURS_OF_DEMO)


def test_the_demo_finds_every_collection_of_another_day(
    another_day: tuple[Path, list[str]],
) -> None:
    assert another_day[1] == []


def test_the_ledger_has_every_drum_that_was_weighed(another_day: tuple[Path, list[str]]) -> None:
    """Drums on and off the platforms of the store, through the firmware, to 0.1 kg."""
    out, _ = another_day
    db = ("--db", out / "qingyun.db", "--registry", REGISTRY)
    start, until = window(DATE, HOURS_OF_DEMO)
    with (out / "truth_events.csv").open(encoding="utf-8", newline="") as file:
        truth = [
            r
            for r in csv.DictReader(file)
            if r["site"] == "hw-01" and start <= float(r["t"]) < until
        ]
    done = qingyun("ledger", "update", *db, "--now", "2026-05-21 00:00")
    said = f"{out / 'qingyun.db'}: {len(truth)} entries added to the ledger\n"
    assert (done.returncode, done.stdout) == (0, said)
    store = Store(out / "qingyun.db")
    booked = ledger.live(ledger.read(store))
    store.close()
    table = {"deposit": "入库", "collection": "出库"}
    assert len(truth) == 5
    for e, row in zip(booked, sorted(truth, key=lambda r: float(r["t"])), strict=True):
        assert e.table == table[row["kind"]]
        assert abs(e.grams / 1000 - float(row["kg"])) <= 0.1
        assert e.weighed and e.weighed.channel == row["channel"]
    traced = qingyun("trace", *db, "entry:1")
    assert f"calibration c-2026-01 of 2026-01-05, firmware {__version__} " in traced.stdout


def test_what_it_says_at_the_end_is_there_and_can_be_typed(
    another_day: tuple[Path, list[str]],
) -> None:
    out, _ = another_day
    lines = where(DATE, out)
    files = [name for line in lines[: lines.index(TRY)] for name in line.split()[1:]]
    assert len(files) > 5
    for name in files:
        assert list(out.glob(name.removeprefix(f"{out}/"))), name
    typed = commands(DATE, out)
    assert lines[-len(typed) :] == [f"  {command}" for command in typed]
    script = "set -e\n" + "\n".join(typed)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("day.svg", "month.xlsx"):
        assert (out.parent / name).stat().st_size > 0
    with fresh_folder(out):  # nothing of it is in the way of the next demo
        pass


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trace")
    generate(DATE, 77, folder)
    return folder / f"{DEVICE}.csv"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo's board, told to wait for the host's word."""
    cfg = json.loads((CONFIGS / f"{DEVICE}.json").read_text())
    cfg["confirm"] = "host"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(cfg))
    return path


def board(config: Path, trace: Path, folder: Path, broker: Broker, **more: Any) -> BoardRun:
    flash, report = folder / "board.flash", folder / "board.json"
    return BoardRun(config, trace, flash, report, broker.address, "field", 7, **more)


def daily(db: Path, out: Path) -> bytes:
    """daily.csv of the day."""
    result = qingyun(
        *("rollup", "--date", str(DATE), "--db", db, "--registry", REGISTRY, "--out", out)
    )
    assert result.returncode == 0, result.stderr
    return (out / "daily.csv").read_bytes()


def of_day(folder: Path) -> list[dict[str, str]]:
    with (folder / "daily.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def of_stored(life: str, r: Stored) -> Reading:
    return Reading(life, r.seq, r.boot, r.t, r.up, r.values, r.q)


def play(
    folder: Path,
    config: Path,
    trace: Path,
    disturb: Callable[[BoardRun, Broker, Ingester], None],
) -> tuple[dict[str, Any], Path]:
    """The first hours of one board's day; disturb() is called while it runs."""
    folder.mkdir()
    db = folder / "q.db"
    with Broker(folder / "broker", persistence=True) as broker:
        with Ingester(db, REGISTRY, broker.address) as ingester:
            ingester.wait_subscribed()
            run = board(config, trace, folder, broker, start=START, until=START + 3600 * HOURS)
            process = run.launch()
            disturb(run, broker, ingester)
            assert process.wait(300) == 0
            report = run.result()
    return report, db


@pytest.mark.usefixtures("needs_mosquitto")
def test_sigkill_of_host_and_broker_leaves_the_rollup_as_it_was(
    tmp_path: Path, config: Path, trace: Path
) -> None:
    def disturb(run: BoardRun, broker: Broker, ingester: Ingester) -> None:
        for n in range(6):
            while (told := how_far(run)) is None or told["at"] < START + 1800 * (1 + n):
                time.sleep(0.05)
            victim = broker if n % 2 else ingester
            victim.kill()
            victim.start()

    report, db = play(tmp_path / "rough", config, trace, disturb)
    assert report["queued"] == 0
    assert [s[1:] for s in stored.spans(db)] == [(0, report["readings"] - 1)]
    assert [seq for _, seq in stored.seqs(db)] == list(range(report["readings"]))
    assert stored.quarantined(db) == 0
    # To the byte what the same readings give when nobody disturbs their way.
    at_once = tmp_path / "at once" / "q.db"
    at_once.parent.mkdir()
    store = Store(at_once, create=True)
    taken = [(DEVICE, "jt-01", of_stored(life, r)) for life, r in stored.readings(db)]
    store.add(Batch(readings=taken), received=MIDNIGHT + 86_400)
    store.close()
    assert daily(db, tmp_path / "rough") == daily(at_once, at_once.parent)
    rows = [row for row in of_day(tmp_path / "rough") if row["site"] == "jt-01"]
    lost_s = [3600 * HOURS - 86_400 * float(row["coverage"]) for row in rows]
    assert all(0 <= s <= 10 for s in lost_s), lost_s  # the start of the board
    with trace.with_name("truth_events.csv").open(encoding="utf-8", newline="") as file:
        emptied = [
            float(event["kg"])
            for event in csv.DictReader(file)
            if (event["site"], event["kind"]) == ("jt-01", "collection")
            and START <= float(event["t"]) < START + 3600 * HOURS
        ]
    assert emptied
    assert abs(sum(float(row["collected_kg"]) for row in rows) - sum(emptied)) <= 0.1


def test_restart_at_noon_and_an_erased_flash(tmp_path: Path, config: Path, trace: Path) -> None:
    noon = MIDNIGHT + 43_200
    db = tmp_path / "q.db"
    reports = []
    with Broker(tmp_path / "broker") as broker:
        # In the morning nobody listens: what is made stays in the queue.
        away = BoardRun(
            *(config, trace, tmp_path / "board.flash", tmp_path / "a.json"),
            *("127.0.0.1:9", "field", 7),
            start=noon - 2 * 3600,
            until=noon,
        )
        assert away.launch().wait(300) == 0
        reports.append(away.result())
        with Ingester(db, REGISTRY, broker.address) as ingester:
            ingester.wait_subscribed()
            for until in (noon + 3600, noon + 7200):
                run = board(config, trace, tmp_path, broker, start=until - 3600, until=until)
                assert run.launch().wait(300) == 0
                reports.append(run.result())
                if until == noon + 3600:
                    wait_stored(db, sum(r["readings"] for r in reports))
                    kept = len(stored.seqs(db))
                    (tmp_path / "board.flash").unlink()
    morning, afternoon, erased = reports
    assert (morning["published"], morning["dropped"]) == (0, 0)
    assert morning["queued"] == morning["readings"] > 0
    assert (morning["boot"], afternoon["boot"], erased["boot"]) == (0, 1, 0)
    assert morning["life"] == afternoon["life"] != erased["life"]
    assert kept == morning["readings"] + afternoon["readings"]
    assert sorted(stored.spans(db)) == sorted(
        [(morning["life"], 0, kept - 1), (erased["life"], 0, erased["readings"] - 1)]
    )


def test_a_wrong_configuration_stops_with_one_line(tmp_path: Path, trace: Path) -> None:
    cfg = json.loads((CONFIGS / f"{DEVICE}.json").read_text())
    cfg["mqtt"]["port"] = "1883"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(cfg))
    run = BoardRun(path, trace, tmp_path / "f", tmp_path / "r.json", "127.0.0.1:9")
    assert run.launch().wait(300) == 2
    lines = (tmp_path / "r.log").read_text().splitlines()
    assert lines == [
        f"error: {path}: mqtt.port: expected a whole number from 1 to 65535, found '1883'"
    ]

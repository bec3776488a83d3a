"""A morning on integers as small as an ESP32's: what is heard of the board, and what the host
makes of it, is what it is on 64 bits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from broker import Broker
from demo import CONFIGS, REGISTRY, generate
from host_job import Ingester
from listener import Listener
from played import Played
from sim_board import BoardRun

DATE = dt.date(2026, 3, 3)
MIDNIGHT = 1_772_467_200  # of that day in Shanghai
START, END = MIDNIGHT + 8 * 3600, MIDNIGHT + 10 * 3600  # deposits and a collection
DEVICE, SITE = "qy-fs01", "fs-01"


def morning(
    folder: Path, trace: Path, bits: int
) -> tuple[dict[str, Any], Listener, list[dict[str, str]]]:
    """The report of the run, what was heard, and the site's rows of daily.csv."""
    folder.mkdir()
    db = folder / "qingyun.db"
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "broker"))
        ingester = stack.enter_context(Ingester(db, REGISTRY, broker.address))
        ingester.wait_subscribed()
        heard = stack.enter_context(Listener(broker, f"qingyun/1/{SITE}/{DEVICE}/"))
        run = BoardRun(
            *(CONFIGS / f"{DEVICE}.json", trace, folder / "flash.img", folder / "report.json"),
            broker=broker.address,
            physics="field",
            start=START,
            until=END,
            bits=bits,
        )
        assert run.launch().wait(timeout=200) == 0, (folder / "report.log").read_text()[-2000:]
        report = run.result()
        ingester.wait_for(report["published"])
        # Whatever the broker had before it, has come with this.
        heard.publish(f"qingyun/1/{SITE}/{DEVICE}/end", b"end")
        heard.wait("end")
    rows = Played(folder, REGISTRY).rows(DATE)
    return report, heard, [row for row in rows if row["site"] == SITE]


def readings(heard: Listener) -> list[dict[str, Any]]:
    """What was published, without the life: it is drawn at random."""
    return [m | {"life": ""} for m in heard.json("reading")]


def test_a_morning_is_the_same_as_on_64_bits(
    needs_mosquitto: None, needs_32_bits: None, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    generate(DATE, 1, tmp_path)
    trace = tmp_path / f"{DEVICE}.csv"
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(morning, tmp_path / str(bits), trace, bits) for bits in (32, 64)]
        (small, of_small, rows), (large, of_large, expected) = (run.result() for run in both)
    assert small["frames"] > 20_000 and abs(small["frames"] - large["frames"]) <= 50
    assert small["dropped"] == small["queued"] == 0
    assert small["readings"] == small["published"] > 50
    a, b = readings(of_small), readings(of_large)
    same = sum(reading in b for reading in a)
    figure(f"{same} of {len(a)} readings the same to the last digit on 32 bits and on 64")
    # A broker that answers later moves the sampling by some ms: other noise, the same masses.
    assert abs(len(a) - len(b)) <= 3
    states, others = ({s["t"]: s for s in of.json("state")} for of in (of_small, of_large))
    assert 0.9 < len(states) / len(others) < 1.1, (len(states), len(others))
    last = max(states.keys() & others.keys())
    assert END - last < 600
    for name in (n for n in states[last] if n[0] == "w"):
        assert abs(states[last][name] - others[last][name]) <= 0.01, name
    for row, other in zip(rows, expected, strict=True):
        for name in ("site", "stream", "collections", "flags"):
            assert row[name] == other[name]
        assert abs(float(row["coverage"]) - float(other["coverage"])) <= 1e-4
        for name in ("deposited_kg", "collected_kg"):
            assert abs(float(row[name]) - float(other[name])) <= 0.01
    assert [row["collections"] for row in rows if row["stream"] == "湿垃圾"] == ["1"]

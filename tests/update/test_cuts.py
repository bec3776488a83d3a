"""Power cuts and lost connections in the course of an update: it goes on where it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from broker import Broker
from listener import Listener
from ota import HEAP, Ota, Running
from sim_board import ROOT, compiled

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def test_power_cut_at_every_operation_of_the_flash(
    ota: Ota, broker: Broker, figure: Callable[[str], None]
) -> None:
    """From the command to the new firmware's being good, and back once more."""
    new = ota.newer()
    argv = ota.board(broker).command()
    argv[argv.index("run")] = "run_cuts"
    argv[argv.index(f"heapsize={HEAP}")] = "heapsize=64m"
    path = [compiled() / "boards/sim", ROOT / "tests/update", ".frozen"]
    env = os.environ | {"MICROPYPATH": ":".join(map(str, path))}
    log = ota.folder / "report.log"
    with Listener(broker) as heard, log.open("wb") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, cwd=ROOT, env=env)
        board = Running(ota, heard, process)
        try:
            assert board.update(new)["ok"]
            assert board.outcome(new, 300)["update"]["state"] == "good"
            board.still_publishes(new)
            bad = ota.newer(
                ("sampler.py", "        diff = self._hal.ticks_diff\n", "        return 1000\n")
            )
            assert board.update(bad, id="u2")["ok"]
            assert board.outcome(bad, 300)["update"]["state"] == "failed"
            heard.ask({"id": "stop", "do": "restart"})
        finally:
            process.kill()
            process.wait()
    assert "CUT" not in log.read_text()
    figure(log.read_text()[-100:])

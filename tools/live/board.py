"""The board of the live site: the real firmware on MicroPython, in real time."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rig_board import RigRun
from run_folder import end
from sim_board import compiled

from live.scene import DOOR, Scene

EVERY_S = 20  # a reading at least so often
_DOOR_PIN = 33  # as the door of a store has it
_DAYS = 365  # the simulated world ends then
_STATE = "state: "


def configuration(template: Path) -> dict[str, Any]:
    """That of a board of the demo, with a contact, and readings more often."""
    config: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    config["channels"].append({"id": DOOR, "kind": "contact", "pin": _DOOR_PIN})
    config["report"] = {"every_s": EVERY_S}
    return config


class LiveBoard:
    """Has power from plug() to unplug(). Its flash outlives that."""

    def __init__(self, config: Path, broker: str, physics: str, scene: Scene, hand: Path) -> None:
        folder = config.parent
        self._run = RigRun(
            *(config, folder / "board.csv", folder / "board.flash", folder / "board.end.json"),
            *(broker, physics),
            speed=1,
            hand=hand,
        )
        self._scene = scene
        self.log = self._run.report.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        compiled()

    def plug(self) -> None:
        now = int(time.time())
        self._scene.write_trace(self._run.trace, now)
        run = replace(self._run, start=now, until=now + _DAYS * 86_400)
        self.process = run.launch()

    def unplug(self) -> None:
        """At this moment, whatever it is doing."""
        process, self.process = self.process, None
        if process is not None:
            end(process, signal.SIGKILL)

    def ended(self) -> bool:
        """By itself."""
        return self.process is not None and self.process.poll() is not None

    def console(self) -> dict[str, Any]:
        """The latest state that it has printed at its serial port; empty before the first."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        for line in reversed(lines):
            _, found, body = line.partition(_STATE)
            if found:
                try:
                    state: dict[str, Any] = json.loads(body)
                except ValueError:
                    continue  # not yet written to its end
                return state
        return {}

    def __enter__(self) -> LiveBoard:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

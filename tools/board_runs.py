"""Runs simulated boards side by side and shows how far each is: simulated time, readings, kg."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from sim_board import HEAP, BoardRun

from host.common.local_days import SHANGHAI_S

# One more than there are cores: the boards of a run are not all as long, and none stays idle.
AT_ONCE = (os.cpu_count() or 1) + 1
LINE_S = 10  # where nobody watches a terminal, a line so often


def run_boards(runs: Sequence[BoardRun], console: Console) -> list[dict[str, Any]]:
    """Run boards, some at a time; their reports in the same order."""
    waiting = list(runs)
    running: list[tuple[BoardRun, subprocess.Popen[bytes]]] = []
    try:
        with _Shown(console) as shown:
            while waiting or running:
                while waiting and len(running) < AT_ONCE:
                    run = waiting.pop(0)
                    running.append((run, run.launch()))
                for run, process in list(running):
                    if process.poll() is not None:
                        running.remove((run, process))
                        report = run.result()
                        shown.ended(run)
                        line = f"board {run.trace.stem}: {_summary(report)}"
                        console.print(line, soft_wrap=True)
                shown.look([run for run, _ in running])
                time.sleep(0.1)
    finally:
        for _, process in running:
            process.kill()
            process.wait()
    return [run.result() for run in runs]


def how_far(run: BoardRun) -> dict[str, Any] | None:
    """What the simulator last wrote of a run: at, start and until (Unix s), readings, and kg,
    the sum of what its platforms show, None where none is weighed. None before it has."""
    try:
        told: dict[str, Any] = json.loads(run.progress.read_text())
    except (FileNotFoundError, ValueError):  # not yet, or just being written
        return None
    return told


def text(told: dict[str, Any]) -> str:
    """That as a person reads it."""
    at = dt.datetime.fromtimestamp(told["at"] + SHANGHAI_S, dt.UTC)
    kg = told["kg"]
    weighed = "" if kg is None else f", {round(kg, 1) + 0.0:.1f} kg on its platforms"  # no -0.0
    return f"{at:%m-%d %H:%M}, {told['readings']} readings{weighed}"


class _Shown:
    """A bar for each board that runs, in place on a terminal; else a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        what = TextColumn("{task.fields[text]}")
        columns = TextColumn("{task.description}"), BarColumn(20), what
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._said = time.monotonic()

    def __enter__(self) -> _Shown:
        self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()

    def ended(self, run: BoardRun) -> None:
        task = self._tasks.pop(run.trace.stem, None)
        if task is not None:
            self._bars.remove_task(task)

    def look(self, running: Sequence[BoardRun]) -> None:
        if self._console.is_terminal:
            for run in running:
                self._move(run.trace.stem, how_far(run))
        elif time.monotonic() - self._said >= LINE_S:
            self._said = time.monotonic()
            for run in running:
                told = how_far(run)
                if told:
                    self._console.print(f"board {run.trace.stem}: {text(told)}", soft_wrap=True)

    def _move(self, name: str, told: dict[str, Any] | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, text="starts", total=None)
        if told:
            done, whole = told["at"] - told["start"], told["until"] - told["start"]
            self._bars.update(self._tasks[name], completed=done, total=whole, text=text(told))


def _summary(report: dict[str, Any]) -> str:
    return (
        f"{report['readings']} readings made, {report['published']} acknowledged; "
        f"{report['frames']} HX711 frames; {report['virtual_s']} s in {report['wall_s']} s; "
        f"{report['heap_free_low'] // 1024} of {HEAP} heap free"
    )

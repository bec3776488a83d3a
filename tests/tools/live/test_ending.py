"""A signal ends the prompt of `make live` in whatever moment and thread it comes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from sim_board import ROOT

# raise_signal() sends to its own thread, so the wait of the main one is not interrupted.
PROMPT = """
import signal, threading, time
from live.ending import Ending
from live.terminal import Terminal

with Ending():
    threading.Timer(0.5, signal.raise_signal, [signal.SIGTERM]).start()
    try:
        Terminal().ask()
    except KeyboardInterrupt:
        print("ended")
"""


def test_a_signal_that_another_thread_takes_ends_the_prompt() -> None:
    ours, theirs = pty.openpty()
    env = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    command = [sys.executable, "-c", PROMPT]
    try:
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, env=env, cwd=ROOT) as process:
            os.close(theirs)
            try:
                assert process.wait(timeout=30) == 0
            finally:
                process.kill()
        said = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
    assert said.startswith("live> ") and "ended" in said

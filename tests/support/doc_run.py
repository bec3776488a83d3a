"""Runs commands of a page in a network of their own: `unshare --net python doc_run.py FILE`.

FILE is JSON: folder, messages and commands (see test_commands.py). There the addresses that
pages name are free: a broker listens at 127.0.0.1:1883 and hears the messages, a webhook at 9999.
Prints JSON: for each command its exit code and what it said."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from broker import Broker
from paho.mqtt.enums import CallbackAPIVersion

PORT = 1883
WEBHOOK = 9999
LONGEST_S = 300  # where a machine has much else to do
_SIOCSIFFLAGS, _UP = 0x8914, 0x41


def loopback() -> None:
    """A new network has it, but switched off."""
    with socket.socket() as s:
        fcntl.ioctl(s, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _UP))


def speak(messages: list[tuple[str, str, bool]], over: threading.Event) -> None:
    """Topic, payload, retained; again and again, for whoever has just begun to listen."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "boards")
    client.connect("127.0.0.1", PORT)
    client.loop_start()
    while not over.wait(0.5):
        for topic, payload, retain in messages:
            client.publish(topic, payload, 1, retain)
    client.loop_stop()
    client.disconnect()


class Taken(BaseHTTPRequestHandler):
    """A webhook that takes whatever comes."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


class Running:
    """A command in a shell, at a terminal where somebody answers it."""

    def __init__(self, command: dict[str, Any], folder: str) -> None:
        self.answers: list[tuple[str, str]] = [tuple(x) for x in command["answers"]]
        self.output = ""
        inner = None
        how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        if self.answers:
            self.out, inner = pty.openpty()
            how = dict.fromkeys(("stdin", "stdout"), inner)
            how["preexec_fn"] = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(
            ["sh", "-e", "-c", command["script"]],
            **(how | {"stderr": how["stdout"] if inner is not None else subprocess.STDOUT}),
            cwd=folder, start_new_session=True,
        )  # fmt: skip
        if inner is not None:
            os.close(inner)
        else:
            assert self.process.stdout is not None
            self.out = self.process.stdout.fileno()

    def read(self) -> bool:
        """Take what it says, within 0.1 s, and answer it; False once it says no more."""
        if not select.select([self.out], [], [], 0.1)[0]:
            return True
        try:
            said = os.read(self.out, 1 << 16)
        except OSError:  # the terminal's other end is closed
            return False
        self.output += said.decode(errors="replace")
        if said and self.answers and re.search(self.answers[0][0], self.output):
            os.write(self.out, self.answers.pop(0)[1].encode())
        return bool(said)

    def end(self) -> int:
        with_children = os.getpgid(self.process.pid)
        os.killpg(with_children, signal.SIGINT)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(with_children, signal.SIGKILL)
            return self.process.wait()


def run(command: dict[str, Any], folder: str) -> dict[str, Any]:
    """To its end; or, where `ready` is given, until it says that, and then Ctrl-C."""
    running = Running(command, folder)
    try:
        return watched(running, command["ready"])
    finally:
        if running.process.poll() is None:
            running.end()


def watched(running: Running, ready: str | None) -> dict[str, Any]:
    """Its exit code, and what it said."""
    started, code = time.monotonic(), None
    while running.read():
        if time.monotonic() - started > LONGEST_S:
            running.output += f"\n[not over after {LONGEST_S} s]"
            running.end()
            code = -1
            break
        if ready is not None and re.search(ready, running.output):
            code = running.end()
            while running.read():
                pass
            break
    if code is None:
        code = running.process.wait()
        if ready is not None:
            running.output += f"\n[ended before it said {ready}]"
            code = code or -1
    return {"code": code, "output": running.output}


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it has started ends too
    loopback()
    over = threading.Event()
    broker = Broker(Path(told["folder"]) / "broker")
    broker.port = PORT
    with broker, ThreadingHTTPServer(("127.0.0.1", WEBHOOK), Taken) as webhook:
        threading.Thread(target=webhook.serve_forever, daemon=True).start()
        speaking = threading.Thread(target=speak, args=(told["messages"], over))
        speaking.start()
        try:
            done = [run(command, told["folder"]) for command in told["commands"]]
        finally:
            over.set()
            speaking.join()
            webhook.shutdown()
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main()

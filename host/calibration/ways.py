"""Two ways to send commands to a board: its command topic, or the serial port."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from ..common.errors import UserError
from ..mqtt.broker import Broker
from ..mqtt.session import Session, SessionError

ANSWER_S = 10.0  # longest time until a board on a slow link answers
TRIES = 3
_SERIAL_S = 40


class BoardError(UserError):
    """The board cannot be reached."""


class Refused(Exception):
    """Why the board refuses a command, in its words."""


class Way(Protocol):
    """A way to a board. ask() runs a command and returns its result; Refused where the board
    does not run it, BoardError where it cannot be reached."""

    name: str

    def ask(self, do: str, **what: Any) -> Any: ...

    def finish(self) -> None:
        """The board goes back to its work."""


def _result(reply: dict[str, Any]) -> Any:
    if not reply.get("ok"):
        raise Refused(str(reply.get("error")))
    return reply.get("result")


Send = Callable[[str, str], None]  # topic, payload
Replies = queue.Queue[bytes]


def ask(send: Send, replies: Replies, board: str, do: str, **what: Any) -> Any:
    """Ask a board (its topics below `board`) over a session that somebody has; its replies come
    into the queue. An unanswered command is sent again with the same id: the board runs an id once.

    Raises Refused, or BoardError without an answer."""
    id_ = uuid.uuid4().hex[:12]
    command = json.dumps({"id": id_, "do": do} | what, ensure_ascii=False)
    for _ in range(TRIES):
        send(f"{board}/command", command)
        end = time.monotonic() + ANSWER_S
        while (left := end - time.monotonic()) > 0:
            try:
                reply = json.loads(replies.get(timeout=left))
            except queue.Empty:
                break
            except ValueError:
                continue  # not a reply of the board
            if isinstance(reply, dict) and reply.get("id") == id_:
                return _result(reply)
    raise BoardError(f"{board}: no answer: is the board online?")


class Mqtt:
    """Over the broker, by a session of its own."""

    name = "mqtt"

    def __init__(self, broker: Broker, site: str, device: str) -> None:
        self._board = f"qingyun/1/{site}/{device}"
        self._replies: Replies = queue.Queue()
        self._session = Session(
            broker,
            [(f"{self._board}/reply", 1)],
            on_message=lambda _topic, payload, _retained: self._replies.put(payload),
            answer_s=ANSWER_S,
        )

    def __enter__(self) -> Mqtt:
        try:
            self._session.open()
        except SessionError as error:
            raise BoardError(str(error)) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, do: str, **what: Any) -> Any:
        return ask(self._session.send, self._replies, self._board, do, **what)

    def finish(self) -> None:
        pass


class Serial:
    """Over the serial port, by mpremote and the firmware's prompt; the logger stands still."""

    name = "serial"

    def __init__(self, port: str, device: str) -> None:
        self._port = port
        self._device = device

    def __enter__(self) -> Serial:
        device = self._mpremote("resume", "exec", _WHO).strip()
        if device != self._device:
            raise BoardError(f"{self._port}: expected the board {self._device}, found {device!r}")
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def _mpremote(self, *args: str) -> str:
        command = [sys.executable, "-m", "mpremote", "connect", self._port, *args]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_SERIAL_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise BoardError(f"{self._port}: no answer within {_SERIAL_S} s") from None
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines() or ["mpremote failed"]
            raise BoardError(f"{self._port}: {lines[-1]}")
        return done.stdout

    def ask(self, do: str, **what: Any) -> Any:
        id_ = uuid.uuid4().hex[:12]
        command = json.dumps({"id": id_, "do": do} | what)
        out = self._mpremote("resume", "exec", _CODE.format(command, int(time.time())))
        for line in out.splitlines():
            if line.startswith("qingyun: "):
                return _result(json.loads(line.removeprefix("qingyun: ")))
        raise BoardError(f"{self._port}: expected a reply of prompt.ask, found {out[-200:]!r}")

    def finish(self) -> None:
        try:
            self._mpremote("reset")
        except BoardError as error:
            print(f"the board could not be restarted ({error}): press its reset button")


_WHO = """
import json
with open("/config.json") as f:
    print(json.load(f)["device"])
"""
# The loader has put the running folder onto sys.path; a board that was stopped before
# its loader ran has not. Firmware 0.1 has the prompt as `bench`.
_CODE = """
try:
    import identity
except ImportError:
    import json, sys
    with open("/slots.json") as f:
        sys.path.insert(0, "/" + json.load(f)["good"])
try:
    from commands import prompt
except ImportError:
    import bench as prompt
prompt.ask({0!r}, unix={1})
"""

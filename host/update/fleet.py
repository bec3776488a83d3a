"""An update across a fleet: a few boards first, the rest in waves, a halt when boards fail."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from . import keys
from .bundle import Bundle

WAVE = 4  # each wave is so many times the one before
# Statuses of a board that hears a command; a board that updates goes on with this bundle.
REACHED = (b"online", b"updating", b"safe")
# What has become of a board; the first two are not over.
WAITING, UNDER_WAY, GOOD, ALREADY, FAILED, OFFLINE, HALTED = (
    *("waiting", "under way", "updated", "up to date", "failed", "offline"),
    "not begun",
)


class Speaker(Protocol):
    """What the rollout needs of the broker (see air.Air)."""

    def command(self, device: str, body: dict[str, Any]) -> None: ...
    def hear(self, seconds: float) -> tuple[str, str, bytes] | None: ...
    def kept(self) -> list[tuple[str, str, bytes]]: ...


@dataclass
class Target:
    """One board on its way to the new version."""

    device: str
    site: str
    state: str = WAITING
    why: str = ""
    version: str = ""
    online: bool = False
    command: str = ""
    begun: float = 0.0
    asked: float = 0.0  # when the command was sent last
    heard: float = 0.0  # when the board last said anything
    took: float = 0.0
    progress: str = ""


@dataclass
class Rollout:
    """run() brings every target to an end; log receives a line for each attempt and outcome."""

    bundle: Bundle
    targets: Sequence[Target]
    canary: int
    halt: int
    log: Path
    older: bool = False
    by: str = ""
    timeout_s: float = 1800
    repeat_s: float = 30  # without an answer the command is sent again
    silent_s: float = 60  # so long after its last word a board is said to be silent
    tell: Callable[[str], None] = print
    _by_device: dict[str, Target] = field(default_factory=dict)

    def run(self, air: Speaker) -> None:
        self._by_device = {t.device: t for t in self.targets}
        for device, what, payload in air.kept():
            self._hear(device, what, payload)
        for t in self.targets:
            if t.state == WAITING and not t.online:
                self._end(t, OFFLINE, "its status is not online")
        waiting = [t for t in self.targets if t.state == WAITING]
        size, first = self.canary, True
        while waiting and not self._halted():
            wave, waiting = waiting[:size], waiting[size:]
            what = "canary" if first else "wave"
            self.tell(f"{what} of {len(wave)}: {' '.join(t.device for t in wave)}")
            self._wave(air, wave)
            size, first = size * WAVE, False
        for t in waiting:
            self._end(t, HALTED, f"{self._failures()} boards have failed")

    def _failures(self) -> int:
        return sum(t.state == FAILED for t in self.targets)

    def _halted(self) -> bool:
        return self._failures() >= self.halt

    def _wave(self, air: Speaker, wave: Iterable[Target]) -> None:
        wave = list(wave)
        for t in wave:
            t.state, t.begun = UNDER_WAY, time.monotonic()
            t.heard = t.begun
            t.command = self._command_id()
            self._note(t, "sent")
            self._ask(air, t)
        while any(t.state == UNDER_WAY for t in wave):
            if message := air.hear(1.0):
                self._hear(*message)
            for t in wave:
                if t.state == UNDER_WAY:
                    self._look_at(air, t)

    def _command_id(self) -> str:
        return f"u-{self.bundle.id[:8]}-{os.urandom(4).hex()}"

    def _ask(self, air: Speaker, t: Target) -> None:
        """Send the command; a board that has it already does it once, by its id."""
        t.asked = time.monotonic()
        body: dict[str, Any] = {
            **{"id": t.command, "do": "update", "bundle": self.bundle.id},
            **{"size": len(self.bundle.raw), "sha256": self.bundle.sha256},
            "version": self.bundle.version,
        }
        if self.older:
            body["older"] = True
        if self.by:
            body["by"] = self.by
        air.command(t.device, body)

    def _look_at(self, air: Speaker, t: Target) -> None:
        """Repeat a command without an answer; end what takes too long."""
        now = time.monotonic()
        if now - t.begun > self.timeout_s:
            self._end(t, FAILED, f"no outcome within {self.timeout_s:.0f} s{t.progress}")
        elif not t.progress and now - t.asked > self.repeat_s:
            self.tell(f"{t.device}: no answer for {self.repeat_s:.0f} s: the command is sent again")
            self._ask(air, t)
        elif t.progress and now - t.heard > self.silent_s:
            t.heard = now
            left = self.timeout_s - (now - t.begun)
            self.tell(f"{t.device}: silent{t.progress}; it is waited for, {left:.0f} s at most")

    def _hear(self, device: str, what: str, payload: bytes) -> None:
        t = self._by_device.get(device)
        if t is None:
            return
        t.heard = time.monotonic()
        if what == "status":
            t.online = payload in REACHED
            return
        try:
            body = json.loads(payload)
            if what == "birth":
                self._birth(t, body)
            elif body["id"] == t.command and t.command:
                self._reply(t, body)
        except (ValueError, KeyError, TypeError):
            return  # not of a board of ours; the ingester puts it into quarantine

    def _birth(self, t: Target, birth: dict[str, Any]) -> None:
        t.version = str(birth["version"])
        told = birth.get("update") or {}
        trusts = told.get("keys") == [keys.fingerprint(k) for k in self.bundle.terms.keys]
        runs = birth["sha256"] == self.bundle.firmware and t.version == self.bundle.version
        runs = runs and (trusts or not self.bundle.terms.keys)
        mine = told.get("bundle") == self.bundle.id
        if t.state == WAITING and runs and told.get("state") != "trial":
            self._end(t, ALREADY)
        elif t.state == UNDER_WAY and mine and told.get("state") == "good" and runs:
            self._end(t, GOOD)
        elif t.state == UNDER_WAY and mine and told.get("state") == "good" and t.progress:
            self._end(t, FAILED, "it runs this firmware, but goes by other keys")
        elif t.state == UNDER_WAY and mine and told.get("state") == "trial":
            t.progress = ", on trial"
        elif t.state == UNDER_WAY and mine and told.get("state") == "fetching":
            t.progress = t.progress or ", fetching"  # it goes on where it was
        # An earlier attempt may have failed: only what follows this command counts.
        elif t.state == UNDER_WAY and mine and told.get("state") == "failed" and t.progress:
            self._end(t, FAILED, str(told.get("why", "")))

    def _reply(self, t: Target, reply: dict[str, Any]) -> None:
        if t.state != UNDER_WAY:
            return
        if not reply["ok"]:
            self._end(t, FAILED, str(reply.get("error", "")))
            return
        result = reply["result"]
        if result == "done before":
            # It has had this command and lost it in a restart: by its id it is not done again.
            if not t.progress:
                t.command = self._command_id()
                t.asked = 0.0
            return
        if not t.progress:
            self._note(t, "accepted")
        if result["state"] == "fetching":
            t.progress = f", chunk {result['chunk']} of {result['of']}"
            self.tell(f"{t.device}: chunk {result['chunk']} of {result['of']}")
        elif result["state"] == "restart":
            t.progress = ", restarting for it"
            text = "too little memory beside its channels: it restarts, and samples nothing"
            self.tell(f"{t.device}: {text} until the update has ended")
        else:
            t.progress = f", {result['state']}"

    def _end(self, t: Target, state: str, why: str = "") -> None:
        t.state, t.why = state, why
        t.took = time.monotonic() - t.begun if t.begun else 0.0
        self._note(t, state, why)
        if t.begun:
            self.tell(f"{t.device}: {state}{': ' + why if why else ''}")

    def _note(self, t: Target, what: str, why: str = "") -> None:
        entry = {
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{"device": t.device, "site": t.site, "what": what},
            **{"bundle": self.bundle.id, "version": self.bundle.version, "from": t.version},
        }
        entry |= {k: v for k, v in (("id", t.command), ("by", self.by), ("why", why)) if v}
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def share(text: str, of: int) -> int:
    """How many of so many boards `5%` or `3` is: at least one. ValueError otherwise."""
    number = text.removesuffix("%")
    if not number.isdigit() or int(number) < 1 or (text.endswith("%") and int(number) > 100):
        raise ValueError(text)
    n = math.ceil(of * int(number) / 100) if text.endswith("%") else int(number)
    return max(1, min(n, of))

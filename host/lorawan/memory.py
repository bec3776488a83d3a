"""What the bridge remembers between two starts: a small file for each sensor, and one for the
gateways. It is on the disk before anything is published, so that a frame that is delivered again
after a crash gets the name that it had."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from ..common import atomic_write
from ..common.errors import UserError
from .frames import Life

log = logging.getLogger("qingyun.lorawan")


class Remembered(Struct):
    """Of a sensor. told: a digest of its latest birth; heard: Unix time of the latest frame;
    values: the latest one of each channel; online: what its status says."""

    lives: list[Life] = field(default_factory=list)
    told: str = ""
    heard: int = 0
    values: dict[str, float] = field(default_factory=dict)
    online: bool | None = None


T = TypeVar("T")


class Memory:
    """The files of a folder, which one bridge has for itself."""

    def __init__(self, folder: Path) -> None:
        """UserError when the folder cannot be used, or another bridge has it."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise UserError(f"{folder}: cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            expected = "expected a folder of its own (--memory)"
            raise UserError(f"{folder}: another qingyun lorawan uses it; {expected}") from None

    def close(self) -> None:
        """Let another one have the folder."""
        os.close(self._lock)

    def sensor(self, dev_eui: str) -> Remembered:
        return self._read(dev_eui, Remembered) or Remembered()

    def keep(self, dev_eui: str, remembered: Remembered) -> None:
        self._write(dev_eui, remembered)

    def gateways(self) -> dict[str, bool]:
        return self._read("gateways", dict[str, bool]) or {}

    def keep_gateways(self, agreed: dict[str, bool]) -> None:
        self._write("gateways", agreed)

    def _read(self, name: str, kind: type[T]) -> T | None:
        path = self._folder / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            aside = path.with_suffix(".damaged")
            log.error("%s: %s; it is put aside as %s: a new life begins", path, error, aside.name)
            path.replace(aside)
            return None

    def _write(self, name: str, what: object) -> None:
        path = self._folder / f"{name}.json"
        part = path.with_suffix(".part")
        try:
            part.write_bytes(msgspec.json.encode(what))
            atomic_write.sync(part)
            part.replace(path)
            atomic_write.sync(self._folder)
        except OSError as error:
            raise OSError(f"{path}: cannot be written: {error.strerror}") from error

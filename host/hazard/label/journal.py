"""Codes that this host has handed out, kept outside of the database.

A database that was restored does not know what was handed out after its backup; labels with
these codes stand on drums. So each code is written here, and is on the disk, before it is
committed there. One folder, a file for each date of the codes, a code a line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...common.atomic_write import sync
from .. import HazardError
from .tables import DATE, Layout


@dataclass(frozen=True)
class Journal:
    folder: Path
    layout: Layout

    def present(self) -> bool:
        return self.folder.is_dir()

    def start(self) -> None:
        """Make the folder; HazardError where it cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            sync(self.folder.parent)
        except OSError as error:
            raise self._cannot(error) from None

    def high(self, stem: str, first: int, last: int) -> int:
        """The highest serial from first to last that was handed out for a stem; 0 for none."""
        found = self.layout.parts(stem + "0" * self.layout.digits)
        if found is None:
            return 0
        serials = [
            int(code[len(stem) :])
            for code in self._read(self.folder / f"{found[DATE]}.txt")
            if code.startswith(stem)
        ]
        return max((s for s in serials if first <= s <= last), default=0)

    def note(self, codes: list[str]) -> None:
        """Write codes, and have them on the disk; HazardError where that fails."""
        by_file: dict[Path, list[str]] = {}
        for code in codes:
            found = self.layout.parts(code)
            if found is None:
                raise HazardError(f"{self.folder}: expected a 数字识别码, found {code!r}")
            by_file.setdefault(self.folder / f"{found[DATE]}.txt", []).append(code)
        try:
            for path, lines in by_file.items():
                _append(path, lines)
        except OSError as error:
            raise self._cannot(error) from None

    def every(self) -> list[str]:
        """Each code that is noted, by date."""
        return [c for path in sorted(self.folder.glob("*.txt")) for c in self._read(path)]

    def _read(self, path: Path) -> list[str]:
        try:
            lines = path.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._cannot(error) from None
        # A line that a power cut left unfinished is of a code that was never committed.
        return [line for line in lines if self.layout.parts(line)]

    def _cannot(self, error: OSError) -> HazardError:
        return HazardError(
            f"{self.folder}: the journal of codes cannot be used: {error.strerror}; expected a "
            "folder that can be written (--journal); no code was handed out"
        )


def _append(path: Path, lines: list[str]) -> None:
    fresh = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        end = os.fstat(file).st_size
        torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
        data = ("\n" if torn else "").encode() + "".join(f"{c}\n" for c in lines).encode()
        while data:  # a disk that is full takes a part first
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)
    if fresh:
        sync(path.parent)

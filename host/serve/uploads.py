"""Files that somebody has sent and not confirmed yet: few, small, for a quarter of an hour."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

KEPT = 8  # files of all users
KEPT_S = 900


@dataclass(frozen=True)
class Upload:
    """token: names it in a form. kind: of papers. at: monotonic seconds."""

    token: str
    owner: str
    kind: str
    path: Path
    at: float


@dataclass
class Uploads:
    """The folder is made with the first file and removed by close()."""

    _held: dict[str, Upload] = field(default_factory=dict)
    _folder: Path | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, owner: str, kind: str, name: str, data: bytes) -> Upload:
        """Keep a file under its name; the oldest make room."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="qingyun-"))  # for its owner alone
            self._prune(KEPT - 1)
            token = secrets.token_urlsafe(16)
            folder = self._folder / token
            folder.mkdir(0o700)
            path = folder / _safe(name)
            path.write_bytes(data)
            made = Upload(token, owner, kind, path, time.monotonic())
            self._held[token] = made
        return made

    def find(self, token: str, owner: str) -> Upload | None:
        """A file that this user sent; None when it is gone."""
        with self._lock:
            self._prune(KEPT)
            found = self._held.get(token)
        return found if found is not None and found.owner == owner else None

    def drop(self, token: str) -> None:
        with self._lock:
            self._remove(token)

    def close(self) -> None:
        with self._lock:
            self._held.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _prune(self, most: int) -> None:
        old = [t for t, u in self._held.items() if time.monotonic() - u.at > KEPT_S]
        for token in [*old, *list(self._held)[: max(0, len(self._held) - len(old) - most)]]:
            self._remove(token)

    def _remove(self, token: str) -> None:
        found = self._held.pop(token, None)
        if found is not None:
            shutil.rmtree(found.path.parent, ignore_errors=True)


def _safe(name: str) -> str:
    """The last part of a name, of printable characters."""
    last = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    return last.strip(". ")[-80:] or "upload"

"""Databases as earlier versions of the host job have left them."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.store import STEPS, Store


def database(path: Path, monkeypatch: pytest.MonkeyPatch, steps: int = 1) -> Path:
    """An empty one with the first steps of the schema only."""
    with monkeypatch.context() as older:
        older.setattr("host.store.STEPS", STEPS[:steps])
        older.setattr("host.store.VERSION", steps)
        Store(path, create=True).close()
    return path

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.store import Store


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "q.db"
    Store(path, create=True).close()
    return path


@pytest.fixture
def store(db: Path) -> Iterator[Store]:
    found = Store(db)
    yield found
    found.close()

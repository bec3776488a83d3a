"""A registry with one mistake in it, and what is said of that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from host.common.errors import UserError
from host.registry import RegistryError


def make(folder: Path, file: str, old: str, new: str) -> None:
    """The first `old` in a file of the folder becomes `new`."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def check(load: Callable[[Path], object], folder: Path, said: str) -> None:
    """Loading the folder fails with one line that holds this."""
    with pytest.raises((RegistryError, UserError)) as caught:
        load(folder)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)

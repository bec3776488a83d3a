"""What tests of sensors on lines with faults share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from interpreter import PlayFaults, RunMicroPython


@pytest.fixture
def play_faults(
    run_micropython: RunMicroPython,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> PlayFaults:
    """Runs a program of this folder for so many frames of a kind, and gives what it found, which is
    printed too."""

    def play(program: str, frames: int, bits: int, kind: str = "") -> dict[str, Any]:
        if bits == 32:
            request.getfixturevalue("needs_32_bits")
        arguments = [*([kind] if kind else []), str(frames), "1"]
        path = f"tests/firmware/sensors/{program}.py"
        done = run_micropython(path, *arguments, heap="2m", bits=bits, timeout=3600)
        assert not done.returncode, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        record_property("measured", f"{program} {kind}, {bits} bits: {found}")
        return found

    return play

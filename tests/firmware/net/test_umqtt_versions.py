"""A session on umqtt.simple as images of different age bring it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from broker import Broker
from interpreter import RunMicroPython

SCRIPT = Path(__file__).with_name("run_umqtt.py")


def expected(length: int) -> list[str]:
    """What comes of one topic subscribed to."""
    return [
        f"heard {length} while it waits for the answer of this",
        f"heard {length} 1500",
        f"heard {length} without an answer",
    ]


@pytest.mark.usefixtures("needs_32_bits", "needs_mosquitto")
@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("version", ["1.3.4", "1.6", "1.8"])
def test_a_session(
    version: str, bits: int, run_micropython: RunMicroPython, tmp_path: Path
) -> None:
    with Broker(tmp_path / "broker") as broker:
        done = run_micropython(SCRIPT, broker.port, version, bits=bits, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    session = ["user and password 0"]  # an empty user is none
    session += expected(122) + (expected(300) if version == "1.8" else [])
    session += [f"heard 122 id {i}" for i in range(5)] + ["pinged True False True"]
    said = done.stdout.splitlines()
    assert said == [*session, *session, f"refused {errno.ECONNREFUSED} False"]

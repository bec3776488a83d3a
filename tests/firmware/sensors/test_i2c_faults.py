"""Chips on a bus on which one look in twenty goes wrong: none of it becomes a count or a level."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from interpreter import RunMicroPython
from soak import in_part

FRAMES = in_part(20_000, 1_000_000)


@pytest.mark.parametrize("bits", [64, 32])
def test_no_damaged_look_is_a_count_and_every_good_one_counts(
    bits: int,
    run_micropython: RunMicroPython,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    if bits == 32:
        request.getfixturevalue("needs_32_bits")
    program = "tests/firmware/sensors/run_i2c_faults.py"
    done = run_micropython(program, str(FRAMES), "1", heap="2m", bits=bits, timeout=3600)
    assert not done.returncode, done.stderr
    found = json.loads(done.stdout)
    record_property("measured", f"NAU7802, {bits} bits: {found}")
    assert found["frames"] == FRAMES
    assert min(found["kinds"].values()) > FRAMES / 400
    assert found["wrong"] == 0 and found["given"] > 0.6 * FRAMES
    assert found["taken"] >= 0.999 * found["good"] > 0.6 * FRAMES
    assert found["slowest"] <= 2000


@pytest.mark.parametrize("bits", [64, 32])
def test_no_damaged_look_at_a_loop_is_a_level(
    bits: int,
    run_micropython: RunMicroPython,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    if bits == 32:
        request.getfixturevalue("needs_32_bits")
    program = "tests/firmware/sensors/run_loop_faults.py"
    done = run_micropython(program, str(FRAMES), "1", heap="2m", bits=bits, timeout=3600)
    assert not done.returncode, done.stderr
    found = json.loads(done.stdout)
    record_property("measured", f"ADS1115, {bits} bits: {found}")
    assert found["looks"] >= FRAMES
    assert found["wrong"] == 0 and found["accepted"] > 0.15 * FRAMES
    assert found["taken"] >= 0.999 * found["good"] > 0.7 * FRAMES
    assert found["slowest"] <= 2000

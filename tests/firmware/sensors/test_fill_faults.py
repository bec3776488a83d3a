"""Frames of ultrasonic sensors on a serial line, one in twenty damaged: none of these becomes a
fill."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from interpreter import RunMicroPython
from soak import in_part

WHOLE = 1_000_000
FRAMES = {
    "a02yyuw": in_part(20_000, WHOLE),
    "jsn-sr04t": in_part(5_000, WHOLE),
    "jsn-ask": in_part(5_000, WHOLE),
}
CASES = [(kind, 64) for kind in FRAMES] + [("jsn-ask", 32)]


@pytest.mark.parametrize(("kind", "bits"), CASES)
def test_no_damaged_frame_is_a_fill_and_every_good_one_counts(
    kind: str,
    bits: int,
    run_micropython: RunMicroPython,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    if bits == 32:
        request.getfixturevalue("needs_32_bits")
    program = "tests/firmware/sensors/run_fill_faults.py"
    done = run_micropython(
        program, kind, str(FRAMES[kind]), "1", heap="2m", bits=bits, timeout=3600
    )
    assert not done.returncode, done.stderr
    found = json.loads(done.stdout)
    record_property("measured", f"{bits} bits: {found}")
    assert found["frames"] >= FRAMES[kind]
    assert 0.04 < 1 - found["good"] / found["frames"] < 0.06
    assert found["passed"] > found["frames"] / 500  # what the sum alone would have let through
    assert found["wrong"] == found["told_wrong"] == 0
    assert found["taken"] >= 0.999 * found["good"]
    assert found["accepted"] > 0.6 * found["good"]
    assert found["slowest"] <= 2000

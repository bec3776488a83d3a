"""Frames of ultrasonic sensors on a serial line, one in twenty damaged: none of these becomes a
fill."""

from __future__ import annotations

import pytest
from interpreter import PlayFaults
from soak import in_part

WHOLE = 1_000_000
# By itself, every 100 ms, or asked; a JSN-SR04T that sends by itself differs in its range alone.
CASES = [
    ("a02yyuw", 64, in_part(20_000, WHOLE)),
    ("a02yyuw", 32, in_part(5_000, WHOLE)),
    ("jsn-ask", 64, in_part(5_000, WHOLE)),
]


@pytest.mark.parametrize("case", CASES)
def test_no_damaged_frame_is_a_fill_and_every_good_one_counts(
    case: tuple[str, int, int], play_faults: PlayFaults
) -> None:
    kind, bits, frames = case
    found = play_faults("run_fill_faults", frames, bits, kind)
    assert found["frames"] >= frames
    assert 0.04 < 1 - found["good"] / found["frames"] < 0.06
    assert found["passed"] > found["frames"] / 500  # what the sum alone would have let through
    assert found["wrong"] == found["told_wrong"] == 0
    assert found["taken"] >= 0.999 * found["good"]
    assert found["accepted"] > 0.6 * found["good"]
    assert found["slowest"] <= 2000

"""Frames on a serial line with one in twenty damaged: none of these becomes a weight."""

from __future__ import annotations

import pytest
from interpreter import PlayFaults
from soak import in_part

STREAMS = ("xk3190", "xk3190-ask", "toledo", "toledo-sum", "stgs", "a12", "reversed")
WHOLE = 1_000_000
FRAMES = {kind: in_part(20_000, WHOLE) for kind in STREAMS} | {"modbus": in_part(8_000, WHOLE)}
CASES = [(kind, 64) for kind in FRAMES] + [("stgs", 32), ("modbus", 32)]


@pytest.mark.parametrize(("kind", "bits"), CASES)
def test_no_damaged_frame_is_a_weight_and_every_good_one_counts(
    kind: str, bits: int, play_faults: PlayFaults
) -> None:
    found = play_faults("run_serial_faults", FRAMES[kind], bits, kind)
    assert found["frames"] == FRAMES[kind]
    assert 0.04 < 1 - found["good"] / found["frames"] < 0.06
    assert found["wrong"] == found["told_wrong"] == 0
    assert found["taken"] >= 0.999 * found["good"]
    assert found["accepted"] > 0.6 * found["good"]
    assert found["slowest"] <= 2000

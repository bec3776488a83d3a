"""Chips on a bus on which one look in twenty goes wrong: none of it becomes a count or a level."""

from __future__ import annotations

import pytest
from interpreter import PlayFaults
from soak import in_part

FRAMES = in_part(20_000, 1_000_000)


@pytest.mark.parametrize("bits", [64, 32])
def test_no_damaged_look_is_a_count_and_every_good_one_counts(
    bits: int, play_faults: PlayFaults
) -> None:
    found = play_faults("run_i2c_faults", FRAMES, bits)
    assert found["frames"] == FRAMES
    assert min(found["kinds"].values()) > FRAMES / 400
    assert found["wrong"] == 0 and found["given"] > 0.6 * FRAMES
    assert found["taken"] >= 0.999 * found["good"] > 0.6 * FRAMES
    assert found["slowest"] <= 2000


@pytest.mark.parametrize("bits", [64, 32])
def test_no_damaged_look_at_a_loop_is_a_level(bits: int, play_faults: PlayFaults) -> None:
    found = play_faults("run_loop_faults", FRAMES, bits)
    assert found["looks"] >= FRAMES
    assert found["wrong"] == 0 and found["accepted"] > 0.15 * FRAMES
    assert found["taken"] >= 0.999 * found["good"] > 0.7 * FRAMES
    assert found["slowest"] <= 2000

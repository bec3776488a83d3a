"""Frames of a reader of cards, one in twenty damaged: none of these becomes a card."""

from __future__ import annotations

import pytest
from interpreter import PlayFaults
from soak import in_part

WHOLE = 1_000_000


@pytest.mark.parametrize("case", [(64, in_part(20_000, WHOLE)), (32, in_part(5_000, WHOLE))])
def test_no_damaged_frame_is_a_card_and_every_card_held_counts(
    case: tuple[int, int], play_faults: PlayFaults
) -> None:
    bits, frames = case
    found = play_faults("run_card_faults", frames, bits)
    assert found["frames"] >= frames
    assert 0.04 < 1 - found["good"] / found["frames"] < 0.06
    assert found["passed"] > found["frames"] / 500  # what form and check alone would let through
    assert found["wrong"] == 0
    assert found["taken"] >= 0.999 * found["good"]
    assert found["read"] == found["held"] > found["frames"] / 10

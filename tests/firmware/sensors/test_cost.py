"""What sampling four platforms at 10 SPS costs an ESP32, from bytecode time on the unix port."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from interpreter import RunMicroPython

# A turn of the reference loop of run_cost.py on an ESP32 at 240 MHz, in microseconds. In
# micropython/micropython#7850 an ESP32 at its standard 160 MHz scores 2232 in bm_nqueens and
# 3467 in bm_float (N = 100): 448 and 72.1 ms. The same two programs took 1.89 and 0.247 ms on
# the unix port where a turn took 0.141 us: an ESP32 is 237 and 292 times as slow. The slower
# of the two, and 160 MHz for 240: 0.141 * 292 * 160 / 240.
TURN_US = 27.5
CHANNELS = 4
LOOKS = 14.3  # polls a second: one every 70 ms
SHARE = 0.05  # of a core
FRAMES = 10  # conversions a second and channel; the other looks find none


@pytest.mark.alone
def test_four_platforms_at_ten_a_second(
    run_micropython: RunMicroPython, figure: Callable[[str], None]
) -> None:
    least = None
    for _ in range(10):  # what else runs on this machine only adds
        if least is not None and least[0] * TURN_US / 1e6 <= SHARE:
            break
        done = run_micropython("tests/firmware/sensors/run_cost.py", heap="2m")
        assert done.returncode == 0, done.stdout + done.stderr
        us = json.loads(done.stdout)
        busy = FRAMES * (CHANNELS * us["wire"] + us["moving"]) + (LOOKS - FRAMES) * us["unready"]
        turns = busy / us["reference"]
        if least is None or turns < least[0]:
            least = turns, us
    assert least is not None
    turns, us = least
    share = turns * TURN_US / 1e6
    figure(
        f"4 platforms in motion, 10 frames a second each: {turns:.0f} turns of the reference "
        f"loop a second, {100 * share:.1f} % of an ESP32 core at 240 MHz ({TURN_US} us a turn; "
        f"{150 * share:.1f} % at 160 MHz); on this machine {us['wire']:.2f} us a frame off the "
        f"wire, {us['moving'] / CHANNELS:.2f} us behind it, {us['reference']:.3f} us a turn"
    )
    assert share <= SHARE

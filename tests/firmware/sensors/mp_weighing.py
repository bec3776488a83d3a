"""The weighing filter: stability, motion. Outliers: mp_frame_filter."""

import time

from sensors.weighing import ACTIVE, Calibration, Weighing

ZERO = 84213
SCALE = 21000.0
E = 0.05


def noise(i):
    return (i * 7919 + 104729 * (i // 3)) % 301 - 150


def rig():
    return Weighing(Calibration("c", "2026-01-05", ZERO, SCALE), E, time.ticks_diff)


def at(kg, i=0):
    return int(ZERO + kg * SCALE) + noise(i)


def play(w, kg, ms, start):
    """Frames every 100 ms, or every second while the filter is idle; the time after."""
    t = start
    pace = ACTIVE
    while t < start + ms:
        pace = w.feed(at(kg, t // 100), t)
        t += 100 if pace == ACTIVE else 1000
    return t


def test_stable_after_five_seconds_not_before():
    w = rig()
    t = play(w, 20, 5000, 0)
    assert not w.stable
    play(w, 20, 500, t)
    assert w.stable and abs(w.grams() - 20000) <= 5


def test_either_sign_of_scale():
    cal = Calibration("c", "2026-01-05", ZERO, -SCALE)
    assert cal.grams(ZERO - 21000) == 1000
    assert cal.counts(0.05) == 1050


def test_motion_keeps_the_weight_before_it():
    w = rig()
    t = play(w, 20, 8000, 0)
    t = play(w, 23, 1200, t)
    assert not w.stable and w.moved == 1
    assert abs(w.grams() - 20000) <= 5
    play(w, 23, 6000, t)
    assert w.stable and abs(w.grams() - 23000) <= 5


def test_a_swinging_load_is_never_stable():
    w = rig()
    for i in range(600):
        w.feed(at(20 + (0.04 if i // 5 % 2 else -0.04), i), 100 * i)
        assert not w.stable


def test_slow_change_is_followed_without_motion():
    w = rig()
    t = play(w, 20, 8000, 0)
    moved = w.moved
    for i in range(3600):  # an hour of rain, 2 kg
        w.feed(at(20 + 2 * i / 3600, i), t + 1000 * i)
    assert w.moved == moved and w.stable
    assert abs(w.grams() - 22000) <= 15


def test_feeding_allocates_nothing():
    import micropython

    w = rig()
    frames = [at(20, i) for i in range(70)] + [at(30, i) for i in range(70)]
    micropython.heap_lock()
    try:
        i = 0
        while i < 140:
            w.feed(frames[i], 100 * i)
            i += 1
    finally:
        micropython.heap_unlock()
    assert w.stable and abs(w.grams() - 30000) <= 5

"""The limits of OIML R 76 are one, wherever a scale is judged."""

from __future__ import annotations

import pytest

from host.calibration.fit import limit_e
from host.metrology.r76 import half_intervals, in_service_g, largest_shown_g

E_G = 50
# Loads in g at, just below and just above each step of e = 50 g, and halves of e.
STEPS = (
    *((0, 1), (24_999, 1), (25_000, 1), (25_001, 2), (25_010, 2), (25_040, 2), (25_050, 2)),
    *((99_999, 2), (100_000, 2), (100_001, 3), (100_040, 3), (100_050, 3), (150_000, 3)),
)


@pytest.mark.parametrize(("load_g", "halves"), STEPS)
def test_each_step_is_the_same_everywhere(load_g: int, halves: int) -> None:
    """At calibration in e, and in service of what stands on it or was taken away."""
    assert half_intervals(load_g, E_G) == half_intervals(-load_g, E_G) == halves
    assert limit_e(load_g / 1000, E_G / 1000) == halves / 2
    assert in_service_g(load_g, E_G) == in_service_g(-load_g, E_G) == halves * E_G


@pytest.mark.parametrize(
    ("load_g", "e_g", "limit_g"), [(400_000, 500, 1_000), (-3_000, 50, 50), (5_000, 0, 0)]
)
def test_other_scales(load_g: int, e_g: int, limit_g: int) -> None:
    assert in_service_g(load_g, e_g) == limit_g


def test_a_scale_shows_nine_intervals_more_than_its_capacity() -> None:
    assert largest_shown_g(150_000, 50) == 150_450

"""GCJ-02 from WGS 84 and back."""

from __future__ import annotations

import pytest

from host.points.gcj02 import from_wgs84, to_wgs84

# Latitude and longitude in WGS 84, then in GCJ-02: the pairs that eviltransform
# (github.com/googollee/eviltransform) and its ports are tested with.
PUBLISHED = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]
ELSEWHERE = [(-122.4, 37.8), (2.35, 48.86), (0.0, 0.0), (121.5, -31.2), (72.0, 30.0), (121.0, 56.0)]


@pytest.mark.parametrize(("latitude", "longitude", "north", "east"), PUBLISHED)
def test_published_pairs(latitude: float, longitude: float, north: float, east: float) -> None:
    assert from_wgs84(longitude, latitude) == pytest.approx((east, north), abs=1e-9)
    assert to_wgs84(east, north) == pytest.approx((longitude, latitude), abs=1e-6)


def test_back_again_is_where_it_began() -> None:
    """Over the whole of China, to a tenth of a metre and better."""
    worst = 0.0
    for i in range(74, 135, 3):
        for j in range(4, 54, 2):
            place = i + 0.123, j + 0.456
            back = to_wgs84(*from_wgs84(*place))
            worst = max(worst, *(abs(a - b) for a, b in zip(back, place, strict=True)))
    assert worst < 1e-6


@pytest.mark.parametrize("place", ELSEWHERE)
def test_outside_of_china_nothing_moves(place: tuple[float, float]) -> None:
    assert from_wgs84(*place) == to_wgs84(*place) == place

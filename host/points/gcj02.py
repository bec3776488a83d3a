"""GCJ-02, the coordinates of maps that Chinese providers publish, from WGS 84 and back.

The standard itself is not published. The formula is the one that became known in 2010 (emq, then
eviltransform), in its usual form: a polynomial and a few sines of the distance from 105° E 35° N in
degrees give metres, which are turned into degrees on the Krasovsky 1940 ellipsoid. Against maps of
providers it is right to a few metres. Outside of the rectangle around China nothing is moved."""

from __future__ import annotations

from math import cos, pi, radians, sin, sqrt

_A, _E2 = 6_378_245.0, 0.00669342162296594323  # Krasovsky 1940: semi-major axis (m), e²
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_EXACT = 1e-9  # degrees, 0.1 mm


def is_moved(longitude: float, latitude: float) -> bool:
    """Whether a place lies in the rectangle in which GCJ-02 differs."""
    return _WEST <= longitude <= _EAST and _SOUTH <= latitude <= _NORTH


def _waves(x: float, *parts: tuple[float, float]) -> float:
    """The sum of amplitude · sin(π x / length) over (amplitude, length)."""
    return sum(amplitude * sin(pi * x / length) for amplitude, length in parts) * 2 / 3


def _offset(longitude: float, latitude: float) -> tuple[float, float]:
    """By how many degrees a place is moved."""
    x, y = longitude - 105, latitude - 35
    both = _waves(x, (20, 1 / 6), (20, 1 / 2))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both
    east += _waves(x, (20, 1), (40, 3), (150, 12), (300, 30))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both
    north += _waves(y, (20, 1), (40, 3), (160, 12), (320, 30))
    phi = radians(latitude)
    w = 1 - _E2 * sin(phi) ** 2
    metres_east = radians(_A * cos(phi) / sqrt(w))  # of a degree
    metres_north = radians(_A * (1 - _E2) / (w * sqrt(w)))
    return east / metres_east, north / metres_north


def from_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Longitude and latitude (degrees) in GCJ-02 of a place in WGS 84."""
    if not is_moved(longitude, latitude):
        return longitude, latitude
    east, north = _offset(longitude, latitude)
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Longitude and latitude (degrees) in WGS 84 of a place in GCJ-02, found by iteration: the
    offset changes by less than 1 % of the way, so each step gains two digits or more."""
    if not is_moved(longitude, latitude):
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(20):
        east, north = _offset(x, y)
        off_x, off_y = longitude - (x + east), latitude - (y + north)
        x, y = x + off_x, y + off_y
        if max(abs(off_x), abs(off_y)) < _EXACT:
            break
    return x, y

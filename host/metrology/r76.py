"""What OIML R 76 says of a class III scale: maximum permissible errors, largest indication.

Source: OIML R 76-1:2006, 3.5.1 (table 6) and 3.5.2. For a load m, in verification scale intervals
e: ±0.5 e for 0 ≤ m ≤ 500, ±1 e for 500 < m ≤ 2,000, ±1.5 e for 2,000 < m ≤ 10,000 at initial
verification; twice that in service. A load between two intervals counts as it is: 500.2 e lies
in the second row."""

from __future__ import annotations

LEAST_INTERVALS = 100  # Max / e of the least exact class, IIII (R 76-1, 3.2)


def half_intervals(load: int, e: int) -> int:
    """Limit at initial verification in halves of e: 1, 2 or 3. load and e in one unit, as
    small as one likes; 0 for e = 0, which no scale has."""
    if e <= 0:
        return 0
    load = abs(load)
    return 1 if load <= 500 * e else 2 if load <= 2000 * e else 3


def in_service_g(load_g: int, e_g: int) -> int:
    """Largest error in service, in g."""
    return half_intervals(load_g, e_g) * e_g


def largest_shown_g(max_g: int, e_g: int) -> int:
    """Largest load that a scale of capacity Max shows, in g: Max + 9 e (4.2.3)."""
    return max_g + 9 * e_g

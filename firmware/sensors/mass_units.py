"""What an instrument displays, a whole number with decimals in a unit, as whole grams."""

from micropython import const

MOST = const(8388000)  # grams that a reading can hold
_TEN = (1, 10, 100, 1000, 10000, 100000, 1000000)


def grams(value, decimals, unit):
    """A displayed whole number with its decimals as whole grams; MOST where it is more than
    that. unit: kg, g, t or lb (453.59237 g). In small integers throughout."""
    if unit == "lb":
        high = value // 1000 * 59237
        low = high % 100 * 1000 + value % 1000 * 59237
        if value > 1000000:
            return MOST
        value = value * 453 + high // 100 + (low + 50000) // 100000
        power = -decimals
    else:
        power = (3 if unit == "kg" else 0 if unit == "g" else 6) - decimals
    if power < 0:
        ten = _TEN[-power]
        value = (value + ten // 2) // ten
    else:
        ten = _TEN[power]
        if value > MOST // ten:
            return MOST
        value *= ten
    return value if value < MOST else MOST

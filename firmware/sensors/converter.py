"""Platforms on another converter than an HX711 at 10 conversions a second: which module that is.
Loaded for each of them, and let go of again."""

from late import forget


def of(board, ch, lines):
    """Make what the converter hangs on, while the port has memory for its driver."""
    if "i2c" in ch:
        from sensors import i2c

        i2c.of(board, ch, lines)


def of_board(board, ch, lines):
    """The converter of a weight channel."""
    if "i2c" in ch:
        from sensors.nau7802 import of_board
    elif "pdwn" in ch:
        from sensors.ads1232 import of_board
    elif ch["converter"] == "cs1237":
        from sensors.cs1237 import of_board
    else:
        from sensors.hx71x import of_board
    forget("sensors.converter")
    return of_board(board, ch, lines)

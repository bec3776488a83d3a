"""I2C buses, each made once and shared by the channels that name it.

The ESP32 port's driver ends every transfer by itself, at the latest after 100 ms for each byte
(machine_i2c.c), clocks a device out of a byte it hangs in, and raises OSError: ENODEV where
nobody answers, ETIMEDOUT where a line is held."""

from micropython import const

_HZ = const(100000)  # leads of some decimetres; a look takes 2 ms at it
_TIMEOUT_US = const(20000)


def of(board, ch, lines):
    """The bus of a channel; lines has those of the channels before."""
    n = ch["i2c"]
    key = "i%d" % n
    if key not in lines:
        pins = {"scl": board.pin_in(ch["scl"], True), "sda": board.pin_in(ch["sda"], True)}
        lines[key] = board.machine.I2C(n, freq=_HZ, timeout=_TIMEOUT_US, **pins)
    return lines[key]

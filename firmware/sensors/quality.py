"""Why a channel's value is not good: small codes on the board, words in `q`."""

from micropython import const

GOOD = const(0)
MOVING = const(1)  # the weight left stability; the value is the one before the motion
NO_DATA = const(2)  # nothing measured since the start
NOT_READY = const(3)  # the converter does not answer
SATURATED = const(4)  # beyond what the converter or the platform can weigh
BAD_FRAME = const(5)  # bits were lost on the wire again and again
NO_ECHO = const(6)
BLIND = const(7)  # nearer than the sensor can see
RANGE = const(8)  # outside what the channel can have
FROZEN = const(9)
FAULT = const(10)  # the channel's own code failed; see the crash topic

# Told by instruments on a serial line (see instrument), which alone name them: 11 tared, 12
# zeroed, 13 unit. One string: each word by itself would take more of every board's memory.
WORDS = (
    " moving no_data not_ready saturated bad_frame no_echo blind range frozen fault"
    " tared zeroed unit"
)

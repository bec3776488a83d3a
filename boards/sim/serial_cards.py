"""A reader of cards at a board's UART: what its data sheet says that it sends.

Sources: as in firmware/sensors/card_reader.py; nothing of it is used here."""

from micropython import const

_PERIOD_MS = const(250)
_BEHIND_MS = const(3000)  # what nobody reads for so long is lost anyway


def frame(number, ends=b""):
    """Of a card number of five bytes; ends: what a reader sends before the last byte."""
    check = 0
    for b in number:
        check ^= b
    digits = "".join("%02X" % b for b in number) + "%02X" % check
    return b"\x02" + digits.encode() + ends + b"\x03"


class Reader:
    """card() gives the number (bytes) of the card that is there, or None."""

    def __init__(self, clock, card):
        self._card = card
        self._next = clock.ms() + _PERIOD_MS

    def due(self, now):
        out = []
        self._next = max(self._next, now - _BEHIND_MS)
        while now >= self._next:
            card = self._card()
            if card:
                out.append((now - self._next, frame(card)))
            self._next += _PERIOD_MS
        return out

    def hear(self, raw, now):
        return None


def of(board, ch):
    """The reader of a channel; the trace says the number of the card that is there, 0: none."""
    name = ch["id"]
    value = board.player.value

    def card():
        number = int(value(name) or 0)
        return bytes((0, 0, number >> 16, number >> 8 & 255, number & 255)) if number else None

    return Reader(board.clock, card)

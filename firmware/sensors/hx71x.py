"""HX711 at 80 conversions a second, and HX717: the same pins and frames, other rates and gains.

Source: Avia Semiconductor, HX711 and HX717 data sheets. A pin of the chip sets the rate; what
settles takes four conversions. HX717: 1 to 4 pulses after the data choose A128, B64, A64, B8.

At 80 a second the board cannot look at every conversion, nor tell by its turns of 10 ms when one
ended. So a look clocks a frame out that nobody reads, waits for the conversion after it (13 ms at
the most), and reads that at once: none can end within it. If the frame before had a pulse too
many or too few, the one that nobody reads chooses the right input again, and the conversion after
it is late by the time of settling: then what was read before is not borne out."""

from micropython import const

from sensors.hx711 import HX711

_PULSES = {128: 1, 64: 3, 32: 2}  # 32: input B of an HX711; the HX717 is used with input A
_TRIES = const(12)


def of_board(board, ch, lines):
    """The converter of a weight channel."""
    wired = board.hal, board.pin_out(ch["sck"]), board.pin_in(ch["dout"]), _PULSES[ch["gain"]]
    return Fast(*wired, ch["sps"]) if ch["sps"] > 10 else HX711(*wired)


class Fast(HX711):
    """In the manner of HX711; sps: 20 and more conversions a second."""

    def __init__(self, hal, sck, dout, pulses, sps):
        super().__init__(hal, sck, dout, pulses)
        self._sleep = hal.sleep_us
        # So long is waited for a conversion: 1.12 of its time, the RC oscillator is not exact.
        self._try_us = 1120000 // _TRIES // sps
        self._looked = False  # within a look: whether DOUT is low is all that is asked for

    def ready(self):
        """True when a conversion has ended just now."""
        if self._looked:
            return not self.dout()
        if not HX711.ready(self):
            return False
        anew = self.anew
        self._looked = True
        HX711.read(self)  # nobody reads it
        self._looked = False
        self.due = self.end
        self.anew = anew
        if not self.dout():
            return False  # another conversion has ended within it
        n = 0
        while n < _TRIES:
            self.high = self.hal.ticks_ms()
            self._sleep(self._try_us)
            if not self.dout():
                return True
            n += 1
        self.anew = True
        return False

    def read(self):
        """The conversion that ready() has told of, as HX711.read()."""
        self._looked = True
        value = HX711.read(self)
        self._looked = False
        self.due = self.end
        return value

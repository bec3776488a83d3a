"""ADS1232 24-bit converter for load cells, at 10 conversions a second.

Source: Texas Instruments, ADS1232 data sheet SBAS350. Its frames are those of an HX711: DRDY/DOUT
low when a conversion is ready, 24 bits in two's complement, a 25th pulse that leaves it high. Gain,
input and rate are set by pins. A 26th pulse starts a calibration of the offset, after which every
count is another one; clones shift by a million. PDWN low for 26 us and more resets the chip, the
first conversion comes 400 ms later.

So whenever the pulses of a frame are in doubt, or a conversion was late, the chip is reset by PDWN:
what it weighs from always has the offset of a reset."""

from sensors.hx711 import HX711


def of_board(board, ch, lines):
    """The converter of a weight channel."""
    pins = board.pin_out(ch["sck"]), board.pin_in(ch["dout"]), board.pin_out(ch["pdwn"])
    return ADS1232(board.hal, *pins)


class ADS1232(HX711):
    """In the manner of HX711; pdwn: a callable as sck is."""

    def __init__(self, hal, sck, dout, pdwn):
        super().__init__(hal, sck, dout)
        self._pdwn = pdwn
        self._reset()

    def ready(self):
        """True when a conversion waits to be read."""
        if HX711.ready(self):
            return True
        if not self.made:  # it is in doubt how the chip converts
            self._reset()
        return False

    def power_down(self):
        self._pdwn(0)

    def power_up(self):
        self._pdwn(1)
        HX711.power_up(self)

    def _reset(self):
        self.power_down()
        self.hal.sleep_us(100)
        self.power_up()
        self.anew = True

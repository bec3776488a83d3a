#!/bin/sh
# The weight that hx711-multi gives when the load cell is so quiet that all readings of an average are equal.
#
# Guess: the quieter, the better; equal readings are the best average there is.
# Seen (hx711-multi 1.4.1, on a simulated HX711): with equal readings it sets its measurement and leaves out the weight:
# read_weight() returns the weight of the last noisy average, for as long as the load stays quiet, and read_raw()
# returns None. 500 g, then 800 g without noise: 500. One reading of nine that is one count higher: 800. An amplifier
# at its limit shows the last good weight too. Ask with fresh_only=True, which says None.
. "$(dirname "$0")/_python.sh"
environment hx711-multi==1.4.1
hx711_chip
cat >"$work/try.py" <<'END'
import chip
from hx711_multi import HX711


def read(*counts):
    chip.counts[:] = counts
    return scale.read_weight(9)


chip.counts[:] = [1000, 1010, 990]
scale = HX711(dout_pins=5, sck_pin=6)
scale.zero(9)
scale.set_weight_multiples(10)
noisy = read(6000, 6010, 5990)
quiet = read(9000)
raw, fresh = scale.get_raw(), scale.get_fresh_weight()
nearly = read(*[9000] * 8, 9001)
limit = read(0x7FFFFF)
print("500 g, noisy:", noisy, "; 800 g, quiet:", quiet, raw, fresh, "; one count more:", nearly, "; limit:", limit)
assert set(chip.frames) == {25}
assert (noisy, quiet, raw, fresh, nearly, limit) == (500, 500, None, None, 800, 800)
END
cd "$work"
nice -n 19 "$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: equal readings leave the weight at its old value"

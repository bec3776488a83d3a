#!/bin/sh
# What a simulator of Chinese weighbridge indicators, the one on the package index, puts on the line.
#
# Its data file holds weights as an indicator displays them, one to a line: 005.660, 123.456, -00.420.
#
# Guess: the digits in the order of the display, with a line end or behind a mark of the begin, the sign first.
# Seen (weighbridge-simulator 0.3.1, on a pty): the lowest digit first, then "=": 066.500=654.321=024.00-= . A minus stands
# last. There is no line end, no checksum, no unit, no mark of rest. Read in the order in which they come, every frame is
# a number in the form that was expected, and wrong (66.5 for 5.66, 654.321 for 123.456). What stands before the first "="
# may be the end of a frame that is cut off, and is a number of that form too.
. "$(dirname "$0")/_python.sh"
environment weighbridge-simulator==0.3.1 click==8.1.8 pyserial==3.5
printf '005.660\n123.456\n-00.420\n' >"$work/weights.txt"
cat >"$work/listen.py" <<'END'
import os
import pty
import select
import subprocess
import sys
import tty

ours, theirs = pty.openpty()
tty.setraw(ours)
tty.setraw(theirs)
command = [sys.executable, "-m", "weighbridge_simulator", "-p", os.ttyname(theirs), "-d", sys.argv[1], "-i", "0.05"]
sender = subprocess.Popen(command, stdout=subprocess.DEVNULL)
sent = b""
while sender.poll() is None or select.select([ours], [], [], 0.5)[0]:
    if select.select([ours], [], [], 0.1)[0]:
        sent += os.read(ours, 100)
print(sent.decode())
END
sent=$("$python" "$work/listen.py" "$work/weights.txt")
echo "displayed 005.660 123.456 -00.420; sent $sent"
[ "$sent" = "066.500=654.321=024.00-=" ]

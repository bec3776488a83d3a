"""Under MicroPython: what update/bundle.py says of signatures, and what they cost.

Each line of the file given: modulus, signature and digest in hex. Prints a line of 0 and 1,
then milliseconds for one verification, and for 10,000 turns of an empty loop."""

import sys
import time
from binascii import unhexlify

from update.bundle import verified

with open(sys.argv[1]) as f:
    cases = [[unhexlify(x) for x in line.split()] for line in f]
print("".join("1" if verified(*case) else "0" for case in cases))


def turns(n):
    while n:
        n -= 1


best = [1 << 30, 1 << 30]
for _ in range(5):
    t = time.ticks_us()
    verified(*cases[0])
    best[0] = min(best[0], time.ticks_diff(time.ticks_us(), t))
    t = time.ticks_us()
    turns(10000)
    best[1] = min(best[1], time.ticks_diff(time.ticks_us(), t))
print(best[0] / 1000, best[1] / 1000)

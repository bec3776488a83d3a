"""Runs under MicroPython: PORT NAME … – what the name server at that port of loopback says of
each name, a line each."""

import os
import sys
import time

from net.clock import Clock
from net.resolver import Resolver


class Hal:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)


class Board:
    hal = Hal
    random = staticmethod(os.urandom)

    def rtc_get(self):
        return 0

    def name_servers(self):
        return (("127.0.0.1", int(sys.argv[1])),)


board = Board()
resolver = Resolver(board, Clock(board))
for name in sys.argv[2:]:
    got = None
    try:
        while got is None:
            time.sleep_ms(1)
            got = resolver.lookup(name, 1883)
        print("%d.%d.%d.%d" % tuple(bytes(got)[4:8]))
    except OSError as e:
        print(e)

"""As much of a board as a session of net.mqtt needs, for the scripts beside this one."""

import time


class Hal:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)
    ticks_add = staticmethod(time.ticks_add)


class Board:
    hal = Hal
    data_dir = ""

    def wait(self, poller, ms, expecting):
        poller.poll(ms)

    def memory(self):
        return {}

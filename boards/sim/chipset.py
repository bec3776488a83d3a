"""`machine` on a simulated device: what the firmware and a person at the prompt use of it.

The chip's supply, watchdog and reset are outside the process (tools/pty_board.py): each
line written to the control file asks for one of them."""

import time

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
_CAUSES = {
    "power_on": PWRON_RESET,
    "hard_reset": HARD_RESET,
    "watchdog": WDT_RESET,
    "deep_sleep": DEEPSLEEP_RESET,
    "soft_reset": SOFT_RESET,
}


class Machine:
    """Stands for the module."""

    PWRON_RESET = PWRON_RESET
    HARD_RESET = HARD_RESET
    WDT_RESET = WDT_RESET
    DEEPSLEEP_RESET = DEEPSLEEP_RESET
    SOFT_RESET = SOFT_RESET

    def __init__(self, control, cause):
        self._control = control
        self.cause = cause

    def _ask(self, line):
        self._control.write(line.encode() + b"\n")

    def _end(self, line):
        self._ask(line)
        while True:  # what follows happens to this process from outside
            time.sleep(1)

    def booted(self):
        """The chip's own start is over: from now on Ctrl-C is heard."""
        self._ask("booted")

    def reset_cause(self):
        return _CAUSES[self.cause]

    def reset(self):
        self._end("reset")

    def deepsleep(self, ms=0):
        self._end("sleep %d" % ms)

    def WDT(self, id=0, timeout=5000):
        """Once made it cannot be stopped; made again, it has the new timeout."""
        self._ask("watchdog %d" % timeout)
        return _Fed(self._ask)


class _Fed:
    def __init__(self, ask):
        self._ask = ask

    def feed(self):
        self._ask("feed")

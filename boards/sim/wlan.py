"""Wi-Fi as the trace has it."""


class Wlan:
    """What the firmware uses of network.WLAN."""

    def __init__(self, player):
        self._player = player

    def active(self, *_):
        pass

    connect = disconnect = active

    def isconnected(self):
        return self._player.value("wifi") != 0

    def status(self, what):
        return -61

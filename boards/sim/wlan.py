"""Wi-Fi as the trace has it: `wifi` 1, 0 without a network, -1 where the port lacks memory for it.

It raises what the ESP32 port raises (ports/esp32/network_common.c): OSError with a text for the
errors of Wi-Fi that it knows, RuntimeError for every other one."""


class Wlan:
    """What the firmware uses of network.WLAN."""

    def __init__(self, player):
        self._player = player

    def active(self, *_):
        pass

    disconnect = active

    def connect(self, *_):
        if self._player.value("wifi") == -1:
            raise RuntimeError("Wifi Unknown Error 0x0101")  # ESP_ERR_NO_MEM

    def isconnected(self):
        return self._player.value("wifi") not in (0, -1)

    def status(self, what):
        if not self.isconnected():
            raise OSError("Wifi Not Connected")
        return -61

"""Wi-Fi: asks for the association again while there is none. The port's own
network stack keeps trying in the background; this only starts it and watches."""

from micropython import const

_AGAIN_MS = const(30000)


class Wifi:
    """poll() is True while associated with an address."""

    def __init__(self, board, cfg, log):
        self._wlan = board.wlan()
        self._hal = board.hal
        self._cfg = cfg["wifi"]
        self._log = log
        self._asked = None
        self._was = False

    def poll(self):
        up = self._wlan.isconnected()
        if up != self._was:
            self._was = up
            self._log.info("wifi: connected" if up else "wifi: lost")
            if not up:  # the port's own stack comes first
                self._asked = self._hal.ticks_ms()
        if not up:
            now = self._hal.ticks_ms()
            if self._asked is None or self._hal.ticks_diff(now, self._asked) > _AGAIN_MS:
                self._ask(now)
        return up

    def _ask(self, now):
        again = self._asked is not None
        self._asked = now
        try:
            if again:
                self._wlan.disconnect()
            self._wlan.active(True)
            self._wlan.connect(self._cfg["ssid"], self._cfg["password"])
        except (OSError, RuntimeError) as e:
            self._log.warn("wifi: %s" % e)

    def again(self):
        """Leave the network and associate anew."""
        self._ask(self._hal.ticks_ms())

    def text(self):
        """What the state says of it: the signal in dBm, while there is one."""
        try:
            return ',"rssi":%d' % self._wlan.status("rssi")
        except (OSError, RuntimeError, ValueError):
            return ""

"""Ultrasonic distance by echo pulse: HC-SR04, JSN-SR04T.

Source: both datasheets (a trigger of at least 10 us, of which some copies miss the shortest;
echo high for the time of flight there and back, 60 ms between measurements; JSN-SR04T
is blind below 200-250 mm); speed of sound 331.3 + 0.606 T m/s.
"""

from micropython import const

from sensors import quality

_TRIGGER_US = const(20)
_TIMEOUT_US = const(38000)  # HC-SR04 ends its pulse after 38 ms without an echo


class Ultrasonic:
    """trig and echo are pins; hal gives sleep_us and time_pulse_us."""

    def __init__(self, hal, trig, echo, blind_mm, most_mm):
        self._hal = hal
        self._trig = trig
        self._echo = echo
        self._blind = blind_mm
        self._most = most_mm
        self.error = quality.GOOD

    def read(self, centi_c=2000):
        """Distance in mm at a temperature in 0.01 degC, or None with .error set."""
        hal = self._hal
        self._trig(0)
        hal.sleep_us(2)
        self._trig(1)
        hal.sleep_us(_TRIGGER_US)
        self._trig(0)
        us = hal.time_pulse_us(self._echo, 1, _TIMEOUT_US)
        if us <= 0 or us >= _TIMEOUT_US:
            self.error = quality.NO_ECHO
            return None
        # mm = us / 2 * speed / 1000, speed in units of 25 mm/s: stays a small integer.
        mm = us * ((331300 + 606 * centi_c // 100) // 25) // 80000
        if mm < self._blind:
            self.error = quality.BLIND
            return None
        if mm > self._most:
            self.error = quality.RANGE
            return None
        self.error = quality.GOOD
        return mm

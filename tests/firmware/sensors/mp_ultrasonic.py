"""The ultrasonic driver on a modelled echo."""

from sensors import quality
from clock import Clock
from sensors.fill import median3
from sensors.ultrasonic import Ultrasonic


class Echo:
    """Answers with a pulse of us, or not at all (-2)."""

    def __init__(self, us):
        self.us = us

    def pulse(self, timeout_us):
        return self.us


def sensor(us, edges=None):
    trig = (lambda v: edges.append(v)) if edges is not None else (lambda v: None)
    return Ultrasonic(Clock(0), trig, Echo(us), 200, 1500)


def test_datasheet_distance_at_twenty_degrees():
    # 58 us/cm at about 20 degC: 58.2 us/cm is 343.4 m/s
    assert abs(sensor(5824).read(2000) - 1000) <= 1


def test_speed_of_sound_follows_the_temperature():
    # 331.3 + 0.606 T: at -10 degC 325.24 m/s, at 40 degC 355.54 m/s
    assert sensor(5000).read(-1000) == 813
    assert sensor(5000).read(4000) == 888


def test_no_echo_blind_zone_and_out_of_range():
    for us, why in ((-2, quality.NO_ECHO), (-1, quality.NO_ECHO), (38000, quality.NO_ECHO)):
        s = sensor(us)
        assert s.read() is None and s.error == why
    s = sensor(1000)
    assert s.read() is None and s.error == quality.BLIND
    s = sensor(12000)
    assert s.read() is None and s.error == quality.RANGE


def test_one_trigger_pulse():
    edges = []
    sensor(3000, edges).read()
    assert edges == [0, 1, 0]


def test_median():
    for a, b, c in ((1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1), (2, 2, 9)):
        assert median3(a, b, c) == 2

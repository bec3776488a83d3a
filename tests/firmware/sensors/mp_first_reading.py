"""Fill and thermometer: what the first reading waits for, and a sensor that lost its supply."""

from clock import Clock
from sensors import quality
from sensors.fill import Fill
from sensors.simple import Contact, Temperature


class Thermometer:
    def __init__(self, *values):
        self._values = list(values)

    def start(self):
        pass

    def read(self):
        return self._values.pop(0)


class Sensor:
    error = quality.NO_ECHO

    def __init__(self, mm):
        self.mm = mm

    def read(self, centi_c):
        return self.mm


def turns(channel, clock, n):
    for _ in range(n):
        clock.us += 1000 * max(0, clock.ticks_diff(channel.due, clock.ticks_ms()))
        channel.sample(clock.ticks_ms())


def test_a_fill_is_settled_after_three_pings_or_none():
    for mm, expected in ((600, quality.GOOD), (None, quality.NO_ECHO)):
        clock = Clock(0)
        fill = Fill("f1", Sensor(mm), 1000, 200, 0.05, None, clock)
        turns(fill, clock, 2)
        assert not fill.settled() and fill.quality() == quality.NO_DATA
        turns(fill, clock, 1)
        assert fill.settled() and fill.quality() == expected


def test_a_thermometer_is_settled_when_it_was_read():
    clock = Clock(0)
    t = Temperature("c1", Thermometer(None, 2050), clock)
    turns(t, clock, 1)
    assert not t.settled()
    turns(t, clock, 1)
    assert t.settled() and t.value() is None


def test_a_contact_is_settled_when_two_looks_agree():
    clock = Clock(0)
    door = Contact("d1", lambda: 1, clock)
    turns(door, clock, 1)
    assert not door.settled()
    turns(door, clock, 1)
    assert door.settled() and door.value() == 1


def test_the_value_of_power_on_is_no_temperature():
    clock = Clock(0)
    heard = []
    t = Temperature("c1", Thermometer(8500, 2050, 8500, 2056, 8420, 8500, 8506), clock)
    t.followers.append(heard.append)
    turns(t, clock, 14)
    assert heard == [None, 2050, None, 2056, 8420, 8500, 8506], heard

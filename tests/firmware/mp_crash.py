"""Exceptions nobody foresaw: written down, bounded, published once, the rest goes on."""

import json
import os

from health import crash_log
from clock import Clock
from health.log import Log
from sensors.sampler import Sampler

scratch = None


def rig(name):
    folder = scratch + "/" + name
    os.mkdir(folder)
    lines = []
    return (
        folder,
        lines,
        crash_log.CrashLog(folder, 7, lambda: (True, 1772467200), Log(None, lines.append)),
    )


def fail(text):
    try:
        raise ValueError(text)
    except ValueError as e:
        return e


def test_the_same_is_written_once_and_counted():
    _, lines, log = rig("same")
    for _ in range(100):
        log.take("network", fail("odd"))
    entry = json.loads(log.next())
    assert (entry["boot"], entry["task"], entry["error"]) == (
        7,
        "network",
        "network: ValueError: odd",
    )
    assert "Traceback" in entry["trace"]
    assert log.counts() == {"network: ValueError: odd": 100}
    assert len(lines) == 1
    log.sent(log.next())
    assert log.next() is None
    assert "odd" in log.tail(2000)


def test_it_never_grows_beyond_its_bound():
    folder = rig("bound")[0]
    for n in range(200):
        crash_log.CrashLog(folder, n, lambda: (False, 5), Log(None, lambda x: None)).take(
            "queue", fail("kind %d" % n)
        )
    assert os.stat(folder + "/crash.new")[6] <= 4096


def test_what_was_not_published_is_there_after_a_restart():
    folder, _, log = rig("restart")
    log.take("network", fail("one"))
    log.take("network", fail("two"))
    again = crash_log.CrashLog(folder, 8, lambda: (False, 5), Log(None, lambda x: None))
    seen = []
    line = again.next()
    while line:
        seen.append(json.loads(line)["error"][-3:])
        again.sent(line)
        line = again.next()
    assert seen == ["one", "two"]
    assert crash_log.CrashLog(folder, 9, None, None).next() is None


class Channel:
    """A channel whose code fails while `bad`."""

    kind = "fill"

    def __init__(self, name, hal):
        self.name = name
        self.hal = hal
        self.due = hal.ticks_ms()
        self.news = False
        self.bad = False
        self.samples = 0

    def sample(self, now):
        if self.bad:
            raise TypeError("a bug")
        self.samples += 1
        self.due = self.hal.ticks_add(now, 1000)

    def settled(self):
        return True

    def value(self):
        return 5

    def quality(self):
        return 0

    def mark_reported(self):
        self.news = False


class Board:
    def __init__(self):
        self.hal = Clock(1772467200)


def test_one_channel_that_fails_does_not_stop_the_others():
    board = Board()
    channels = [Channel("f1", board.hal), Channel("f2", board.hal)]
    bodies, failed = [], []
    sampler = Sampler(board, channels, 10, bodies.append, lambda name, e: failed.append(name))
    channels[0].bad = True
    for _ in range(60):
        board.hal.sleep_ms(1000)
        sampler.poll()
    assert channels[1].samples == 60 and channels[0].samples == 0
    assert set(failed) == {"f1"} and len(failed) == 12  # tried again every 5 s
    assert bodies[-1][0:3] == b"\0\0\0" and bodies[-1][-1] == 10  # absent, and marked
    channels[0].bad = False
    for _ in range(20):
        board.hal.sleep_ms(1000)
        sampler.poll()
    assert channels[0].samples > 10 and len(bodies[-1]) == 6

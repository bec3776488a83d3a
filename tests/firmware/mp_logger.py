"""The main loop when its own code fails: one task starts anew, the rest goes on, and
where that does not help the watchdog ends it."""

import json
import os

import main
from board import Board, Stop
from clock import Clock
from flash import Flash
from player import Player

scratch = None
T0 = 1772467200
CONFIG = {
    "device": "qy-t",
    "site": "t-01",
    "mqtt": {"host": "127.0.0.1", "port": 9},
    "ntp": ["127.0.0.1:9"],
    "report": {"every_s": 60},
    "channels": [
        {
            "id": "w1",
            "kind": "weight",
            "dout": 34,
            "sck": 25,
            "max_kg": 150,
            "calibration": {"id": "c", "date": "2026-01-05", "zero": 0, "counts_per_kg": 21000},
        }
    ],
}


class Rig:
    """A simulated board whose broker is not there."""

    def __init__(self, name):
        path = scratch + "/" + name
        with open(path + ".csv", "w") as f:
            f.write("t,channel,value\n%d,w1,5\n%d,w1,5\n" % (T0, T0 + 86400))
        self.clock = Clock(T0)
        self.board = Board(
            CONFIG,
            Player(path + ".csv"),
            self.clock,
            Flash(path, 256 << 10),
            "firmware",
            "ideal",
            1,
        )
        self.lines = []
        self.board.print = self.lines.append
        self.board.power_up("power_on")
        with open("/flash/config.json", "w") as f:
            json.dump(CONFIG, f)
        self.logger = main.start(self.board)

    def run(self, seconds):
        """The cause for which it stopped, or None."""
        end = self.clock.ms() + 1000 * seconds
        try:
            while self.clock.ms() < end:
                self.logger.step()
        except Stop as stop:
            return stop.how
        return None

    def close(self):
        self.board.unmount()


def boom(*args):
    raise ValueError("a bug")


def test_a_bug_in_the_network_is_survived_and_written_down():
    rig = Rig("once")
    rig.run(100)
    made, poll = rig.logger.sampler.made, rig.logger.link._sntp.poll
    rig.logger.link._sntp.poll = boom
    rig.run(90)
    rig.logger.link._sntp.poll = poll
    assert rig.run(600) is None
    assert rig.logger.sampler.made >= made + 10
    entry = json.loads(rig.logger.crashes.next())
    assert entry["task"] == "network" and "ValueError: a bug" in entry["error"]
    assert "link.py" in entry["trace"]
    assert len([x for x in rig.lines if "network: ValueError" in x]) == 1
    rig.close()


def test_a_bug_that_stays_is_ended_by_the_watchdog():
    rig = Rig("stays")
    rig.run(100)
    made = rig.logger.sampler.made
    rig.logger.link._sntp.poll = boom
    before = rig.clock.ms()
    assert rig.run(3600) == "watchdog"
    assert 170 <= (rig.clock.ms() - before) // 1000 <= 200  # 120 s late, then 60 s
    assert rig.logger.sampler.made >= made + 2  # sampling went on all the time
    rig.close()


def test_a_bug_in_the_queue_restarts_the_board_and_loses_nothing():
    rig = Rig("queue")
    rig.run(130)
    rig.logger.spool.tick = boom
    made = rig.logger.spool.state.next_seq
    try:
        rig.run(100)
        raise AssertionError("went on")
    except ValueError as e:
        try:
            main.died(rig.board, e)
        except Stop as stop:
            assert stop.how == "hard_reset"
    rig.board.unmount()
    rig.board.power_up("hard_reset")
    rig.logger = main.start(rig.board)
    assert rig.logger.spool.state.next_seq == made
    assert [r[1] for r in rig.logger.spool.peek(64)] == list(range(made))
    rig.close()


def test_a_start_that_is_well_for_a_minute_is_no_failed_one():
    rig = Rig("well")
    assert "starts" in os.listdir("/flash")
    rig.run(90)
    assert "starts" not in os.listdir("/flash")
    rig.close()


def test_changes_that_make_no_sense_are_left_out():
    rig = Rig("local")
    rig.board.unmount()
    rig.board.power_up("power_on")
    with open("/flash/local.json", "w") as f:
        f.write('{"every_s": 5, "calibration": {"w1": {"id": 7}}}')
    rig.logger = main.start(rig.board)
    assert rig.logger.sampler.every_s == 60
    assert any("left out" in x and "every_s" in x for x in rig.lines), rig.lines
    rig.close()

"""A modem that is dialled, whatever it does: each state told, each end followed by a new try."""

import json
import os

import modem as models
from clock import Clock
from health.log import Log
from net import mqtt, traffic
from net.bounded_socket import BoundedSocket
from net.ppp import Ppp
from uplink_parts import Network, Pin, Uarts

scratch = None
START = 1772467200  # 2026-03-03 00:00 in Shanghai
ENTRY = {"kind": "ppp", "uart": 1, "baud": 115200, "tx": 4, "rx": 5, "apn": "cmnet"}
STEPS = {0: "wake", 1: "booting", 2: "guard", 5: "pressed", 8: "echo", 10: "sim", 11: "search"}
STEPS.update({12: "signal", 13: "operator", 14: "context", 15: "dial"})  # as net.modem numbers them
ENTRY.update({"auth": "none", "user": "", "password": "", "budget_mb": 0})


class Player:
    def __init__(self):
        self.values = {}
        self.value = self.values.get


class Board:
    def __init__(self, key=False, budget_mb=0, baud=115200):
        self.hal = self.clock = Clock(START)
        self.data_dir = scratch
        self.player = Player()
        self.network = Network(self)
        self.machine = self
        self.Pin = Pin
        self.entry = dict(ENTRY, budget_mb=budget_mb, baud=baud)
        if key:
            self.entry["key"] = 6
        uart = models.wire(self, self.entry)
        self.modem = uart.device
        self._uarts = Uarts(None, 1, uart)

    def UART(self, n, **how):
        return self._uarts.of(n, how)

    def hold(self, leave):
        pass

    def let_go(self):
        pass

    def pin_out(self, n):
        return self.modem.key

    def rtc_get(self):
        return self.clock.ms() // 1000


class Rig:
    def __init__(self, **how):
        try:
            os.remove(scratch + "/traffic")
        except OSError:
            pass
        self.board = Board(**how)
        self.values = self.board.player.values
        self.lines = []
        self.start()

    def start(self):
        entry = self.board.entry
        made = entry, Ppp.hardware(self.board, entry), None
        self.line = Ppp(self.board, made, Log(None, self.lines.append))

    def run(self, seconds, until=None):
        """Seconds until it is up, or something else; None when that does not come."""
        for n in range(2 * seconds):
            self.board.hal.move_us(500000)
            now = self.board.hal.us, self.board.hal.spans
            up = self.line.poll()
            assert now == (self.board.hal.us, self.board.hal.spans), "it has waited"
            if until() if until else up:
                return n // 2
        return None

    def step(self):
        return STEPS.get(self.line._modem._step) if self.line._modem else None

    def told(self):
        return json.loads("{%s}" % self.line.text()[1:])


def test_it_is_dialled_and_tells_where_it_is():
    rig = Rig()
    rig.values["cell"] = 5
    assert rig.run(60) < 30
    told = rig.told()
    assert (told["uplink"], told["sim"], told["rssi"]) == ("ppp", "ready", -71), told
    assert told["operator"] == "CHINA MOBILE"
    assert rig.line.name_servers() == [("127.0.0.1", 53)]
    assert rig.lines[-1] == "ppp: connected (CHINA MOBILE, -71 dBm)"


def test_a_modem_that_is_off_is_switched_on_by_its_key():
    rig = Rig(key=True)
    assert rig.run(60) < 40
    # At a restart of the board it is within a call: that ends, and no key is pressed.
    rig.start()
    calls = rig.board.modem.calls
    assert rig.run(60) < 30 and rig.board.modem.calls == calls + 1
    # One that hangs hears nothing: its key switches it off, and the next time on.
    rig.values["modem"] = 2
    rig.line.again()
    rig.run(3)
    rig.values["modem"] = 1
    assert rig.run(200) < 120


def test_what_is_wrong_is_told_once_and_it_is_tried_again():
    rig = Rig()
    for name, value, said, sim in (
        ("sim", 0, "modem: SIM missing: put one in, contacts to the board", "missing"),
        ("sim", 2, "modem: SIM pin: switch its PIN off in a phone", "pin"),
        ("sim", 3, "modem: SIM puk: it is locked: unlock it in a phone", "puk"),
        ("cell", 3, "modem: the network denies this SIM", "ready"),
        ("cell", 2, "modem: no network: look at its antenna", "ready"),
        ("ppp", -2, "modem: dialled: NO CARRIER", "ready"),
        ("ppp", -1, "modem: ppp: no address", "ready"),
        ("modem", 0, "modem: no answer: look at its supply, tx, rx and baud", "ready"),
    ):
        rig.values[name] = value
        rig.line.rest()
        del rig.lines[:]
        assert rig.run(240) is None, name
        assert len(rig.lines) == 1 and rig.lines[0].startswith("warning: " + said), rig.lines
        assert rig.told()["sim"] == sim, name
        rig.values[name] = 1
        assert rig.run(400) is not None, name


def test_another_speed_is_told():
    rig = Rig(baud=57600)
    assert rig.run(100) is None
    assert "no answer: look at its supply, tx, rx and baud" in rig.lines[-1]


def test_cut_in_every_state_it_is_dialled_again():
    rig = Rig(key=True)
    seen = []

    def noted():
        if rig.step() and rig.step() not in seen:
            seen.append(rig.step())
        return rig.line._up

    rig.run(60, noted)
    for step in ("wake", "guard", "pressed", "booting", "sim", "search", "signal", "dial"):
        assert step in seen, seen
    cut = 0
    seen += ["call", "up"]
    for step in seen:
        for name, value, seconds in (("modem", 0, 7), ("cell", 0, 40), ("ppp", 0, 3)):
            rig.values.clear()
            rig.line.rest()
            rig.values["modem"] = 0
            rig.run(2)
            rig.values["modem"] = 1
            if step == "up":
                rig.run(90)
            elif step == "call":
                assert rig.run(90, lambda: rig.line._began is not None) is not None
            else:
                assert rig.run(90, lambda: rig.step() == step) is not None, step
            rig.values[name] = value
            rig.run(seconds)
            rig.values[name] = 1
            if step == "up" and name != "ppp":
                rig.line.again()  # PPP does not see it: that nothing passes tells
            assert rig.run(300) is not None, (step, name)
            cut += 1
    assert cut >= 30


def test_the_second_time_that_nothing_passes_the_modem_itself_starts_anew():
    rig = Rig()
    rig.run(60)
    rig.line.again()
    rig.run(60)
    assert rig.board.modem.calls == 2
    booted = rig.board.modem._on
    rig.run(300)
    rig.line.again()
    assert rig.run(120) is not None
    assert rig.board.modem._on > booted and rig.board.modem.calls == 3


def test_without_a_network_the_modem_starts_anew_once_in_a_quarter_of_an_hour():
    """A start takes it from its search: it must have the time to find one."""
    rig = Rig()
    rig.values["cell"] = 2
    starts = set()
    assert rig.run(3600, lambda: starts.add(rig.board.modem._on)) is None
    assert 4 <= len(starts) <= 5, starts
    rig.values["cell"] = 1
    assert rig.run(60) is not None


def test_late_answers_are_nobody_else_s():
    rig = Rig()
    for late_ms in (900, 2500, 3500):
        rig.line.rest()
        rig.board.modem.late_ms = late_ms
        rig.values["sim"] = 0
        assert rig.run(120) is None and rig.told()["sim"] in ("missing", "ready")
        rig.values["sim"] = 1
        rig.board.modem.late_ms = 0
        assert rig.run(120) is not None


def test_a_session_over_it_is_counted_and_one_beside_it_is_not():
    rig = Rig()
    assert mqtt.BoundedSocket is traffic.Metered and traffic.Metered is not BoundedSocket
    assert traffic.Metered.traffic is rig.line.traffic
    rig.line.traffic.add(5000)
    assert rig.told()["month_kb"] == 0, "it is not up"
    rig.run(60)
    rig.line.traffic.add(5000)
    assert rig.told()["month_kb"] == 5


def test_the_count_of_the_month_outlives_restarts_and_ends_with_the_month():
    rig = Rig(budget_mb=30)
    rig.run(60)
    for _ in range(100):
        rig.line.traffic.add(10000)
        rig.run(1)
    rig.line.traffic.add(7000)  # and the power goes
    before = rig.told()["month_kb"]
    assert 1007 <= before <= 1010 and rig.told()["budget_mb"] == 30
    rig.start()
    rig.line.poll()
    assert before <= rig.told()["month_kb"] <= before + 24, "never less than was carried"
    rig.board.hal.move_us(30 * 86400 * 1000000)
    rig.run(60)
    rig.line.traffic.add(3000)
    assert rig.told()["month_kb"] <= 5 and rig.line.traffic.on


def test_bytes_of_a_start_without_the_time_are_of_the_month_that_it_turns_out_to_be():
    rig = Rig()
    rig.run(60)
    rig.line.traffic.add(900000)
    rig.run(1)
    rig.board.rtc_get = lambda: 0
    rig.start()
    rig.run(60)
    rig.line.traffic.add(7000)
    rig.run(1)
    assert rig.told()["month_kb"] > 900
    rig.board.rtc_get = lambda: START + 30 * 86400
    rig.run(6, lambda: False)
    assert rig.told()["month_kb"] == 7


def test_with_the_budget_used_up_it_is_up_four_times_a_day():
    rig = Rig(budget_mb=1)
    rig.run(60)
    rig.line.traffic.add(1000000)
    ups = []
    was = True
    for second in range(0, 86400, 3):
        rig.board.hal.move_us(3000000)
        up = rig.line.poll()
        if up:
            ups.append(second)
            if not was:
                rig.line.traffic.add(2000)
        was = up
    starts = [s for i, s in enumerate(ups) if not i or s > ups[i - 1] + 3]
    assert len(starts) in (4, 5) and len(ups) < 100, (starts, len(ups))
    assert len([line for line in rig.lines if "budget" in line]) == 1
    rig.board.hal.move_us(30 * 86400 * 1000000)
    assert rig.run(60) is not None and not rig.line.traffic._told

"""Calibration on the board: temperature, whole calibrations, the audit trail, the bench."""

import json

from commands import prompt
import main
from sensors import calibration_start
import vfs
from board import Board
from clock import Clock
from flash import Flash
from settings.overrides import Overrides
from spool.queue_state import QueueState
from player import Player
from ram_flash import RamFlash
from sensors.weighing import Calibration

scratch = None
T0 = 1772467200
CONFIG = {
    "device": "qy-t",
    "site": "t-01",
    "mqtt": {"host": "127.0.0.1", "port": 9},
    "channels": [
        {
            "id": "w1",
            "kind": "weight",
            "dout": 34,
            "sck": 25,
            "max_kg": 150,
            "temperature": "c1",
            "calibration": {"id": "c", "date": "2026-01-05", "zero": 84213, "counts_per_kg": 21000},
        },
        {"id": "c1", "kind": "temperature", "pin": 4},
    ],
}
GOOD = {"id": "k-1", "date": "2026-03-03", "zero": 84000, "counts_per_kg": 21010.5}


class Rig:
    """A simulated board at whose prompt somebody sits."""

    def __init__(self, name, cfg=CONFIG):
        path = scratch + "/" + name
        with open(path + ".csv", "w") as f:
            f.write("t,channel,value\n%d,w1,0\n%d,c1,20\n%d,w1,0\n" % (T0, T0, T0 + 8640000))
        self.player = Player(path + ".csv")
        flash = Flash(path, 256 << 10)
        self.board = Board(
            json.loads(json.dumps(cfg)), self.player, Clock(T0), flash, "firmware", "ideal", 1
        )
        self.board.print = lambda line: None
        self.board.power_up("power_on")
        with open("/flash/config.json", "w") as f:
            json.dump(cfg, f)
        self.n = 0
        self.restart()

    def restart(self):
        self.bench = prompt.Bench(self.board)

    def put(self, channel, value):
        self.player.put(self.board.clock.ms(), channel, value)

    def ask(self, do, **what):
        self.n += 1
        what.update({"id": "i%d" % self.n, "do": do, "channel": what.get("channel", "w1")})
        return json.loads(self.bench.ask(json.dumps(what), 12, T0 + self.n))

    def audit(self):
        with open("/flash/audit.log") as f:
            return f.read()

    def end(self):
        self.board.unmount()


def test_weight_at_another_temperature():
    cal = Calibration("c", "2026-01-05", 84213, 21000.0, 20, 150, -50)
    for centi in (None, -1000, 2000, 4050):
        warmer = 0 if centi is None else centi / 100 - 20
        cal.at(centi)
        for kg in (0, 20, 150):
            counts = 84213 + 150 * warmer + kg * 21000 * (1 - 50e-6 * warmer)
            assert abs(cal.grams(round(counts)) - 1000 * kg) <= 1, (centi, kg)


def test_the_sampling_allocates_nothing_whatever_the_temperature():
    import micropython

    rig = Rig("heap")
    try:
        ch = rig.bench._channels[0]
        ch.calibrate(Calibration("c", "2026-01-05", 84213, 21000.0, 20, 150, -50))
        rig.ask("measure")
        ch.warm(2550)
        before = ch.weighing.mean
        now = rig.board.hal.ticks_ms()
        micropython.heap_lock()
        try:
            ch.weighing.feed(before, now)
        finally:
            micropython.heap_unlock()
        assert ch._zero == 84213 + round(5.5 * 150)
        ch.warm(2555)  # less than a tenth of a degree: nothing to do
        assert ch._zero == 84213 + round(5.5 * 150)
        ch.warm(None)  # a thermometer that fails: the last temperature holds
        assert ch._zero == 84213 + round(5.5 * 150)
    finally:
        rig.end()


def test_measure_set_and_what_is_kept():
    rig = Rig("set")
    try:
        rig.put("w1", 20)
        m = rig.ask("measure")["result"]
        assert abs(m["counts"] - 504213) <= 1 and m["kg"] == 20 and m["c"] == 20, m
        assert m["stable_s"] >= 5 and m["now"]["id"] == "c" and m["e_kg"] == 0.05, m
        rig.put("w1", 50)
        again = rig.ask("measure")["result"]
        assert again["moved"] != m["moved"] and again["kg"] == 50
        new = dict(GOOD, t_c=20, zero_per_c=40, span_ppm_per_c=-5, points=[[0, 84000, 20.0]])
        reply = rig.ask("set_calibration", calibration=new, by="Li")
        assert reply["ok"], reply
        first = rig.audit()
        line = json.loads(first.split("\n")[0])
        assert line["by"] == "Li" and line["what"] == "w1", line
        assert line["at"].startswith("2026-03-0"), line
        assert line["old"]["zero"] == 84213 and line["new"]["points"] == [[0, 84000, 20.0]]
        # Delivered twice, also to the next start, it is done once.
        again = {"id": "i%d" % rig.n, "do": "set_calibration", "channel": "w1"}
        for _ in range(2):
            again["calibration"] = dict(GOOD, id="k-2")
            reply = json.loads(rig.bench.ask(json.dumps(again), 12))
            assert reply["ok"] and reply["result"] == "done before", reply
            rig.restart()
        assert rig.audit() == first
        now = rig.ask("measure")["result"]["now"]
        assert now["id"] == "k-1" and now["zero"] == 84000 and now["zero_per_c"] == 40
        # The quick commands keep the terms, and their zero is one of t_c.
        rig.put("c1", 30)
        rig.board.clock.move_us(70000000)
        rig.put("w1", 0)
        zero = rig.ask("zero")["result"]
        assert zero["zero"] == 84213 - 400 and zero["zero_per_c"] == 40, zero
        rig.put("w1", 20)
        scale = rig.ask("calibrate", kg=20)["result"]
        assert abs(scale["counts_per_kg"] - 21000 / (1 - 50e-6)) < 0.2, scale
        assert scale["kg"] == 20, scale
        # It only grows, whatever is asked.
        for do in ("log", "read", "restart", "interval", "audit", "delete"):
            assert not rig.ask(do, path="audit.log", file="/audit.log")["ok"]
        assert rig.ask("set_calibration", calibration=GOOD, channel="w9")["ok"] is False
        assert rig.audit().startswith(first) and rig.audit().count("\n") == 3
    finally:
        rig.end()


class Queue:
    """As much of a queue as calibration_start looks at."""

    def __init__(self, life, next_seq):
        self.state = QueueState(life)
        self.state.next_seq = next_seq


def test_since_is_the_first_reading_weighed_by_it():
    class Channel:
        kind = "weight"
        name = "w1"

    a, b = (Calibration(x, "2026-01-05", 84213, 21000.5) for x in "ab")
    for n, (life, seq, cal, expected) in enumerate(
        (
            ("one", 0, a, 0),
            ("one", 40, a, 0),  # a restart
            ("one", 50, b, 50),  # another one
            ("one", 60, b, 50),
            ("one", 45, b, 45),  # a power cut took what was in RAM, its seqs come anew
            ("one", 70, a, 70),
            ("two", 0, a, 0),  # an erased flash
        )
    ):
        ch = Channel()
        ch.calibration = cal
        calibration_start.note(scratch, Queue(life, seq), [ch], None)
        assert ch.since == expected, (n, ch.since)


def test_the_birth_message_with_few_and_many_platforms():
    for n in (1, 4, 14):
        cfg = json.loads(json.dumps(CONFIG))
        scale = cfg["channels"][0]
        del scale["temperature"]
        terms = {"t_c": 20.5, "zero_per_c": -123.4567, "span_ppm_per_c": -12.34}
        scale["calibration"].update(terms, zero=-8000000, counts_per_kg=-21000.57)
        cfg["channels"] = []
        for i in range(n):
            pins = {"id": "w%d" % (i + 1), "dout": 12 + i, "sck": 26 + i}
            cfg["channels"].append(dict(scale, **pins))
        rig = Rig("birth%d" % n, cfg)
        try:
            text = main.start(rig.board).link._birth_text()
            birth = json.loads(text if isinstance(text, str) else bytes(text))
            assert len(birth["channels"]) == n
            w = birth["channels"]["w%d" % n]
            assert w["since"] == 0 and w["zero"] == -8000000 and w["calibration"] == "c", w
            assert w["span_ppm_per_c"] == -12.34 and birth["fw"] == "qingyun"
            print("birth of %d platforms with temperature terms: %d bytes" % (n, len(text)))
        finally:
            rig.end()


def test_what_no_platform_can_weigh_by_is_refused():
    rig = Rig("refused")
    try:
        for change, said in (
            ({"id": ""}, "calibration.id: expected a text of 1 to 24"),
            ({"date": "today"}, "calibration.date: expected a text of 10 to 10"),
            ({"zero": 1.5}, "calibration.zero: expected a number"),
            ({"zero": 9000000}, "calibration.zero: expected a number"),
            ({"zero": 8000000}, "beyond the converter"),
            ({"counts_per_kg": 100}, "counts_per_kg: expected at least 160 either way"),
            ({"counts_per_kg": True}, "calibration.counts_per_kg: expected a number"),
            ({"zero_per_c": 10}, "calibration.t_c: expected the temperature"),
            ({"t_c": 20, "span_ppm_per_c": 2000}, "span_ppm_per_c: expected a number"),
            ({"t_c": 900, "span_ppm_per_c": 2}, "calibration.t_c: expected a number"),
            ({"colour": 1}, "calibration.colour: no such key"),
            ({"points": [[20]]}, "calibration.points: expected [kg, counts, degC]"),
            ({"points": [[50, 504210]]}, "50 kg would weigh -30"),
            ({"points": [[0, 0]] * 13}, "a list of at most 12"),
        ):
            new = dict(GOOD)
            new.update(change)
            reply = rig.ask("set_calibration", calibration=new)
            assert not reply["ok"] and said in reply["error"], (change, reply)
        assert not rig.ask("set_calibration", calibration=3)["ok"]
        assert rig.ask("measure")["result"]["now"]["id"] == "c"
    finally:
        rig.end()


def test_power_cut_while_saving():
    flash = RamFlash(32)
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/run")
    cal = dict(GOOD)
    Overrides("/run").change("w1", {}, cal, ("2026-01-05T08:00:00Z", "Li"))
    seen = []
    low = high = 1

    def check(torn):
        vfs.mount(vfs.VfsLfs2(RamFlash(32, torn)), "/cut")
        cfg = {"channels": [{"id": "w1"}]}
        Overrides("/cut").apply(cfg)
        n = cfg["channels"][0]["calibration"]["zero"]
        assert low <= n - 84000 + 1 <= high, ("neither old nor new", n, low)
        with open("/cut/audit.log") as f:
            lines = f.read().split("\n")
        assert lines[-1] == "" and low <= len(lines) - 1 <= high
        for line in lines[:-1]:
            json.loads(line)
        seen.append(n)
        vfs.umount("/cut")

    flash.on_cut = check
    for i in range(2, 30):
        low, high = i - 1, i
        new = dict(cal, zero=84000 + i - 1, points=[[0, 84000, 20.5]] * 6)
        Overrides("/run").change("w1", cal, new, ("2026-01-05T08:00:00Z", "Li"))
    vfs.umount("/run")
    print("power cut at %d programs and erases of 28 changes: old or new" % len(seen))
    assert len(seen) > 100

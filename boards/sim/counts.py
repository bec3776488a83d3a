"""The firmware's sampling alone, on counts made beforehand: many days in little time.

micropython boards/sim/counts.py --config C.json --trace T.csv --counts DIR --out R.jsonl
    [--faults SHARE] [--seed N]

DIR/w1.bin: int32 of every conversion from the trace's first row on, 100 ms apart. What
runs is the firmware's own Sampler, Weight, FrameFilter and Weighing in virtual time; only
the 25 pulses of an HX711's frame are left out, and queue and network. Another converter is read
as on a board, from a chip on a bus that converts to these counts. Of a weighing instrument the
file has grams, as its own converter makes them: it is read by its line. Readings are JSON lines.
Prints one JSON object about the run.
"""

import json
import sys
import time

_HERE = __file__.rpartition("/")[0] or "."
sys.path[:0] = [_HERE, _HERE + "/../../firmware"]

from settings import config

# isort: split
from clock import Clock
from count_sources import Echo, Instrument, OnBus, Source, Thermometer
from player import Player, last_second
from sensors import build, hx711, record
from sensors.sampler import Sampler


class Driver(hx711.HX711):
    """The driver without the pulses of a frame: the simulated wire loses none."""

    def __init__(self, hal, source, _dout, gain):
        super().__init__(hal, source.sck, source.dout, gain)
        self._latch = source.latch

    def read(self):
        if not self.ready():
            self.error = hx711.NOT_READY
            return None
        hal = self.hal
        self.value = value = self._latch()
        self.end = now = hal.ticks_ms()
        self.age = self._diff(now, self.high)
        self.high = now
        made_with = self.made
        self.due = hal.ticks_add(now, 100)
        self.anew = False
        self.made = self._gain
        if made_with != self._gain:
            self.error = hx711.SETTLING if made_with else hx711.UNSURE
            return None
        self.error = hx711.OK
        return value


def _trigger(level):
    pass


class Bench:
    """The part of a board that the channels ask for; lives through power cuts."""

    def __init__(self, opt):
        self.cfg = config.load(opt["config"])
        self.player = player = Player(opt["trace"])
        start_ms = player.first_ms
        self.until = 1000 * last_second(opt["trace"])
        self.hal = self.clock = clock = Clock(start_ms // 1000)
        clock.follow(player.advance)
        player.advance(clock.ms())
        self._pins = {}
        self._buses = {}
        self._uarts = {}
        self.machine = self
        self.sources = []
        faults = float(opt["faults"])
        for ch in self.cfg["channels"]:
            if ch["kind"] == "weight":
                path = "%s/%s.bin" % (opt["counts"], ch["id"])
                damage = self._damage(ch, int(opt["seed"]), faults) if faults else None
                how = clock, player, ch["id"], path, start_ms, damage
                if "converter" in ch:
                    source = OnBus(*how)
                    self._buses[ch["i2c"]] = source.bus
                else:
                    source = self._pins[ch["sck"]] = Source(*how)
                self.sources.append(source)
            elif ch["kind"] in ("modbus", "indicator"):
                path = "%s/%s.bin" % (opt["counts"], ch["id"])
                source = Instrument(clock, player, ch, path, start_ms)
                self._uarts[ch["uart"]] = source.uart
                self.sources.append(source)
            elif ch["kind"] == "temperature":
                self._pins[ch["pin"]] = Thermometer(player, ch["id"])
            elif ch["kind"] == "fill":
                args = player, clock, ch["id"], ch.get("temperature"), int(opt["seed"])
                self._pins[ch["echo"]] = Echo(*args)
                self._pins[ch["trig"]] = _trigger
            else:
                raise ValueError("counts.py plays no " + ch["kind"])
        self.names = [ch["id"] for ch in self.cfg["channels"]]
        self.out = open(opt["out"], "w")
        self.seq = 0
        self.boot = 0
        self.frames = 0
        self.polls = 0

    def _damage(self, ch, seed, faults):
        from physics import LoadCell, seed_of

        return LoadCell(0, 1.0, 1, "ideal", seed_of(seed, ch["id"]), faults=faults)._damaged

    def pin_out(self, n):
        return self._pins[n]

    def pin_in(self, n, pull_up=False):
        return self._pins.get(n)

    def thermometer(self, n):
        return self._pins[n]

    def I2C(self, n, **how):
        return self._buses[n]

    def UART(self, n, **how):
        return self._uarts[n]

    def take(self, body):
        t = self.clock.ms() // 1000
        line = record.to_json("00000001", self.seq, self.boot, True, t, body, self.names)
        self.seq += 1
        self.out.write(line)
        self.out.write("\n")

    def failed(self, name, error):
        raise error

    def run(self):
        clock = self.clock
        while clock.ms() < self.until:
            if self.player.value("power") == 0:
                clock.move_us(100000)
                continue
            self._on()
        self.out.close()

    def _on(self):
        """One start of the firmware until the supply goes, or the trace ends."""
        clock = self.clock
        clock.restart()
        for source in self.sources:
            source.begin()
        self.boot += 1
        channels = build.channels(self, self.cfg)
        sampler = Sampler(self, channels, self.cfg["report"]["every_s"], self.take, self.failed)
        value = self.player.value
        until = self.until
        while clock.ms() < until and value("power") != 0:
            clock.move_us(1000 * sampler.poll())
            self.polls += 1
        if value("power") != 0:
            sampler.read_now()
        for ch in channels:
            self.frames += getattr(ch, "frames", 0)


def main(argv):
    opt = {"faults": "0", "seed": "1"}
    for i in range(0, len(argv), 2):
        opt[argv[i][2:]] = argv[i + 1]
    hx711.HX711 = Driver
    bench = Bench(opt)
    t0 = time.ticks_ms()
    bench.run()
    ms = time.ticks_diff(time.ticks_ms(), t0)
    print(
        json.dumps({"readings": bench.seq, "frames": bench.frames, "polls": bench.polls, "ms": ms})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

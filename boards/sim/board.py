"""The board interface on MicroPython's unix port: modelled chips on modelled pins.

The same interface as boards/esp32/board.py. What is wired to which pin follows
from the configuration; what happens to it follows from the trace (player).
"""

import gc
import os

import vfs
from chip import Hx711Chip
from micropython import const
from ntp_server import NtpServer
from wired import EchoPin, Platform, RtcMemory, Thermometer, Trigger
from wlan import Wlan

_MOUNT = "/flash"
_WATCHDOG_US = const(60000000)
_TICK_US = const(10000)  # FreeRTOS, 100 Hz
_BLOCK = const(8192)  # bytes in one piece


class Stop(BaseException):
    """The firmware's run ends here, wherever it is: as when the chip resets. how: the
    cause of the next start, or "off" or "end"; ms: how long it sleeps before that."""

    def __init__(self, how, ms=0):
        super().__init__(how)
        self.how = how
        self.ms = ms


class Board:
    """One simulated board; lives through restarts of the firmware on it."""

    name = "sim"
    data_dir = _MOUNT
    patience_ms = 1000  # real time an expected answer may take before virtual time goes on

    def __init__(self, cfg, player, clock, flash, firmware_dir, mode, seed, faults=0.0, ntp=None):
        self.hal = self.clock = clock
        self.player = player
        self.mode = mode
        if mode == "ideal":
            import ideal as models
        else:
            import physics as models
        self.models = models
        self.seed = seed
        self.faults = faults
        self.firmware_dir = firmware_dir
        self.flash = flash
        self.print = print
        self.ntp = ntp or NtpServer(clock)
        self._names = None  # a NameServer, once one is asked for
        self.patient = False  # give every wait real time first
        self.kept = RtcMemory()
        self.on_wait = None  # called whenever the firmware waits
        self._fed = None  # when the watchdog was fed last; None: it is not running
        self._hungry_us = _WATCHDOG_US
        self._mounted = False
        self._rtc = None  # microseconds that the RTC is ahead of the true time
        self._cause = "power_on"
        self._pins = {}
        self.machine = self  # of which UART and I2C are asked for
        self._uarts = None
        self._buses = None  # I2C, by number
        self._held = False
        self.room = 0  # bytes free that memory() tells; 0: those of this heap
        self.temperature = None  # the channel that tells it
        clock.keep(self._later)
        clock.follow(player.advance)
        player.advance(clock.ms())
        self._wire(cfg, mode)

    def seed_of(self, name):
        """A seed of its own for each channel; ideal sensors need none."""
        return self.models.seed_of(self.seed, name) if self.mode == "field" else 0

    def _wire(self, cfg, mode):
        if "uplinks" in cfg:
            import uplink_parts  # few boards have any, and memory is short

            uplink_parts.wire(self, cfg)
        for ch in cfg["channels"]:
            if ch["kind"] == "temperature" and self.temperature is None:
                self.temperature = ch["id"]
        for ch in cfg["channels"]:
            name = ch["id"]
            kind = ch["kind"]
            if kind == "weight":
                cal = ch["calibration"]
                shape = cal["zero"], cal["counts_per_kg"], ch["max_kg"], mode, self.seed_of(name)
                more = {"faults": self.faults} if self.faults else {}
                cell = self.models.LoadCell(*shape, **more)
                self._converter(ch, Platform(self, name, cell).convert)
            elif kind == "fill":
                self._pins[ch["trig"]] = Trigger()
                self._pins[ch["echo"]] = EchoPin(self, name)
            elif kind == "temperature":
                self._pins[ch["pin"]] = Thermometer(self, name)
            elif "uart" in ch:
                if self._uarts is None:
                    from serial_scales import Uarts  # most runs have none, and memory is short

                    self._uarts = Uarts(self)
                self._uarts.wire(ch)
                if "de" in ch:
                    self._pins[ch["de"]] = Trigger()
            elif "converter" in ch:
                import converters  # most runs have none, and memory is short

                self._buses = self._buses or {}
                converters.wire_loop(self, ch, self._pins, self._buses)
            else:
                self._pins[ch["pin"]] = lambda name=name: int(self.player.value(name) or 0)
        if "uplinks" in cfg:
            self._uarts = uplink_parts.wire_modem(self, cfg, self._pins, self._uarts)

    def _converter(self, ch, convert):
        """Wire what a platform hangs on."""
        if "converter" in ch:
            import converters  # most runs have none, and memory is short

            if self._buses is None:
                self._buses = {}
            converters.wire(self, ch, convert, self._pins, self._buses)
        else:
            chip = Hx711Chip(self.clock, convert)
            self._pins[ch["sck"]] = chip.sck
            self._pins[ch["dout"]] = chip.dout

    def centi_c(self):
        """True air temperature in 0.01 degC."""
        c = self.player.value(self.temperature)
        return 2000 if c is None else int(c * 100)

    def _later(self, us):
        if self._fed is not None:
            self._fed -= us

    # The board interface.

    def power_up(self, cause):
        """Mount the flash (formatting a new one) as at the start of the board."""
        self._cause = cause
        self._fed = None
        self.clock.restart()
        if self.flash.fresh:
            vfs.VfsLfs2.mkfs(self.flash)
            self.flash.fresh = False
        vfs.mount(vfs.VfsLfs2(self.flash), _MOUNT)
        self._mounted = True

    def unmount(self):
        """The firmware has stopped, in whatever way."""
        if self._mounted:
            vfs.umount(_MOUNT)
            self._mounted = False

    def power_down(self):
        """The supply goes: what the RTC knew is gone, the flash keeps what it has."""
        self._rtc = None
        self.kept.raw = b""
        self.unmount()

    def pin_out(self, n):
        return self._pins[n]

    def pin_in(self, n, pull_up=False):
        return self._pins[n]

    def thermometer(self, n):
        return self._pins[n]

    def check_not_held(self):
        """Hardly 1 KB is left then; a driver of the ESP32 port asks for 2."""
        if self._held:
            raise OSError(1, "ESP_FAIL")

    def UART(self, n, **how):
        self.check_not_held()
        return self._uarts.of(n, how)

    def I2C(self, n, scl, sda, freq, timeout):
        self.check_not_held()
        bus = self._buses[n]
        bus.set_up(freq, timeout)
        return bus

    def wlan(self):
        return Wlan(self.player)

    def hold(self, leave):
        """No memory, as the heap of the unix port has a size of its own; but no UART and no I2C
        bus is made."""
        self._held = True

    def let_go(self):
        self._held = False

    def memory(self):
        """Bytes free of the heap, which the simulator shares. Wi-Fi and TLS need none of it. With
        `room`: that much, told as by a board where they do."""
        if self.room:
            return {"heap": self.room // 2, "idf": self.room // 2, "block": _BLOCK}
        return {"heap": gc.mem_free()}

    def name_servers(self):
        if self._names is None:
            from name_server import NameServer  # most runs need none, and memory is short

            self._names = NameServer()
        return (("127.0.0.1", self._names.port),)

    def random(self, n):
        return os.urandom(n)

    def rtc_get(self):
        return 0 if self._rtc is None else (self.clock.unix_us() + self._rtc) // 1000000

    def rtc_set(self, unix):
        self._rtc = unix * 1000000 - self.clock.unix_us()

    def reset_cause(self):
        return self._cause

    def feed(self):
        self._fed = self.clock.us
        self._hungry_us = _WATCHDOG_US

    def watch(self, ms):
        """Start the watchdog, as the module machine would."""
        self._fed = self.clock.us
        self._hungry_us = 1000 * ms

    def at_prompt(self):
        self._fed = None

    def reset(self):
        raise Stop("hard_reset")  # as the port calls machine.reset()

    def deep_sleep(self, ms):
        raise Stop("deep_sleep", ms)

    def look(self):
        """What happens to a board that waits: the trace's accidents, and the watchdog."""
        if self.on_wait:
            self.on_wait()
        if self._fed is not None and self.clock.us - self._fed > self._hungry_us:
            raise Stop("watchdog")

    def serve(self):
        """Name and time server answer what has come in, as the trace has it; True if one did."""
        if self._names and self._names.serve(self.player.value("dns") != 0):
            return True
        return self.player.value("ntp") != 0 and self.ntp.serve()

    def wait(self, poller, ms, expecting):
        """Up to ms of virtual time, less if the poller's socket has something.

        The peers live in real time: an answer that is expected gets real time first."""
        self.look()
        if self.serve():
            return
        if poller and poller.poll(self.patience_ms if ms and (expecting or self.patient) else 0):
            return
        if ms > 0:
            us = 1000 * ms
            if poller:  # the port waits for a socket in whole ticks
                us += -(self.clock.us + us) % _TICK_US
            self.clock.move_us(us)

"""The board interface on an ESP32, -S3, -C3 or -C6 with a stock MicroPython image (v1.26 or later).

Thin on purpose: each method is one call of `machine`, `network` or `esp32` as the
port documents it, so that everything above it runs unchanged on boards/sim.
"""

import _thread
import gc
import os
import sys
import time

import esp32
import machine
import network
from machine import Pin
from micropython import const

_CAUSES = {
    machine.PWRON_RESET: "power_on",
    machine.HARD_RESET: "hard_reset",
    machine.WDT_RESET: "watchdog",
    machine.DEEPSLEEP_RESET: "deep_sleep",
    machine.SOFT_RESET: "soft_reset",
}
# A stock image starts at 160 MHz: four platforms would cost half as much again.
_HZ = const(240000000)
_RISC_V_HZ = const(160000000)  # a C3 or C6 can do no more
_WATCHDOG_MS = const(60000)
_PROMPT_MS = const(600000)
_LEAST_HELD = const(8192)  # less is not worth a thread
_MOST_HELD = const(1 << 18)  # with PSRAM there is more, and memory enough
_FREED_MS = const(50)  # the port's idle task frees the stack of a thread that has ended
# The ESP32 port counts from 2000-01-01 unless it was built otherwise.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0


class _Hal:
    """Ticks, interrupts and pulses for the drivers. Functions of the port, used by the class:
    no instance binds them."""

    ticks_us = time.ticks_us
    ticks_ms = time.ticks_ms
    ticks_diff = time.ticks_diff
    ticks_add = time.ticks_add
    sleep_us = time.sleep_us
    sleep_ms = time.sleep_ms
    disable_irq = machine.disable_irq
    enable_irq = machine.enable_irq
    time_pulse_us = machine.time_pulse_us


class _Ds18b20:
    """The first DS18B20 on a wire."""

    def __init__(self, n):
        import ds18x20
        import onewire

        self._bus = ds18x20.DS18X20(onewire.OneWire(Pin(n)))
        self._rom = None

    def start(self):
        try:
            if self._rom is None:
                found = self._bus.scan()
                self._rom = found[0] if found else None
            if self._rom:
                self._bus.convert_temp()
        except Exception:  # onewire raises OneWireError, which is a bare Exception
            self._rom = None

    def read(self):
        """0.01 degC, or None when nothing answers."""
        if self._rom is None:
            return None
        try:
            return int(self._bus.read_temp(self._rom) * 100)
        except Exception:  # a bad CRC is a bare Exception too
            self._rom = None
            return None


class _Kept:
    """RTC memory: 2 KB that survive every reset and deep sleep, not a loss of power."""

    def load(self):
        return machine.RTC().memory()

    def store(self, raw):
        machine.RTC().memory(raw)


class Board:
    """The one board this runs on."""

    name = "esp32"
    data_dir = ""  # littlefs is mounted at the root
    # The folder that loader.py has put first; without one, everything is at the root.
    firmware_dir = sys.path[0] if sys.path[0] in ("/a", "/b") else ""

    def __init__(self):
        self.hal = _Hal
        self.kept = _Kept()
        self.print = print
        # For UART, I2C and SPI; for lines other than Wi-Fi. Not of the class: making one asks each
        # thing in it for __set_name__, and the port's machine, which answers through a function,
        # raises instead.
        self.machine = machine
        self.network = network
        self._wdt = None
        self._held = None
        try:
            machine.freq(_HZ)
        except ValueError:
            machine.freq(_RISC_V_HZ)

    def pin_out(self, n):
        return Pin(n, Pin.OUT, value=0)

    def pin_in(self, n, pull_up=False):
        return Pin(n, Pin.IN, Pin.PULL_UP) if pull_up else Pin(n, Pin.IN)

    def thermometer(self, n):
        return _Ds18b20(n)

    def wlan(self):
        wlan = network.WLAN(network.STA_IF)
        wlan.active(True)
        try:
            wlan.config(pm=wlan.PM_NONE)  # power saving disturbs GPIO 36 and 39, and delays answers
        except (AttributeError, OSError, ValueError):
            pass  # an image without it
        return wlan

    def hold(self, leave):
        """Keep the port's largest free piece of memory, but for `leave` bytes, from the heap.

        The heap grows by as much as it has, and gives nothing back: what it takes while modules
        load is missing when Wi-Fi and TLS need it. A thread that waits holds it as its stack;
        with nothing to hold, or no room for a thread, all stays as it was."""
        self.let_go()
        size = max([piece[2] for piece in esp32.idf_heap_info(esp32.HEAP_DATA)]) - leave
        if not _LEAST_HELD <= size <= _MOST_HELD:
            return
        lock = _thread.allocate_lock()
        lock.acquire()
        _thread.stack_size(size)
        try:
            _thread.start_new_thread(lock.acquire, ())
            self._held = lock
        except OSError:
            self._held = None  # no piece is left that large
        finally:
            _thread.stack_size(0)

    def let_go(self):
        """Give back what hold() took."""
        if self._held is not None:
            self._held.release()
            self._held = None
            time.sleep_ms(_FREED_MS)

    def memory(self):
        """Bytes free: `heap` of Python, `idf` of what Wi-Fi and TLS share, `block` the largest
        piece of that. The port counts that piece, by which the heap may grow, as the heap's."""
        pieces = esp32.idf_heap_info(esp32.HEAP_DATA)
        block = max([piece[2] for piece in pieces])
        heap = max(0, gc.mem_free() - block)
        return {"heap": heap, "idf": sum([piece[1] for piece in pieces]), "block": block}

    def name_servers(self):
        """(address, port) of whom to ask for names: the port tells the first name server only,
        and a gateway mostly answers too."""
        _, _, gateway, first = network.WLAN(network.STA_IF).ifconfig()
        known = {ip: 53 for ip in (first, gateway) if ip != "0.0.0.0"}
        return list(known.items())

    def random(self, n):
        return os.urandom(n)

    def rtc_get(self):
        """Unix seconds of the RTC; a small number while it was never set.

        The RTC keeps running over every reset but a loss of power."""
        return time.time() + _EPOCH

    def rtc_set(self, unix):
        t = time.gmtime(unix - _EPOCH)
        machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))

    def reset_cause(self):
        return _CAUSES.get(machine.reset_cause(), "unknown")

    def feed(self):
        """The watchdog starts with the first feed: from then on the loop must turn."""
        if self._wdt is None:
            self._wdt = machine.WDT(timeout=_WATCHDOG_MS)
        self._wdt.feed()

    def at_prompt(self):
        """Somebody works at the prompt. A watchdog cannot be stopped, only made anew with
        a longer time; so the board goes back to work by itself when he is gone."""
        self._wdt = machine.WDT(timeout=_PROMPT_MS)
        self._wdt.feed()

    def reset(self):
        machine.reset()

    def deep_sleep(self, ms):
        """Everything but the RTC goes off; the start after it has the cause deep_sleep."""
        network.WLAN(network.STA_IF).active(False)
        machine.deepsleep(ms)

    def wait(self, poller, ms, expecting):
        """Up to ms, less if the poller's socket has something."""
        if poller is None:
            time.sleep_ms(ms)
        else:
            for _ in poller.ipoll(ms):
                return

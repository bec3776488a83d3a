# Sourced by the scripts: `environment PACKAGE==VERSION ...` makes $work, gone at the end, and $python in it.
set -eu
environment() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check "$@" 2>"$work/pip.log" || { cat "$work/pip.log" >&2; exit 2; }
    python=$work/venv/bin/python
}
# `npm_package NAME@VERSION`, after `environment`, puts a package of npm into $work.
npm_package() {
    (cd "$work" && npm install --silent --no-audit --no-fund "$1" >npm.log 2>&1) || { cat "$work/npm.log" >&2; exit 2; }
}
# A block device in memory for MicroPython: 64 blocks of 4096 bytes.
ram_device() {
    cat >"$work/ram.py" <<'END'
class Ram:
    def __init__(self, data=None):
        self.data = bytearray(data or b"\xff" * 4096 * 64)

    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.data[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=None):
        start = block * 4096 + (offset or 0)
        if offset is None:
            self.data[start : start + len(buf)] = b"\xff" * len(buf)
        self.data[start : start + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return 64
        if op == 5:
            return 4096
        if op == 6:
            self.data[arg * 4096 : arg * 4096 + 4096] = b"\xff" * 4096
            return 0
END
}
# MQTT 3.1.1 by the byte, for Python: mqtt.py in $work. Every call waits for its answer, at most 10 s.
mqtt_client() {
    cat >"$work/mqtt.py" <<'EOF'
import socket
import struct
import time


def text(value):
    return struct.pack(">H", len(value.encode())) + value.encode()


class Client:
    def __init__(self, port, name, clean=True, will=None):
        for _ in range(200):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
                break
            except OSError:
                time.sleep(0.1)
        self.inbox, self.rest, self.closed = [], b"", False
        flags = 2 * clean + (0x2C if will else 0)
        last = text(will[0]) + text(will[1]) if will else b""
        self.send(0x10, text("MQTT") + bytes([4, flags, 0, 60]) + text(name) + last)
        self.present = bool(self.until(2)[1][0] & 1)

    def send(self, head, body):
        assert len(body) < 128
        self.socket.sendall(bytes([head, len(body)]) + body)

    def publish(self, topic, payload, retain=False):
        self.send(0x32 | retain, text(topic) + b"\0\1" + payload.encode())
        self.until(4)

    def subscribe(self, pattern, qos=1):
        self.send(0x82, b"\0\2" + text(pattern) + bytes([qos]))
        self.until(9)

    def ping(self):
        self.send(0xC0, b"")
        return self.until(13) is not None

    def until(self, kind):
        """The next packet of a kind, None if the broker closed; messages on the way go to the inbox."""
        while not self.closed:
            while len(self.rest) >= 2 and len(self.rest) >= 2 + self.rest[1]:
                head, body = self.rest[0], self.rest[2 : 2 + self.rest[1]]
                self.rest = self.rest[2 + self.rest[1] :]
                if head >> 4 == 3:
                    end = 2 + struct.unpack(">H", body[:2])[0]
                    qos = head >> 1 & 3
                    self.inbox.append((body[2:end].decode(), body[end + 2 * (qos > 0) :].decode(), qos))
                    if qos:
                        self.send(0x40, body[end : end + 2])
                if head >> 4 == kind:
                    return head, body
            try:
                data = self.socket.recv(4096)
            except ConnectionResetError:
                data = b""
            self.closed = not data
            self.rest += data
        return None

    def message(self):
        """The next message: topic, payload, QoS."""
        if not self.inbox:
            self.until(3)
        return self.inbox.pop(0) if self.inbox else None

    def drop(self):
        self.socket.close()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
EOF
}
# amqtt's broker with its least configuration, for Python: amqtt_broker.py in $work; argument: port.
amqtt_broker() {
    cat >"$work/amqtt_broker.py" <<'EOF'
import asyncio
import logging
import sys

from amqtt.broker import Broker


async def main():
    logging.disable()
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listener = {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}
    await Broker({"listeners": {"default": listener}, "plugins": anonymous}).start()
    await asyncio.Event().wait()


asyncio.run(main())
EOF
}
# An HX711, and the Python modules for pins through which libraries of the Raspberry Pi clock it, in $work:
# chip.counts is what it measures, in turn; chip.frames has the pulses of each frame that it has given.
hx711_chip() {
    mkdir "$work/RPi"
    cat >"$work/chip.py" <<'END'
"""An HX711: each pulse shifts a bit out, 25 and more end a frame; the next one is ready at the second look."""
counts = [0]
frames = []
pulses = looks = bits = high = 0


def clock(level):
    global pulses, looks, bits, high
    if level and not high:
        if pulses == 0:
            bits = counts[0] & 0xFFFFFF
            counts.append(counts.pop(0))
        pulses += 1
        looks = 0
    high = level


def data():
    global pulses, looks
    if 1 <= pulses <= 24:
        return bits >> 24 - pulses & 1
    if pulses:
        looks += 1
        if looks == 1:
            return 1
        frames.append(pulses)
        pulses = 0
    return 0
END
    cat >"$work/RPi/GPIO.py" <<'END'
import chip

BCM, IN, OUT, HIGH, LOW = 11, 1, 0, 1, 0


def output(pin, level):
    chip.clock(int(level))


def input(pin):
    return chip.data()


def setup(*args, **kwargs):
    pass


setmode = setwarnings = cleanup = setup
END
    cat >"$work/gpiozero.py" <<'END'
import chip


class OutputDevice:
    def __init__(self, pin):
        pass

    def on(self):
        chip.clock(1)

    def off(self):
        chip.clock(0)


class DigitalInputDevice:
    def __init__(self, pin, pull_up=None):
        pass

    is_active = property(lambda self: chip.data())
END
}

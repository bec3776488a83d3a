"""Under MicroPython: one session of net.mqtt on umqtt.simple as a version has it.

micropython run_umqtt.py PORT VERSION

1.3.4 is the one of the package index, as it is. 1.6 and 1.8 are played on it, as far as
what a session of net.mqtt sees of them: what images bring is in no registry. Prints what
was heard, a line each."""

import sys
import time

import buffers  # noqa: F401

# isort: split
import socket
import struct

import umqtt.simple
from net.mqtt import Mqtt
from run_board import Board, Hal
from update.chunks import Chunks

Real = umqtt.simple.MQTTClient


class Since16(Real):
    """A connect with a time limit, given to the socket before it is connected; wait_msg gives
    what came also of a publish."""

    def connect(self, clean_session=True, timeout=None):
        umqtt.simple.socket.socket().settimeout(timeout)
        return super().connect(clean_session)

    def wait_msg(self):
        self._heard = None
        op = super().wait_msg()
        return op if self._heard is None else self._heard

    def set_callback(self, f):
        def heard(topic, msg):
            self._heard = 0x32
            f(topic, msg)

        super().set_callback(heard)


class Since18(Since16):
    """A socket that is there is closed first. Topics of any length; a packet is written in
    pieces from one buffer, which changes in between. The id is compared as a number."""

    def connect(self, clean_session=True, timeout=None):
        if self.sock:
            self.sock.close()
        return super().connect(clean_session, timeout)

    def subscribe(self, topic, qos=0):
        self.pid += 1
        pid = self.pid
        size = 5 + len(topic)
        head = bytearray(4)
        head[0] = 0x82
        n = 2
        if size > 127:
            head[1] = size & 127 | 128
            head[2] = size >> 7
            n = 3
        else:
            head[1] = size
        self.sock.write(head, n)
        struct.pack_into("!H", head, 0, pid)
        self.sock.write(head, 2)
        self._send_str(topic)
        self.sock.write(bytes((qos,)))
        while self.wait_msg() != 0x90:
            pass
        answer = self.sock.read(4)
        assert answer[1] << 8 | answer[2] == pid
        if answer[3] == 0x80:
            raise umqtt.simple.MQTTException(answer[3])


def heard(topic, payload):
    print("heard", len(topic), payload.decode() if len(payload) < 100 else len(payload))


def poll(mqtt, ms):
    end = time.ticks_add(time.ticks_ms(), ms)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        mqtt.poll()
        time.sleep_ms(5)


port, version = int(sys.argv[1]), sys.argv[2]
umqtt.simple.MQTTClient = {"1.3.4": Real, "1.6": Since16, "1.8": Since18}[version]
cfg = {"host": "127.0.0.1", "port": port, "user": "", "password": "none", "keepalive": 2}
mqtt = Mqtt(Board(), cfg, "qy-hw09", lambda: 1000, heard)
base = "qingyun/1/hw-09/qy-hw09/"
addr = socket.getaddrinfo("127.0.0.1", port)[0][-1]
for start in range(2):  # the second session begins where the first left off
    mqtt.connect(addr, base + "status")
    print("user and password", mqtt.stream._out[9] & 0xC0)  # flags of the CONNECT
    # The longest topic that the configuration allows, and one that 1.8 alone could ask for.
    topics = [base + "x" * (122 - len(base))]
    if version == "1.8":
        topics.append(base + "x" * (300 - len(base)))
    for topic in topics:
        mqtt.subscribe(topic)
        mqtt.publish(topic, "while it waits for the answer of this")
        mqtt.publish(topic, "x" * 1500)
        mqtt.publish(topic, "without an answer", qos=0)
        poll(mqtt, 100)
    # What is asked for and left again, as chunks of an update are.
    chunks = Chunks(Hal)
    chunks.want = base + "chunk"
    chunks.ask(mqtt)
    chunks.want = None
    chunks.ask(mqtt)
    mqtt.publish(base + "chunk", "nobody asked")
    mqtt._client.pid = 65533  # ids wrap
    for i in range(5):
        mqtt.publish(topics[0], "id %d" % i)
    pings = []
    ping = mqtt._client.ping
    mqtt._client.ping = lambda: pings.append(ping())
    poll(mqtt, 800)  # over a quarter of the keepalive: a ping and its answer
    print("pinged", bool(pings), mqtt.expecting(), mqtt.is_connected())
    if start:
        mqtt.leave()
    else:
        mqtt.close()
try:
    mqtt.connect(socket.getaddrinfo("127.0.0.1", 9)[0][-1], base + "status")
except OSError as e:
    print("refused", e.errno, mqtt.is_connected())

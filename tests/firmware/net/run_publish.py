"""Under MicroPython: N readings at QoS 1 through net.mqtt, one a message, in one session.

micropython run_publish.py PORT N FIRST [CERTIFICATES CLIENT NAME]

FIRST: packet ids are used from here on."""

import sys
import time

import buffers  # noqa: F401

# isort: split
import socket

from net.mqtt import Mqtt
from run_board import Board

READING = (
    '{"life":"9c4e01ab","seq":%d,"boot":17,"t":1790000000,"w1":83.42,"w2":61.005,"w3":12.7,'
    '"w4":9.305,"f1":0.41,"f2":0.37,"f3":0.2,"f4":0.11,"c1":21.56,"q":{"w1":"moving"}}'
)


port, n, first = map(int, sys.argv[1:4])
cfg = {"host": "127.0.0.1", "port": port, "user": None, "password": None, "keepalive": 60}
if len(sys.argv) > 4:
    folder, client, name = sys.argv[4:7]
    cfg["tls"] = {"ca": "ca.der", "cert": client + ".der", "key": client + ".key.der", "name": name}
    Board.data_dir = folder
mqtt = Mqtt(Board(), cfg, "qy-hw09", lambda: 1000, None)
base = "qingyun/1/hw-09/qy-hw09/"
t0 = time.ticks_ms()
mqtt.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1], base + "status")
mqtt._client.pid = first
t1 = time.ticks_ms()
for seq in range(n):
    mqtt.publish(base + "reading", READING % seq)
t2 = time.ticks_ms()
mqtt.leave()
ms = time.ticks_diff(t2, t1)
print("%d %d %d %d" % (n, ms, time.ticks_diff(t1, t0), len(READING % n)))

#!/bin/sh
# What a client that subscribes to nothing is sent by the broker amqtt.
#
# Guess: nothing.
# Seen (amqtt 0.12.1): right after CONNACK the client gets, at QoS 0, the retained messages of every topic that anybody
# else is subscribed to at that moment; before the first subscription of anybody it gets none. A board that only
# publishes so receives the status of the whole fleet at each reconnection, and a callback that takes every message for
# a command to itself gets other boards' topics.
. "$(dirname "$0")/_python.sh"
environment amqtt==0.12.1
mqtt_client
amqtt_broker
cat >"$work/try.py" <<'END'
import subprocess
import sys
from mqtt import Client, free_port

port = free_port()
broker = subprocess.Popen([sys.executable, "amqtt_broker.py", str(port)])
try:
    boards = Client(port, "boards")
    for name in ("a", "b"):
        boards.publish(f"site/{name}/status", f"state of {name}", retain=True)
    got = []
    before = Client(port, "before")
    office = Client(port, "office")
    office.subscribe("site/b/#")
    after = Client(port, "after")
    for client in (before, after):
        for _ in range(3):
            client.publish("elsewhere", "x")
            client.ping()
        got.append(client.inbox)
    print("connected before anybody subscribed:", got[0])
    print("connected after the office subscribed:", got[1])
    assert got == [[], [("site/b/status", "state of b", 0)]]
finally:
    broker.kill()
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: a client without a subscription is sent the retained messages that another one subscribed to"

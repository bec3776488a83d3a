#!/bin/sh
# What paho-mqtt says of a message that waits for a connection.
#
# Guess: publish() with QoS 1 on a client that has no connection yet queues the message; is_published() is False until the
# broker has acknowledged it, then True.
# Seen (paho-mqtt 2.1.0, mosquitto 2.0 of Debian 12): the message is queued, and sent and acknowledged once there is a connection;
# but is_published() of what publish() returned raises RuntimeError ("The client is not currently connected."), before and
# after the delivery, for ever: the code that publish() began with is never looked at again. Whoever polls it takes a
# delivered message for a lost one.
. "$(dirname "$0")/_python.sh"
command -v mosquitto >/dev/null || { echo "needs mosquitto" >&2; exit 2; }
environment paho-mqtt==2.1.0
cat >"$work/try.py" <<'END'
import socket
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt


def ask(info):
    try:
        return str(info.is_published())
    except RuntimeError as error:
        return f"RuntimeError {error}"


with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    port = one.getsockname()[1]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "sender")
acknowledged = threading.Event()
client.on_publish = lambda *_: acknowledged.set()
info = client.publish("a", b"1", qos=1)
print("before:", ask(info))
with subprocess.Popen(["mosquitto", "-p", str(port)], stderr=subprocess.DEVNULL) as broker:
    try:
        for _ in range(100):
            try:
                client.connect("127.0.0.1", port)
                break
            except OSError:
                time.sleep(0.1)
        client.loop_start()
        print("acknowledged:", acknowledged.wait(20))
        print("after:", ask(info))
        client.loop_stop()
    finally:
        broker.terminate()
END
said=$(cd "$work" && "$python" try.py)
echo "$said"
case $said in
"before: RuntimeError"*"acknowledged: True"*"after: RuntimeError"*) echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac

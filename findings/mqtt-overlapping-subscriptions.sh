#!/bin/sh
# One client with two subscriptions that both match a topic, one at QoS 0 and one at QoS 1.
#
# Guess: the message comes once with the higher of the two, as MQTT 3.1.1 demands (or twice, once for each).
# Seen (mosquitto 2.0.11; aedes 1.2.0; amqtt 0.12.1): mosquitto sends one copy with the QoS of the pattern that is more
# exact, so "#" at QoS 1 beside the plain topic at QoS 0 gives QoS 0: a second, careless subscription for a live view
# takes the guarantee from the first. aedes sends one copy too, and both orders of "#" and the plain topic end at QoS 0;
# with "+" in place of the plain topic that of "#" counts. amqtt sends both. The order of subscribing does not matter.
. "$(dirname "$0")/_python.sh"
PATH=$PATH:/usr/sbin
mosquitto -h | grep -q "version 2\.0\.11" || { echo "needs mosquitto 2.0.11 of Debian 12" >&2; exit 2; }
environment amqtt==0.12.1
mqtt_client
amqtt_broker
npm_package aedes@1.2.0
cat >"$work/aedes.mjs" <<'END'
import net from "net";
import { Aedes } from "aedes";
const broker = await Aedes.createBroker();
net.createServer(broker.handle).listen(Number(process.argv[2]), "127.0.0.1");
END
cat >"$work/try.py" <<'END'
import subprocess
import sys
from mqtt import Client, free_port

EXPECTED = {
    "mosquitto": ([0], [1], [0], [1]),
    "aedes": ([0], [0], [1], [0]),
    "amqtt": ([0, 1], [0, 1], [0, 1], [0, 1]),
}
CASES = (("s/#", 1, "s/x", 0), ("s/#", 0, "s/x", 1), ("s/#", 1, "s/+", 0), ("s/#", 0, "s/+", 1))


def got(port, case, turned):
    pairs = [case[:2], case[2:]]
    client = Client(port, "reader")
    for pattern, qos in reversed(pairs) if turned else pairs:
        client.subscribe(pattern, qos)
    client.subscribe("end", 1)
    writer = Client(port, "writer")
    writer.publish("s/x", "1")
    writer.publish("end", "")
    seen = []
    while (message := client.message())[0] != "end":
        seen.append(message[2])
    writer.send(0xE0, b"")
    client.send(0xE0, b"")
    writer.until(0), client.until(0)
    return sorted(seen)


changed = False
for name, command in (
    ("mosquitto", ["mosquitto", "-p"]),
    ("aedes", ["node", "aedes.mjs"]),
    ("amqtt", [sys.executable, "amqtt_broker.py"]),
):
    port = free_port()
    broker = subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL)
    try:
        for case, expected in zip(CASES, EXPECTED[name]):
            seen = [got(port, case, turned) for turned in (False, True)]
            print(name, *case, "->", *seen)
            changed |= seen != [expected, expected]
    finally:
        broker.kill()
sys.exit(changed)
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: which QoS counts depends on the broker, and is the lower one even in mosquitto"

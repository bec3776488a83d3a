#!/bin/sh
# A board that connects again while its old connection still stands, at the broker amqtt.
#
# Guess: the new connection ends the old one with the same client id and the old one's will is published at once, before
# anything that the new one says; a kept session goes on.
# Seen (amqtt 0.12.1): with a clean session the old connection stays: its pings are answered and what it publishes is
# taken. Its will comes when its socket closes, so that the retained "offline" replaces the "online" of a board that
# is connected and stays so. With a kept session (clean session 0) the new connection is accepted, then the broker
# closes both, and the session is gone: the next connection finds none.
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
    watch = Client(port, "watch")
    watch.subscribe("status")
    will = ("status", "offline")
    old = Client(port, "board", will=will)
    old.publish("status", "online", retain=True)
    new = Client(port, "board", will=will)
    new.publish("status", "online again", retain=True)
    assert old.ping()
    old.publish("status", "from the old one", retain=True)
    new.publish("status", "still online", retain=True)
    old.drop()
    said = [watch.message()[1] for _ in range(5)]
    print(said)
    assert said == ["online", "online again", "from the old one", "still online", "offline"]
    assert new.ping()
    late = Client(port, "late")
    late.subscribe("status")
    last = late.message()[1]
    print("retained while the board is connected:", last)
    assert last == "offline"

    first = Client(port, "kept", clean=False)
    first.subscribe("commands")
    second = Client(port, "kept", clean=False)
    assert first.until(0) is None and second.until(0) is None  # closed by the broker
    third = Client(port, "kept", clean=False)
    print("kept session: present for the second", second.present, "then both closed; for the third", third.present)
    assert second.present and not third.present
finally:
    broker.kill()
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: the old connection stays and its will comes late; a kept session is lost with both connections"

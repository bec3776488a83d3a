"""Asks the broker for one retained message after the other; see installer.py."""

from micropython import const

_EXPECT_MS = const(5000)  # a chunk that was asked for is expected for so long


class Chunks:
    """want is the topic whose message shall come, or None; got is what came."""

    def __init__(self, hal):
        self._hal = hal
        self.want = None
        self.got = None
        self._asked = None  # the topic subscribed to
        self._at = None  # when; None when it has come

    def ask(self, mqtt):
        """Subscribe to what is wanted, leave what is not any more. True if that was said."""
        if self._asked == self.want:
            return False
        if self._asked:
            topic, self._asked = self._asked, None
            mqtt.call(_unsubscribe, topic.encode())
        else:
            self._asked = self.want
            self._at = self._hal.ticks_ms()
            mqtt.subscribe(self.want)
        return True

    def idle(self):
        """Nothing is wanted, nor subscribed to."""
        return self.want is None and self._asked is None

    def lost(self):
        """The session is another one: nothing is subscribed to."""
        self._asked = None

    def expecting(self):
        if not self._asked or self._at is None:
            return False
        return self._hal.ticks_diff(self._hal.ticks_ms(), self._at) < _EXPECT_MS

    def take(self, topic, payload):
        """Whether this message was asked for. An empty one: the host has cleared it."""
        if not self._asked or topic != self._asked.encode():
            return False
        self._at = None
        if payload and self.got is None:
            self.got = payload
        return True


def _unsubscribe(client, stream, topic):
    # umqtt.simple has no such call; of an answer it does not know it reads one byte.
    client.pid += 1
    size = len(topic)
    head = (0xA2, 4 + size, client.pid >> 8, client.pid & 0xFF, size >> 8, size & 0xFF)
    stream.write(bytes(head))
    stream.write(topic)
    while client.wait_msg() != 0xB0:
        pass
    stream.read(3)

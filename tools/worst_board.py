"""What the holder of one board's certificate may say at the worst: messages without end.

Each kind is valid MQTT on the board's own topics, of at most the 64 KB that the broker's
configuration lets pass."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

LARGEST = 65_000  # bytes of a payload; boards/mosquitto/mosquitto.conf takes no more
DAY_S = 86_400
FLOOD = 3000  # messages of 600 readings
Message = tuple[str, bytes]


class WorstBoard:
    """messages() go on for ever; said counts them by kind."""

    def __init__(self, site: str, device: str, now: int, seed: int) -> None:
        self._topic = f"qingyun/1/{site}/{device}/"
        self._now = now
        self._rng = random.Random(seed)  # noqa: S311
        self._seq = 0
        self.said: dict[str, int] = {}

    def messages(self) -> Iterator[Message]:
        """First as many readings as it may add in a day, then of each kind for a while, in turn."""
        kinds: tuple[Callable[[], Message], ...] = (
            *(self._flood, self._gaps, self._lives, self._births, self._days, self._undated),
            *(self._garbage, self._channels, self._nothing),
        )
        for turn in itertools.count():
            for kind in kinds[: None if turn else 1]:
                for _ in range(self._rng.randrange(20, 200) if turn else FLOOD):
                    name = kind.__name__.strip("_")
                    self.said[name] = self.said.get(name, 0) + 1
                    yield kind()

    def _reading(self, seq: int, **more: Any) -> dict[str, Any]:
        value = {"life": "9c4e01ab", "seq": seq, "boot": 0, "w1": self._rng.randrange(99_999) / 1e3}
        return value | more if "up" in more or "t" in more else value | {"t": self._now} | more

    def _many(self, values: list[dict[str, Any]]) -> Message:
        return self._topic + "reading", json.dumps(values, separators=(",", ":")).encode()

    def _flood(self) -> Message:
        """As many readings of one day as fit."""
        self._seq += 600
        return self._many([self._reading(self._seq + n) for n in range(600)])

    def _gaps(self) -> Message:
        """Every other seq."""
        self._seq += 1200
        return self._many([self._reading(self._seq + 2 * n, life="aaaaaaaa") for n in range(600)])

    def _lives(self) -> Message:
        return self._many([self._reading(0, life=f"{self._rng.getrandbits(32):08x}")])

    def _births(self) -> Message:
        """Each of another start, with every channel and other calibrations."""
        boot = self._rng.getrandbits(32)
        weighed = {
            f"w{n}": {
                "kind": "weight", "calibration": f"c{boot}", "calibrated": "2026-01-05",
                "zero": n, "counts_per_kg": 21_000.5, "since": 0,
            }
            for n in range(100)
        }  # fmt: skip
        body = {"life": "9c4e01ab", "boot": boot, "t": self._now, "up": 5, "channels": weighed}
        return self._topic + "birth", json.dumps(body | {"confirm": "host"}).encode()

    def _days(self) -> Message:
        """Scattered over ten years, each of another start."""
        self._seq += 100
        return self._many(
            [
                self._reading(
                    self._seq + n,
                    life="bbbbbbbb",
                    t=self._now - DAY_S * self._rng.randrange(3650),
                    boot=self._seq + n,
                )
                for n in range(100)
            ]
        )

    def _undated(self) -> Message:
        self._seq += 300
        many = [self._reading(self._seq + n, life="cccccccc", up=n) for n in range(300)]
        return self._many(many)

    def _garbage(self) -> Message:
        return self._topic + "reading", self._rng.randbytes(LARGEST)

    def _channels(self) -> Message:
        """Of as many channels as there are."""
        self._seq += 10
        values = {f"{kind}{n}": 0.5 for kind in "wfc" for n in range(100)}
        many = [self._reading(self._seq + n, life="dddddddd", **values) for n in range(10)]
        return self._many(many)

    def _nothing(self) -> Message:
        return self._topic + "reading", b""

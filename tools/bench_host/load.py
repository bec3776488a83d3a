"""A district's messages in the real format, and a publisher fast enough to send them."""

from __future__ import annotations

import json
import random
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SITES = 2800
BOARDS = 3750  # of four platforms each: 15,000
T0 = 1_790_000_000
_WINDOW = 1000  # publishes without an answer


@dataclass(frozen=True)
class Mixture:
    """Shares of what arrives: duplicates, malformed messages, readings days late."""

    duplicates: float = 0.01
    malformed: float = 0.01
    late: float = 0.02


def name(board: int) -> tuple[str, str]:
    """(site, device) of a board."""
    return f"p-{board % SITES:04}", f"qy-{board:04}"


def write_registry(folder: Path, count: int = BOARDS, platforms: int = 4) -> None:
    """The district's registry, as the host job reads it; count: of its boards, each of so
    many platforms."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "towns.csv").write_text(
        "code,town\n" + "".join(f"{i},街镇{i:02}\n" for i in range(20))
    )
    sites = [f"p-{i:04},点{i:04},街镇{i % 20:02},collection,\n" for i in range(min(SITES, count))]
    (folder / "sites.csv").write_text("site,name,town,kind,windows\n" + "".join(sites))
    boards = [f"{name(b)[1]},{name(b)[0]}\n" for b in range(count)]
    (folder / "devices.csv").write_text("device,site\n" + "".join(boards))
    head = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg\n"
    streams = ("干垃圾", "湿垃圾", "可回收物", "有害垃圾")
    rows = [
        f"b-{b:04}-{w},{name(b)[0]},{name(b)[1]},w{w},f{w},{streams[w - 1]},"
        "240,12.5,wheelie,150,0.05\n"
        for b in range(count)
        for w in range(1, platforms + 1)
    ]
    (folder / "bins.csv").write_text(head + "".join(rows))


class Board:
    """Makes the readings of one board, one every five minutes, in the order of seq."""

    def __init__(self, number: int, seed: int, start: int = T0) -> None:
        self.site, self.device = name(number)
        self._rng = random.Random(f"{seed} {number}")  # noqa: S311
        self._life = f"{self._rng.getrandbits(32):08x}"
        self._seq = 0
        self._t = start + self._rng.randrange(300)
        self._kg = [self._rng.uniform(15, 60) for _ in range(4)]

    def reading(self, late_s: int = 0) -> dict[str, object]:
        """The next one."""
        for i in range(4):
            if self._rng.random() < 0.05:  # somebody throws something in
                self._kg[i] = (self._kg[i] + self._rng.uniform(0.3, 6)) % 120 + 5
        noise = self._rng.randrange(-12, 13)
        values = {f"w{i + 1}": round(kg + noise / 1000, 3) for i, kg in enumerate(self._kg)}
        out = {"life": self._life, "seq": self._seq, "boot": 3, "t": self._t - late_s, **values}
        out |= {f"f{i + 1}": round(kg / 130, 3) for i, kg in enumerate(self._kg)} | {"c1": 17.25}
        self._seq += 1
        self._t += 300
        return out


def messages(
    count: int, of: int, seed: int, mixture: Mixture, start: int = T0, *, of_boards: int = BOARDS
) -> Iterator[tuple[str, bytes]]:
    """count messages of `of` readings each, of so many boards in turn."""
    rng = random.Random(seed)  # noqa: S311
    boards = [Board(i, seed, start) for i in range(of_boards)]
    last: tuple[str, bytes] | None = None
    for n in range(count):
        board = boards[n % of_boards]
        chance = rng.random()
        if last is not None and chance < mixture.duplicates:
            yield last
            continue
        late = rng.randrange(86_400, 5 * 86_400) if rng.random() < mixture.late else 0
        readings = [board.reading(late) for _ in range(of)]
        body = json.dumps(readings if of > 1 else readings[0], separators=(",", ":")).encode()
        if mixture.duplicates <= chance < mixture.duplicates + mixture.malformed:
            body = body[: len(body) // 2]
        last = (f"qingyun/1/{board.site}/{board.device}/reading", body)
        yield last


def _length(n: int) -> bytes:
    out = bytearray()
    while True:
        out.append(n & 127 | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def on_the_wire(topic: str, payload: bytes) -> int:
    """Bytes of a PUBLISH at QoS 1 and of its acknowledgement, without TCP and TLS."""
    body = 2 + len(topic.encode()) + 2 + len(payload)
    return 1 + len(_length(body)) + body + 4


def publish(host: str, port: int, what: Iterator[tuple[str, bytes]], client: str = "load") -> int:
    """Send messages at QoS 1 and wait until the broker has acknowledged every one; how many."""
    with socket.create_connection((host, port), timeout=60) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        id_ = client.encode()
        head = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(id_)) + id_
        s.sendall(b"\x10" + _length(len(head)) + head)
        if _exactly(s, 4) != b"\x20\x02\x00\x00":
            raise RuntimeError("the broker does not take the load")
        sent = acknowledged = 0
        buffer = bytearray()
        for topic, payload in what:
            sent += 1
            name_ = topic.encode()
            mid = sent % 65535 + 1
            body = struct.pack(">H", len(name_)) + name_ + struct.pack(">H", mid) + payload
            buffer += b"\x32" + _length(len(body)) + body
            if len(buffer) > 60_000:
                s.sendall(buffer)
                buffer.clear()
                while sent - acknowledged > _WINDOW:
                    acknowledged += _acks(s)
        s.sendall(buffer)
        while acknowledged < sent:
            acknowledged += _acks(s)
        s.sendall(b"\xe0\x00")
    return sent


def _acks(s: socket.socket) -> int:
    """How many PUBACKs the next bytes hold; they are 4 bytes each."""
    data = s.recv(65_536)
    if not data:
        raise RuntimeError("the broker hung up")
    if len(data) % 4:
        data += _exactly(s, 4 - len(data) % 4)
    return len(data) // 4


def _exactly(s: socket.socket, n: int) -> bytes:
    out = b""
    while len(out) < n:
        more = s.recv(n - len(out))
        if not more:
            raise RuntimeError("the broker hung up")
        out += more
    return out

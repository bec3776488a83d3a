"""A label printer that draws what it is sent: TSPL and ZPL, as far as the host uses them."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageOps

_TSPL = re.compile(
    rb"SIZE (\d+) mm,(\d+) mm\r\nGAP (\d+) mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n"
    rb"BITMAP 0,0,(\d+),(\d+),0,"
)
_FIELD = re.compile(r"\^FO0,(\d+)\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS\s*")
_PRINT, _END = re.compile(rb"\r\nPRINT 1,(\d+)\r\n"), re.compile(r"\^PQ(\d+)\^XZ\r\n")
_HEAD = re.compile(r"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\s*")


@dataclass(frozen=True)
class Printed:
    """A label as it came out. mm: of the paper, 0 where the language does not say."""

    image: Image.Image
    mm: int


def drawn(data: bytes) -> list[Printed]:
    """The labels of a job; ValueError where a printer would not understand it."""
    return _drawn_tspl(data) if data.startswith(b"SIZE") else _drawn_zpl(data.decode("ascii"))


def _drawn_tspl(data: bytes) -> list[Printed]:
    made = []
    while data:
        head = _TSPL.match(data)
        if not head:
            raise ValueError(f"no TSPL: {data[:60]!r}")
        row, height = int(head[4]), int(head[5])
        end = head.end() + row * height
        picture, data = data[head.end() : end], data[end:]
        copies = _PRINT.match(data)
        if len(picture) < row * height or not copies:
            raise ValueError("a BITMAP of another length than it says")
        data = data[copies.end() :]
        image = Image.frombytes("1", (row * 8, height), picture)
        made += [Printed(image, int(head[1]))] * int(copies[1])
    return made


def _drawn_zpl(text: str) -> list[Printed]:
    made = []
    while text:
        head = _HEAD.match(text)
        if not head:
            raise ValueError(f"no ZPL: {text[:60]!r}")
        image = Image.new("1", (int(head[1]), int(head[2])), 1)
        text = text[head.end() :]
        while part := _FIELD.match(text):
            y, n, again, row = (int(part[i]) for i in range(1, 5))
            data = bytes.fromhex(part[5])
            if not n == again == len(data) <= 99_999 or n % row:
                raise ValueError("a ^GF of another length than it says")
            strip = Image.frombytes("1", (row * 8, n // row), data)
            image.paste(ImageOps.invert(strip.convert("L")).convert("1"), (0, y))
            text = text[part.end() :]
        copies = _END.match(text)
        if not copies:
            raise ValueError(f"no end of a label: {text[:60]!r}")
        text = text[copies.end() :]
        made += [Printed(image, 0)] * int(copies[1])
    return made


@dataclass
class Receiver:
    """How a printer behaves. takes: bytes after which it does as `then` says: goes on, closes,
    or takes no more."""

    takes: int = 1 << 30
    then: str = "goes on"
    port: int = 0
    jobs: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def printer(takes: int = 1 << 30, then: str = "goes on") -> Iterator[Receiver]:
    """At a port of this machine, until the end."""
    made = Receiver(takes, then)
    done = threading.Event()
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # as small as a printer's
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.05)
        made.port = listening.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(made, listening, done))
        thread.start()
        try:
            yield made
        finally:
            done.set()
            thread.join()


def _serve(made: Receiver, listening: socket.socket, done: threading.Event) -> None:
    while not done.is_set():
        with contextlib.suppress(TimeoutError):
            link, _ = listening.accept()
            with link:
                _take(made, link, done)


def _take(made: Receiver, link: socket.socket, done: threading.Event) -> None:
    got = b""
    link.settimeout(5)
    while len(got) < made.takes and (piece := link.recv(4096)):
        got += piece
    made.jobs.append(got)
    if made.then == "takes no more" and len(got) >= made.takes:
        done.wait(30)

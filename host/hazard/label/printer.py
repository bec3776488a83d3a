"""Label printers over TCP (port 9100), in TSPL or ZPL. A label goes as one picture: Chinese needs
no font of the printer. Not tried on a real printer; the tests have a receiver that draws what
it got."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from dataclasses import dataclass

from PIL import Image, ImageOps

from ...common.errors import OutsideError

PORT = 9100
TSPL, ZPL = "tspl", "zpl"
LANGUAGES = (TSPL, ZPL)
GAP_MM = 3  # between labels on the roll
_MOST_GFA = 99_999  # bytes of one ^GF (ZPL II)
_PIECE = 8192


@dataclass(frozen=True)
class Printer:
    """host, port; language: of LANGUAGES. wait_s: for each step, at most."""

    host: str
    port: int
    language: str
    wait_s: float = 10.0

    def __str__(self) -> str:
        return f"printer {self.host}:{self.port}"


def job(image: Image.Image, mm: float, language: str, copies: int = 1) -> bytes:
    """What makes the printer print the picture so often. mm: each side of the label."""
    return tspl(image, mm, copies) if language == TSPL else zpl(image, copies)


def tspl(image: Image.Image, mm: float, copies: int) -> bytes:
    """In TSPL: a bit of 0 is black."""
    head = (
        f"SIZE {mm:g} mm,{mm:g} mm\r\nGAP {GAP_MM} mm,0 mm\r\nDIRECTION 1\r\n"
        f"REFERENCE 0,0\r\nCLS\r\nBITMAP 0,0,{image.width // 8},{image.height},0,"
    )
    return head.encode() + image.tobytes() + f"\r\nPRINT 1,{copies}\r\n".encode()


def zpl(image: Image.Image, copies: int) -> bytes:
    """In ZPL: a bit of 1 is black; a large picture goes as strips."""
    row = image.width // 8
    rows = _MOST_GFA // row
    parts = [f"^XA^PW{image.width}^LL{image.height}^LH0,0"]
    black = ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE)
    for y in range(0, image.height, rows):
        strip = black.crop((0, y, image.width, min(y + rows, image.height))).tobytes()
        n = len(strip)
        parts.append(f"^FO0,{y}^GFA,{n},{n},{row},{strip.hex().upper()}^FS")
    return ("\r\n".join([*parts, f"^PQ{copies}^XZ"]) + "\r\n").encode()


def send(to: Printer, data: bytes) -> None:
    """Send a job; OutsideError, one line, where the printer is not there, closes, or does not
    take all of it. What is printed then is known only at the printer."""
    try:
        with socket.create_connection((to.host, to.port), timeout=to.wait_s) as link:
            _send(to, link, data)
    except OutsideError:
        raise
    except TimeoutError:
        raise OutsideError(
            f"{to}: no answer within {to.wait_s:g} s; expected a printer that is on"
        ) from None
    except OSError as error:
        raise OutsideError(
            f"{to}: {error.strerror or error}; expected a printer that is on, with its port {PORT}"
        ) from None


def _send(to: Printer, link: socket.socket, data: bytes) -> None:
    sent = 0
    try:
        link.setblocking(False)
        while sent < len(data):
            _writable(link, to.wait_s)
            sent += link.send(data[sent : sent + _PIECE])
        left = _drained(link, to.wait_s)
    except TimeoutError:
        left = _waiting(link)
        raise _half(
            to, max(sent - left, 0), len(data), f"took no more for {to.wait_s:g} s"
        ) from None
    except OSError:
        raise _half(to, sent, len(data), "closed the connection") from None
    if left:
        raise _half(to, len(data) - left, len(data), f"took no more for {to.wait_s:g} s")
    _closed(to, link, len(data))


def _writable(link: socket.socket, wait_s: float) -> None:
    """Wait until the printer takes more. ConnectionError where it has closed: it would be written
    to in vain; TimeoutError."""
    until = time.monotonic() + wait_s
    while (left := until - time.monotonic()) > 0:
        can_read, can_write, _ = select.select([link], [link], [], left)
        if can_read:
            _heard(link)
        elif can_write:
            return
    raise TimeoutError


def _heard(link: socket.socket) -> None:
    """Read what the printer says, which is nothing here; ConnectionError where it has closed."""
    with contextlib.suppress(BlockingIOError):
        if not link.recv(_PIECE):
            raise ConnectionError


def _half(to: Printer, taken: int, whole: int, why: str) -> OutsideError:
    return OutsideError(
        f"{to}: {why} after at most {taken} of {whole} bytes; look whether a label came out: "
        "print it again, or qingyun label void it"
    )


def _waiting(link: socket.socket) -> int:
    """Bytes that the printer has not acknowledged yet (Linux; elsewhere 0)."""
    try:
        import fcntl  # noqa: PLC0415  not everywhere
        import termios  # noqa: PLC0415

        return int(struct.unpack("i", fcntl.ioctl(link, termios.TIOCOUTQ, b"\0" * 4))[0])
    except (ImportError, OSError):
        return 0


def _drained(link: socket.socket, wait_s: float) -> int:
    """Wait until the printer has taken everything, as long as it takes something; what is left."""
    left = _waiting(link)
    until = time.monotonic() + wait_s
    while left and time.monotonic() < until:
        time.sleep(0.02)
        _heard(link)
        now = _waiting(link)
        if now < left:
            until = time.monotonic() + wait_s
        left = now
    return left


def _closed(to: Printer, link: socket.socket, whole: int) -> None:
    """A printer that closes without having read everything resets the connection."""
    with contextlib.suppress(TimeoutError):
        try:
            link.shutdown(socket.SHUT_WR)
            link.settimeout(min(to.wait_s, 1.0))
            while link.recv(_PIECE):
                pass
        except ConnectionError:
            raise _half(to, whole, whole, "closed the connection") from None

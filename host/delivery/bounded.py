"""A conversation over a socket that ends in time, whatever the other side does.

The timeout of a socket bounds each wait, not all of them together: one byte a second could take
for ever. At the end of the time the socket is shut down, which ends any wait on it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bounded(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut the socket when the seconds are over; TimeoutError then. connection() returns the
    socket, None before there is one."""
    over = threading.Event()

    def shut() -> None:
        over.set()
        sock = connection()
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if over.is_set():
            raise TimeoutError(f"not done within {seconds:g} s") from error
        raise
    finally:
        timer.cancel()

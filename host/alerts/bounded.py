"""A conversation over a socket that ends in time, whatever the other side does.

A timeout of a socket bounds each wait, not all of them: one byte a second would go on
for ever. So at the end of the time the socket is shut, which ends any wait on it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bounded(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shuts the socket when the time is over; TimeoutError then. connection: it, once there."""
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

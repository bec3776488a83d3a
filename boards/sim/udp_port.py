"""A UDP port on loopback."""

import os
import socket


def bound(port=None):
    """(socket, port); a port that is free where none is given."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if port:
        _bind(sock, port)
        return sock, port
    # MicroPython cannot say which port it was given, so draw one that is free.
    for _ in range(100):
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 40000
        try:
            _bind(sock, port)
            return sock, port
        except OSError:
            pass  # taken
    raise OSError("no free UDP port on loopback")


def _bind(sock, port):
    sock.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])

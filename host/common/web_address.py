"""Addresses that something is sent to: encrypted, unless it stays on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_safe(url: str) -> bool:
    """Whether it is an address with https, or with http at this machine."""
    address = urlsplit(url)
    if not address.hostname:
        return False
    here = address.scheme == "http" and address.hostname in LOOPBACK
    return address.scheme == "https" or here

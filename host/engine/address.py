"""Where the scheduler is, and the certificates for it."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from msgspec import Struct

from ..common.errors import UsageError
from ..service.config import Config

START = "dask://"
_FILES = ("cafile", "certfile", "keyfile")


class Engine(Struct, frozen=True):
    """A scheduler of Dask. files: authority, certificate, key; none: without TLS."""

    host: str
    port: int
    files: tuple[Path, ...] = ()

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{START}{host}:{self.port}"

    @property
    def of_dask(self) -> str:
        """As Dask writes it."""
        return f"{'tls' if self.files else 'tcp'}://{str(self).removeprefix(START)}"


def engine_of(text: str, settings: Config) -> Engine:
    """The engine of --engine, with the files of [engine]; UsageError.

    A scheduler without TLS runs what anybody sends it, so one on another machine needs files."""
    host, _, port = text.removeprefix(START).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not text.startswith(START) or not host or not (port.isdigit() and 0 < int(port) < 65_536):
        raise UsageError(f"--engine: expected {START}HOST:PORT, found {text!r}")
    found = [settings.get(f"engine.{name}") for name in _FILES]
    if not any(found):
        if not _is_here(host):
            raise UsageError(
                f"--engine: {text}: expected cafile, certfile and keyfile in [engine] of the "
                "configuration: a scheduler without TLS runs what anybody sends it "
                "(without them only at this machine)"
            )
        return Engine(host, int(port))
    if not all(found):
        raise UsageError("[engine]: expected cafile, certfile and keyfile together")
    files = tuple(map(Path, found))
    for name, file in zip(_FILES, files, strict=True):
        try:
            file.open("rb").close()
        except OSError as error:
            raise UsageError(f"[engine] {name}: {file}: {error.strerror}") from None
    return Engine(host, int(port), files)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

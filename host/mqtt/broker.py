"""The address of the broker, how to sign in, and the options of commands for both."""

from __future__ import annotations

import argparse
import ssl
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ..common.errors import UsageError


@dataclass(frozen=True)
class Broker:
    """Address and credentials of the broker. cafile, certfile and keyfile belong together;
    context replaces them."""

    host: str
    port: int
    client_id: str = "qingyun-ingest"
    username: str | None = None
    password: str | None = None
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    context: ssl.SSLContext | None = None  # replaces the three files

    def client(self, kind: type[paho.Client] = paho.Client, **options: object) -> paho.Client:
        """A client that is ready to connect; options go to paho (clean_session, manual_ack …)."""
        client = kind(CallbackAPIVersion.VERSION2, self.client_id, **options)  # type: ignore[arg-type]
        if self.username is not None:
            client.username_pw_set(self.username, self.password)
        if self.context is not None:
            client.tls_set_context(self.context)
        elif self.cafile is not None:
            own = (
                (str(self.certfile), str(self.keyfile))
                if self.certfile and self.keyfile
                else (None, None)
            )
            client.tls_set(str(self.cafile), *own)
        return client

    def __str__(self) -> str:
        return f"broker {self.host}:{self.port}"


def address(text: str, option: str = "--broker") -> tuple[str, int]:
    """Host and port of HOST:PORT; UsageError for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{option}: expected HOST:PORT, found {text!r}")
    return host, int(port)


def add_arguments(
    p: argparse.ArgumentParser,
    client_id: str,
    option: str = "--broker",
    default: str | None = None,
    text: str = "the MQTT broker",
) -> None:
    """Add the options for the broker to a parser."""
    text += f" (default: {default})" if default else ""
    p.add_argument(option, dest="broker", default=default, metavar="HOST:PORT", help=text)
    text = f"names the broker's session, one process each (default: {client_id})"
    p.add_argument("--client-id", default=client_id, metavar="NAME", help=text)
    p.add_argument("--username", metavar="NAME", help="who signs in at the broker")
    p.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password")
    text = "TLS: the authority that signed the broker"
    p.add_argument("--cafile", type=Path, metavar="FILE", help=text)
    text = "TLS: this client's certificate (PEM)"
    p.add_argument("--certfile", type=Path, metavar="FILE", help=text)
    text = "TLS: the key of the certificate (PEM)"
    p.add_argument("--keyfile", type=Path, metavar="FILE", help=text)


def from_arguments(args: argparse.Namespace, option: str = "--broker") -> Broker:
    """The broker of the options; UsageError when they do not fit together."""
    host, port = address(args.broker or "", option)
    password = None
    if args.password_file:
        try:
            password = args.password_file.read_text().strip()
        except OSError as error:
            raise UsageError(f"--password-file: {error}") from None
    if (args.certfile or args.keyfile) and not (args.cafile and args.certfile and args.keyfile):
        raise UsageError("--certfile: expected --cafile, --certfile and --keyfile together")
    tls = args.cafile, args.certfile, args.keyfile
    for name, path in zip(("--cafile", "--certfile", "--keyfile"), tls, strict=True):
        if path is not None and not path.is_file():
            raise UsageError(f"{name}: {path}: no such file")
    return Broker(host, port, args.client_id, args.username, password, *tls)

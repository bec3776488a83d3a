"""The address of the broker, how to sign in, and the options of commands for both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.errors import UsageError

if TYPE_CHECKING:
    import ssl

    import paho.mqtt.client as paho


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

    def client(self, kind: type[paho.Client] | None = None, **options: object) -> paho.Client:
        """A client that is ready to connect; options go to paho (clean_session, manual_ack …)."""
        # Slow to load, and most commands only know what their options say of a broker.
        import paho.mqtt.client as paho  # noqa: PLC0415
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        version = CallbackAPIVersion.VERSION2
        client = (kind or paho.Client)(version, self.client_id, **options)  # type: ignore[arg-type]
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

"""Waits at the broker for a board to say what it is, as anybody with an MQTT client can."""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from board.errors import BoardError

_CONNECT_S = 15


@dataclass(frozen=True)
class Access:
    """How to reach the broker; the board's configuration says the rest."""

    broker: str | None = None  # HOST:PORT
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    user: str | None = None
    password: str | None = None


class _Named(ssl.SSLContext):
    """Expects the name in the certificate that the board expects."""

    name = ""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        kwargs["server_hostname"] = self.name
        return super().wrap_socket(*args, **kwargs)


class Births:
    """with Births(config, folder, access) as births: … births.wait(version, sha256, 120)"""

    def __init__(self, config: dict[str, Any], folder: Path, access: Access) -> None:
        mqtt = config["mqtt"]
        self._base = f"qingyun/1/{config['site']}/{config['device']}/"
        self._host, self._port = mqtt["host"], mqtt["port"]
        if access.broker:
            host, _, port = access.broker.rpartition(":")
            if not host or not port.isdigit():
                raise BoardError(f"--broker: expected HOST:PORT, found {access.broker}")
            self._host, self._port = host, int(port)
        self._news = threading.Condition()
        self._messages: list[tuple[str, bytes]] = []
        self._subscribed = threading.Event()
        self._refused = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        user = access.user or mqtt.get("user")
        if user:
            self._client.username_pw_set(user, access.password or mqtt.get("password"))
        if mqtt.get("tls"):
            self._client.tls_set_context(self._context(mqtt["tls"], folder, access))
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    @property
    def address(self) -> str:
        return f"{self._host}:{self._port}"

    def _context(self, tls: dict[str, Any], folder: Path, access: Access) -> ssl.SSLContext:
        context = _Named(ssl.PROTOCOL_TLS_CLIENT)
        context.name = tls.get("name") or self._host
        try:
            if access.cafile:
                context.load_verify_locations(access.cafile)
            else:
                context.load_verify_locations(cadata=(folder / tls["ca"]).read_bytes())
            if access.certfile:
                context.load_cert_chain(access.certfile, access.keyfile)
        except (OSError, ssl.SSLError, ValueError) as e:
            raise BoardError(f"certificates for the broker cannot be read: {e}") from e
        return context

    def _on_connect(self, client: paho.Client, _u: Any, _f: Any, code: Any, _p: Any) -> None:
        if code.is_failure:
            self._refused = str(code)
        else:
            client.subscribe([(self._base + what, 1) for what in ("birth", "status", "reading")])

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        if message.retain:
            return  # from before
        with self._news:
            self._messages.append((message.topic.removeprefix(self._base), bytes(message.payload)))
            self._news.notify_all()

    def __enter__(self) -> Births:
        try:
            self._client.connect(self._host, self._port)
        except OSError as e:
            raise BoardError(f"broker {self.address}: {e}; nothing was changed") from e
        self._client.loop_start()
        end = time.monotonic() + _CONNECT_S
        while not self._subscribed.wait(0.1):
            if self._refused or time.monotonic() > end:
                self._client.loop_stop()
                why = self._refused or "no answer"
                raise BoardError(f"broker {self.address}: {why}; nothing was changed")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def forget(self) -> None:
        """What came so far is of the time before."""
        with self._news:
            self._messages.clear()

    def wait(self, version: str, sha256: str, seconds: float) -> dict[str, Any]:
        """The birth message of that firmware. BoardError with what came instead."""
        other = ""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for what, payload in self._next(left):
                if what == "status" and payload == b"safe":
                    raise BoardError("the board has started in safe mode: its command log says why")
                if what != "birth":
                    continue
                birth: dict[str, Any] = json.loads(payload)
                if birth.get("version") == version and birth.get("sha256") == sha256:
                    return birth
                other = f"; it runs {birth.get('version')} {str(birth.get('sha256'))[:12]}"
        raise BoardError(
            f"no birth message of {version} {sha256[:12]} at {self.address} within "
            f"{seconds:.0f} s{other}; make monitor shows what the board says"
        )

    def wait_reading(self, seconds: float) -> bool:
        """Whether a reading comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if any(what == "reading" for what, _ in self._next(left)):
                return True
        return False

    def _next(self, seconds: float) -> list[tuple[str, bytes]]:
        with self._news:
            if not self._messages:
                self._news.wait(min(seconds, 0.5))
            got, self._messages = self._messages, []
            return got

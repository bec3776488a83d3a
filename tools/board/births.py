"""Waits at the broker for a board to say what it is, as anybody with an MQTT client can."""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from board.errors import BoardError
from host.common.errors import UsageError
from host.mqtt.broker import Broker, address
from host.mqtt.session import Session, SessionError

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
        host, port = mqtt["host"], mqtt["port"]
        if access.broker:
            try:
                host, port = address(access.broker)
            except UsageError as e:
                raise BoardError(str(e)) from None
        self.address = f"{host}:{port}"
        self._news = threading.Condition()
        self._messages: list[tuple[str, bytes]] = []
        user = access.user or mqtt.get("user")
        password = (access.password or mqtt.get("password")) if user else None
        tls = mqtt.get("tls")
        context = self._context(tls, tls.get("name") or host, folder, access) if tls else None
        self._session = Session(
            Broker(host, port, "", user or None, password, context=context),
            [(self._base + level, 1) for level in ("birth", "status", "reading")],
            on_message=self._on_message,
            answer_s=_CONNECT_S,
        )

    def _context(
        self, tls: dict[str, Any], name: str, folder: Path, access: Access
    ) -> ssl.SSLContext:
        context = _Named(ssl.PROTOCOL_TLS_CLIENT)
        context.name = name
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

    def _on_message(self, topic: str, payload: bytes, retained: bool) -> None:
        if retained:
            return  # from before
        with self._news:
            self._messages.append((topic.removeprefix(self._base), payload))
            self._news.notify_all()

    def __enter__(self) -> Births:
        try:
            self._session.open()
        except SessionError as e:
            raise BoardError(f"{e}; nothing was changed") from e
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

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

"""A real SMTP server and a real HTTP receiver on loopback, that can misbehave."""

from __future__ import annotations

import contextlib
import email
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from broker import free_port

from host.provision.certificates import make

HOST = "127.0.0.1"


class Box:
    """What an SMTP server was handed; answers: what it says next, "" for 250."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.delay_s = 0.0
        self.users: list[bytes] = []
        self.refused: dict[str, str] = {}  # address → answer to RCPT

    async def handle_RCPT(
        self, _s: SMTP, _e: Session, envelope: Envelope, to: str, _o: list[str]
    ) -> str:
        if to in self.refused:
            return self.refused[to]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _s: SMTP, _e: Session, envelope: Envelope) -> str:
        if self.answers and (answer := self.answers.pop(0)):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(email.message_from_bytes(content, policy=default))
        time.sleep(self.delay_s)  # the letter is taken, the answer is late
        return "250 taken"

    def authenticate(self, _s: SMTP, _e: Session, _v: Any, _m: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        good = (data.login, data.password) == (b"qingyun", b"a long password")
        return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def smtp(box: Box, port: int | None = None, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Its port. tls: STARTTLS, and then a login, are asked for."""
    more: dict[str, Any] = {}
    if tls is not None:
        more = {"tls_context": tls, "require_starttls": True, "authenticator": box.authenticate}
        more |= {"auth_required": True}
    controller = Controller(box, hostname=HOST, port=port or free_port(), **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Hook(ThreadingHTTPServer):
    """Takes POSTs; answers: statuses to give next; hang_s: before it answers."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.hang_s = 0.0
        self.drip_s = 0.0
        self.cut = False
        super().__init__((HOST, port), _Receive)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Hook:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests want."""


class _Receive(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        hook = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hook.calls.append((dict(self.headers.items()), body))
        time.sleep(hook.hang_s)
        if hook.cut:  # taken, and gone before the answer
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status = hook.answers.pop(0) if hook.answers else 204
        if hook.drip_s:
            for byte in b"HTTP/1.1 204 No Content\r\n" + b"X: y\r\n" * 1000:
                self.connection.sendall(bytes([byte]))
                time.sleep(hook.drip_s)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for this machine, and the authority to trust."""
    make(folder, HOST, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
    return context, folder / "ca.pem"

"""/metrics and /healthz of the ingester, answered by a thread beside it."""

from __future__ import annotations

import argparse
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ..common.errors import UserError
from ..mqtt import broker
from ..registry import Registry
from . import health, metrics
from .progress import Stats

_SLOTS = 4  # answers at the same time: scrapes that hang must not pile up


def start(args: argparse.Namespace, registry: Registry, stats: Stats) -> None:
    """Listen as the options of `qingyun ingest` say; UserError when the address cannot be used."""
    limits = health.Limits(**args.settings.section("health"))
    where = broker.address(args.listen, "--listen")
    Server(where, args.db, registry, stats, limits).start()


class Server(ThreadingHTTPServer):
    """Answers GET /metrics and GET /healthz, nothing else."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        db: Path | str,
        registry: Registry,
        stats: Stats,
        limits: health.Limits,
    ) -> None:
        self.db, self.registry, self.stats, self.limits = db, registry, stats, limits
        self.slots = threading.BoundedSemaphore(_SLOTS)
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            raise UserError(f"--listen: {address[0]}:{address[1]}: {error.strerror}") from None

    def start(self) -> None:
        """Answer requests in a thread."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 5
    server_version = "qingyun"
    sys_version = ""

    def do_GET(self) -> None:
        s = self.server
        if not s.slots.acquire(timeout=1):
            self._say(503, b"busy\n")
            return
        try:
            if self.path == "/metrics":
                body = metrics.text(s.db, s.registry, int(time.time()), stats=s.stats)
                self._say(200, body, metrics.CONTENT_TYPE)
            elif self.path == "/healthz":
                result = health.check(s.db, time.time(), stats=s.stats, limits=s.limits)
                self._say(200 if result.ok else 503, result.body(), "application/json")
            else:
                self._say(404, b"expected /metrics or /healthz\n")
        finally:
            s.slots.release()

    def _say(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A scrape every few seconds is no news."""

"""One request over HTTP or HTTPS that ends in time."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from . import Declined, Failed
from .bounded import bounded

MOST = 65_536  # bytes of an answer that are read
_AGAIN = (408, 425, 429)  # 4xx that ask to try again later


@dataclass(frozen=True)
class Receiver:
    """cafile: of an authority of its own; timeout_s: seconds for a whole delivery."""

    cafile: Path | None = None
    timeout_s: float = 30.0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of an answer of 2xx; Failed or Declined where it is none. Redirects are not
        followed. No message names more of the address than host and port: the rest is secret."""
        status, reason, data = self.ask("POST", url, body, headers)
        if not 200 <= status < 300:
            raise refused(status)(f"{place(url)}: {status} {reason[:100]}")
        return data

    def ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str, bytes]:
        """Status, reason and body of an answer, whatever it says; Failed without one."""
        address = urlsplit(url)
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection = self._connection(address.scheme, address.hostname or "", address.port)
        try:
            with bounded(self.timeout_s, lambda: connection.sock):
                connection.request(method, path, body, dict(headers))
                answer = connection.getresponse()
                return answer.status, answer.reason, answer.read(MOST)
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{place(url)}: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        context = ssl.create_default_context(cafile=self.cafile)
        return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=context)


def refused(status: int) -> type[Failed]:
    """How an answer that is not 2xx is taken: 3xx and 4xx are permanent, except _AGAIN."""
    return Declined if 300 <= status < 500 and status not in _AGAIN else Failed


def place(url: str) -> str:
    """Host and port of an address."""
    address = urlsplit(url)
    return f"{address.hostname}:{address.port or (443 if address.scheme == 'https' else 80)}"

"""A signed webhook: each row one POST of JSON, in order.

    Qingyun-Delivery:  name of this message; the same when it comes again
    Qingyun-Timestamp: Unix seconds
    Qingyun-Signature: v1=HEX, HMAC-SHA256 with the secret over TIMESTAMP, ".", body

Whoever receives computes the signature anew, compares in constant time, refuses a timestamp
that is more than five minutes off, and passes over a delivery that it has had."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..hazard import alarms
from . import Declined, Failed
from .bounded import bounded

_AGAIN = (408, 425, 429)  # 4xx that ask to try again later


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of Qingyun-Signature."""
    signed = hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def verify(secret: bytes, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Whether a signature is right and fresh; an example for receivers."""
    if not timestamp.isdigit() or abs(now - int(timestamp)) > 300:
        return False
    return hmac.compare_digest(sign(secret, int(timestamp), body), signature)


@dataclass(frozen=True)
class Webhook:
    """The address, the key of the signature, and seconds for a whole delivery."""

    url: str
    secret: bytes
    cafile: Path | None = None
    timeout_s: float = 30.0

    def __call__(self, batch: Sequence[alarms.Row], name: str) -> None:
        """Send a batch of one row; Failed or Declined when it was not accepted."""
        (row,) = batch
        body = alarms.message(row)[1]
        self.post(json.dumps(body, ensure_ascii=False).encode(), name)

    def post(self, body: bytes, name: str) -> None:
        """POST one body under a name; Failed or Declined when it was not accepted."""
        address = urlsplit(self.url)
        now = int(time.time())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "qingyun",
            "Qingyun-Delivery": name,
            "Qingyun-Timestamp": str(now),
            "Qingyun-Signature": sign(self.secret, now, body),
        }
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        where = f"{address.hostname}:{address.port or (443 if address.scheme == 'https' else 80)}"
        connection = self._connection(address.scheme, address.hostname or "", address.port)
        try:
            with bounded(self.timeout_s, lambda: connection.sock):
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                status, reason = answer.status, answer.reason
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{where}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if 200 <= status < 300:
            return
        declined = 300 <= status < 500 and status not in _AGAIN
        raise (Declined if declined else Failed)(f"{where}: {status} {reason[:100]}")

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        context = ssl.create_default_context(cafile=self.cafile)
        return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=context)

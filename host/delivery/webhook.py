"""A signed webhook: each row one POST of JSON, in order.

    Qingyun-Delivery:  name of this message; the same when it comes again
    Qingyun-Timestamp: Unix seconds
    Qingyun-Signature: v1=HEX, HMAC-SHA256 with the secret over TIMESTAMP, ".", body

Whoever receives computes the signature anew, compares in constant time, refuses a timestamp
that is more than five minutes off, and passes over a delivery that it has had."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..alarms import alarm_log
from .http_post import Receiver
from .wording import Wording


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
    wording: Wording = field(default_factory=Wording)

    def __call__(self, batch: Sequence[alarm_log.Row], name: str) -> None:
        """Send a batch of one row; Failed or Declined when it was not accepted."""
        (row,) = batch
        body = alarm_log.message(row)[1]
        if link := self.wording.link(row.alarm):
            body["link"] = link
        self.post(json.dumps(body, ensure_ascii=False).encode(), name)

    def post(self, body: bytes, name: str) -> None:
        """POST one body under a name; Failed or Declined when it was not accepted."""
        now = int(time.time())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "qingyun",
            "Qingyun-Delivery": name,
            "Qingyun-Timestamp": str(now),
            "Qingyun-Signature": sign(self.secret, now, body),
        }
        Receiver(self.cafile, self.timeout_s).post(self.url, body, headers)

"""Short messages through a gateway that the configuration describes: [sms].

Many gateways answer 200 also where they refuse: what counts is a value in their answer. A short
message has one alarm, or the counts of many; it is cut to `most` characters."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..alarms import alarm_log
from ..common.shown import shown
from . import Declined, Failed
from .http_post import Receiver, place, refused
from .wording import SAID, Wording, worst

log = logging.getLogger("qingyun.deliver")

ONE, PART = 70, 67  # characters (UTF-16 units) of a short message, and of each part of a longer one
_TYPES = {"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded"}
_ESCAPES: dict[str, Callable[[str], str]] = {
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "form": lambda text: quote(text, safe=""),
}
NAMES = ("to", "text", "id", "secret")  # what stands in { } in body and headers


class Pace:
    """Leaves so many seconds between two messages, whoever sends them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._seconds
        time.sleep(mine - now)


@dataclass(frozen=True)
class Gateway:
    """url, secret: both secrets. body: text in `form` (json, form) with {to} {text} {id} {secret}
    in it; with the method GET it is the query. headers: `Name: value`, also with those. taken_path:
    where in the JSON of an answer (a.0.b) the value is that says taken, "" the whole answer;
    taken: that value, None: any 2xx is taken. again: values that ask to try again. said_path: where
    the answer says why not. most: characters of a text."""

    url: str
    body: str
    form: str = "json"
    method: str = "POST"
    secret: str = ""
    headers: tuple[str, ...] = ()
    taken_path: str = ""
    taken: str | None = None
    again: tuple[str, ...] = ()
    said_path: str = ""
    most: int = 134
    receiver: Receiver = field(default_factory=Receiver)
    pace: Pace = field(default_factory=lambda: Pace(0))

    def send(self, to: str, text: str, name: str) -> None:
        """Hand over one message; Failed or Declined where it was not taken."""
        values = {"to": to, "text": text, "id": name, "secret": self.secret}
        body = filled(self.body, values, _ESCAPES[self.form])
        headers = {"User-Agent": "qingyun"}
        for header in self.headers:
            key, _, value = header.partition(":")
            headers[key.strip()] = filled(value.strip(), values, str)
        url, data = self.url, None
        if self.method == "GET":
            url += ("&" if "?" in url else "?") + body
        else:
            data = body.encode()
            headers.setdefault("Content-Type", _TYPES[self.form])
        self.pace.wait()
        self._judge(*self.receiver.ask(self.method, url, data, headers))

    def _judge(self, status: int, reason: str, data: bytes) -> None:
        """Failed or Declined unless the answer says that the message was taken."""
        found, said = self._found(data, self.taken_path), self._found(data, self.said_path)
        is_well = 200 <= status < 300
        if is_well and (self.taken is None or found == self.taken):
            return
        why = f"{place(self.url)}: {status} {reason[:100]}" if not is_well else place(self.url)
        if self.taken is not None and found is not None:
            text = f" {shown(said)[:200]}" if self.said_path and said else ""
            kind = Failed if found in self.again else Declined if is_well else refused(status)
            raise kind(f"sms: {why}: {shown(found)[:60]}{text}")
        if is_well:
            raise Failed(
                f"sms: {why}: expected {self.taken_path} in the answer, found {data[:60]!r}"
            )
        raise refused(status)(f"sms: {why}")

    def _found(self, data: bytes, path: str) -> str | None:
        """What stands at a path in an answer; None where there is no such value."""
        text = data.decode("utf-8", "replace").strip()
        if not path:
            return text
        try:
            value: Any = json.loads(text)
            for part in path.split("."):
                value = value[int(part)] if isinstance(value, list) else value[part]
        except (ValueError, KeyError, IndexError, TypeError):
            return None
        return value if isinstance(value, str) else json.dumps(value)


def filled(template: str, values: dict[str, str], escape: Callable[[str], str]) -> str:
    """A template with a value for each {name} of NAMES; no value is looked through again."""
    parts = template.split("{")
    made = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        made.append(escape(values[name]) + rest if brace and name in values else "{" + part)
    return "".join(made)


def segments(text: str) -> int:
    """As how many short messages a text in UCS-2 is sent, and paid."""
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= ONE else -(-units // PART)


@dataclass(frozen=True)
class Sms:
    """A number behind a gateway."""

    gateway: Gateway
    to: str
    wording: Wording = field(default_factory=Wording)

    def __call__(self, batch: Sequence[alarm_log.Row], name: str) -> None:
        """Send one message about these rows; Failed or Declined where it was not taken."""
        text = self.text(batch)
        self.gateway.send(self.to, text, name)
        log.info("sms: %d rows in %d short messages", len(batch), segments(text))

    def text(self, batch: Sequence[alarm_log.Row]) -> str:
        """The gravest row, or the counts of many, and the link; cut before the link."""
        first, *rest = worst(batch)
        s = first.body
        where = "/".join(filter(None, (s.store or s.site, s.subject)))
        said = f"{SAID.get(first.what, first.what)}{s.level} {where} {s.text}"
        if s.unit:
            value = "∞" if s.value >= alarm_log.MOST else f"{s.value:g}"
            said += f" {value}{s.unit}"
        if rest:
            said = f"{self.wording.subject(batch).removeprefix('[清运] ')}。{said}"
        else:
            said = self.wording.escalated() + said
        link = self.wording.link(None if rest else first.alarm)
        end = f" {link}" if link else ""
        room = self.gateway.most - len(end.encode("utf-16-le")) // 2
        return _cut(shown(said), room) + end


def _cut(text: str, units: int) -> str:
    """As much of a text as takes so many UTF-16 units, with … where it is less."""
    if len(text.encode("utf-16-le")) // 2 <= units:
        return text
    while len(text.encode("utf-16-le")) // 2 > units - 1:
        text = text[:-1]
    return text + "…"

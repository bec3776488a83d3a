"""Gateways of short messages that behave as public ones document it: Vonage's SMS API (200 in any
case, messages[0].status tells), one with a bearer token and HTTP statuses, and one with a GET that
answers in a word."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
KEY = "key-of-the-test"
SECRET = 'a "secret"&{to} of the test'  # noqa: S105  what templates must escape
CODES = {"taken": "0", "often": "1", "key": "4", "credit": "9"}  # of Vonage


class SmsGateway(ThreadingHTTPServer):
    """kind: statuses (Vonage's form), bearer, word. next: how it answers next, in place of taken:
    often, credit; secret: what it knows; taken: (to, text, id) of each message."""

    daemon_threads = True

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.secret = SECRET
        self.next: list[str] = []
        self.raw: bytes | None = None
        self.asked = 0
        self.taken: list[tuple[str, str, str]] = []
        super().__init__((HOST, 0), _Answer)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> SmsGateway:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/sms?account={KEY}"

    def section(self) -> dict[str, Any]:
        """The keys of [sms] that describe it."""
        if self.kind == "statuses":
            return {
                "form": "form", "taken_path": "messages.0.status", "taken": "0",
                "again": ["1", "5"], "said_path": "messages.0.error-text",
                "body": f"api_key={KEY}&api_secret={{secret}}&to={{to}}&text={{text}}&type=unicode"
                "&client-ref={id}",
            }  # fmt: skip
        if self.kind == "bearer":
            return {
                "headers": ["Authorization: Bearer {secret}"],
                "body": '{"messages": [{"to": "{to}", "body": "{text}", "ref": "{id}"}]}',
            }
        return {
            "method": "GET", "form": "form", "taken": "0", "again": ["often"],
            "body": "p={secret}&m={to}&c={text}&n={id}",
        }  # fmt: skip

    def judge(self, asked: dict[str, Any], headers: Any) -> str:
        """taken, or why not."""
        self.asked += 1
        given = headers.get("Authorization", "").removeprefix("Bearer ") or asked.get("secret")
        if given != self.secret:
            return "key"
        return self.next.pop(0) if self.next else "taken"


class _Answer(BaseHTTPRequestHandler):
    server: SmsGateway

    def do_GET(self) -> None:
        q = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query, strict_parsing=True).items()}
        assert q["account"] == KEY
        self._tell({"secret": q["p"], "to": q["m"], "text": q["c"], "id": q["n"]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.kind == "bearer":
            assert self.headers["Content-Type"].startswith("application/json")
            (m,) = json.loads(body)["messages"]
            self._tell({"to": m["to"], "text": m["body"], "id": m["ref"]})
            return
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        q = {k: v[0] for k, v in parse_qs(body, strict_parsing=True).items()}
        assert (q["api_key"], q["type"]) == (KEY, "unicode")
        named = {"secret": q["api_secret"], "to": q["to"], "text": q["text"]}
        self._tell(named | {"id": q["client-ref"]})

    def _tell(self, asked: dict[str, Any]) -> None:
        outcome = self.server.judge(asked, self.headers)
        if outcome == "taken" and self.server.raw is None:
            self.server.taken.append((asked["to"], asked["text"], asked["id"]))
        status, answer = 200, outcome.encode()
        if self.server.kind == "statuses":
            said = {"status": CODES[outcome]} | (
                {} if outcome == "taken" else {"error-text": f"as documented: {outcome}"}
            )
            answer = json.dumps({"message-count": "1", "messages": [said]}).encode()
        elif self.server.kind == "bearer":
            status = {"taken": 202, "often": 429, "key": 401, "credit": 402}[outcome]
        elif outcome == "taken":
            answer = b"0\n"
        answer = answer if self.server.raw is None else self.server.raw
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""

"""A service of robots in groups that behaves as 企业微信, 钉钉 and 飞书 document it: it answers 200
in any case, and says in the body whether it took the message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
KEYS = {"wecom": "key", "dingtalk": "access_token"}
TOKEN = "0f9e8d7c-token-of-the-test"  # noqa: S105
OLD_S = 3600


class Robots(ThreadingHTTPServer):
    """Robots of one kind. secret: of the signature; limit: messages a minute; skew_s: how much its
    clock is ahead; next_codes: what it answers next instead; raw: an answer that is no JSON."""

    daemon_threads = True

    def __init__(self, kind: str, secret: str = "", limit: int = 20) -> None:
        self.kind, self.secret, self.limit = kind, secret, limit
        self.taken: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.skew_s = 0.0
        self.next_codes: list[int] = []
        self.raw = b""
        super().__init__((HOST, 0), _Answer)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Robots:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        here = f"http://{HOST}:{self.server_address[1]}"
        if self.kind == "feishu":
            return f"{here}/open-apis/bot/v2/hook/{TOKEN}"
        path = {"wecom": "/cgi-bin/webhook/send", "dingtalk": "/robot/send"}[self.kind]
        return f"{here}{path}?{KEYS[self.kind]}={TOKEN}"

    def texts(self) -> list[str]:
        """The text of each message that was taken."""
        return [text_of(self.kind, body) for body in self.taken]

    def judge(self, path: str, body: dict[str, Any]) -> tuple[int, str]:
        """The code of an answer, and its text."""
        now = time.time() + self.skew_s
        address = urlsplit(path)
        asked = {k: v[0] for k, v in parse_qs(address.query).items()}
        if self.next_codes:
            return self.next_codes.pop(0), "as the test says"
        self.times = [t for t in self.times if now - t < 60]
        if len(self.times) >= self.limit:
            return {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}[self.kind], "too often"
        self.times.append(now)
        if self.kind == "feishu":
            return self._feishu(address.path, body, now)
        return self._by_query(asked, body, now)

    def _by_query(self, asked: dict[str, str], body: dict[str, Any], now: float) -> tuple[int, str]:
        """企业微信 and 钉钉."""
        if asked.get(KEYS[self.kind]) != TOKEN:
            return {"wecom": 93000, "dingtalk": 300001}[self.kind], "invalid"
        if self.secret and not self._signed(asked, now):
            return 310000, "sign not match"
        text = text_of(self.kind, body)
        if body["msgtype"] != "markdown" or (self.kind == "wecom" and len(text.encode()) > 4096):
            return 40058, "content exceed max length"
        return 0, "ok"

    def _signed(self, asked: dict[str, str], now: float) -> bool:
        t = int(asked.get("timestamp", "0"))
        right = _hmac(self.secret.encode(), f"{t}\n{self.secret}")
        return abs(now - t / 1000) <= OLD_S and asked.get("sign") == right

    def _feishu(self, path: str, body: dict[str, Any], now: float) -> tuple[int, str]:
        if not path.endswith(TOKEN):
            return 19001, "param invalid: incoming webhook access token invalid"
        if self.secret:
            t = int(body.get("timestamp", "0"))
            if abs(now - t) > OLD_S or body.get("sign") != _hmac(
                f"{t}\n{self.secret}".encode(), ""
            ):
                return (
                    19021,
                    "sign match fail or timestamp is not within one hour from current time",
                )
        if body.get("msg_type") != "interactive" or not text_of(self.kind, body):
            return 9499, "Bad Request"
        return 0, "success"


def text_of(kind: str, body: dict[str, Any]) -> str:
    if kind == "feishu":
        return str(body["card"]["elements"][0]["content"])
    return str(body["markdown"]["content" if kind == "wecom" else "text"])


def _hmac(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


class _Answer(BaseHTTPRequestHandler):
    server: Robots

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code, text = self.server.judge(self.path, body)
        if code == 0 and not self.server.raw:
            self.server.taken.append(body)
        names = ("code", "msg") if self.server.kind == "feishu" else ("errcode", "errmsg")
        answer = self.server.raw or json.dumps(dict(zip(names, (code, text), strict=True))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""

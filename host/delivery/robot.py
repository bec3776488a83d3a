"""Robots in groups of 企业微信, 钉钉 and 飞书: the rows that are due together in one card.

They answer 200 also where they refuse: what counts is the code in the answer, 0 for taken. What
the codes mean is robots.csv."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from ..alarms import alarm_log
from ..common import csv_file
from ..common.errors import UserError
from . import Declined, Failed
from .http_post import Receiver, place
from .wording import Wording

WECOM, DINGTALK, FEISHU = KINDS = ("wecom", "dingtalk", "feishu")
AT_ONCE = 20  # rows in a card
# Seconds between two cards: 企业微信 and 钉钉 take 20 a minute, 飞书 100.
PACE_S = {WECOM: 4, DINGTALK: 4, FEISHU: 1}
MOST_BYTES = {WECOM: 4096, DINGTALK: 15_000, FEISHU: 15_000}  # of the text
_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "qingyun"}
# What a person typed must not make a link, a mention or a font.
_PLAIN = str.maketrans("<>[]()*_`#@|\\~", "＜＞［］（）＊＿｀＃＠｜＼～")


@dataclass(frozen=True)
class Robot:
    """url: its address, a secret. key: of the signature, None without (企业微信 has none)."""

    kind: str
    url: str
    key: str | None = None
    receiver: Receiver = field(default_factory=Receiver)
    wording: Wording = field(default_factory=Wording)

    def __call__(self, batch: Sequence[alarm_log.Row], _: str) -> None:
        """Send a card about these rows; Failed or Declined where it was not taken."""
        lines = []
        for told in self.wording.told(batch):
            said = _plain("；".join((told.said, *told.facts)))
            lines.append(f"{said} [确认]({told.link})" if told.link else said)
        self._send(self.wording.subject(batch), lines)

    def say(self, title: str, lines: Sequence[str]) -> None:
        """Send a card with a title and lines of text."""
        self._send(title, [_plain(x) for x in lines])

    def _send(self, title: str, lines: Sequence[str]) -> None:
        body = _BODIES[self.kind](title, self._text(title, lines))
        url = self.url
        if self.key is not None and self.kind == DINGTALK:
            ms = str(int(time.time() * 1000))
            sign = _hmac(self.key.encode(), f"{ms}\n{self.key}")
            url += f"{'&' if '?' in url else '?'}timestamp={ms}&sign={quote_plus(sign)}"
        elif self.key is not None and self.kind == FEISHU:
            seconds = str(int(time.time()))
            sign = _hmac(f"{seconds}\n{self.key}".encode(), "")
            body = {"timestamp": seconds, "sign": sign} | body
        data = json.dumps(body, ensure_ascii=False).encode()
        self._taken(self.receiver.post(url, data, _HEADERS))

    def _text(self, title: str, lines: Sequence[str]) -> str:
        """The text of a card, cut to what the service takes, saying how many lines are left out."""
        link = f"\n\n[打开告警页]({self.wording.link()})" if self.wording.page else ""
        said = [f"- {x}" for x in lines]
        for n in range(len(said), -1, -1):
            more = [] if n == len(said) else [f"- 另有 {len(said) - n} 条未列出"]
            made = "\n".join([f"**{_plain(title)}**", *said[:n], *more])
            made += f"{link}\n\n管理数据，非贸易结算用"
            if len(made.encode()) <= MOST_BYTES[self.kind]:
                break
        return made

    def _taken(self, data: bytes) -> None:
        """Failed or Declined unless the answer says that the message was taken."""
        where = f"{self.kind}: {place(self.url)}"
        try:
            answer = json.loads(data)
            code = answer["code" if self.kind == FEISHU else "errcode"]
            if type(code) is not int:
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise Failed(f"{where}: expected an answer with a code, found {data[:60]!r}") from None
        if code == 0:
            return
        text = answer.get("msg" if self.kind == FEISHU else "errmsg", "")
        means = _codes().get((self.kind, str(code)))
        said = f"{where}: {code} {str(text)[:200]}" + (f"（{means[0]}）" if means else "")
        raise (Failed if means and means[1] else Declined)(said)


def _plain(text: str) -> str:
    return text.translate(_PLAIN)


def _hmac(key: bytes, text: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def _wecom(_: str, text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": text}}


def _dingtalk(title: str, text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"title": title, "text": text}}


def _feishu(title: str, text: str) -> dict[str, Any]:
    card = {
        "header": {"title": {"tag": "plain_text", "content": title}},
        "elements": [{"tag": "markdown", "content": text}],
    }
    return {"msg_type": "interactive", "card": card}


_BODIES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    WECOM: _wecom,
    DINGTALK: _dingtalk,
    FEISHU: _feishu,
}


@cache
def _codes() -> dict[tuple[str, str], tuple[str, bool]]:
    """(robot, code) → what it means, whether to try again."""
    read = csv_file.read(Path(__file__).with_name("robots.csv"), UserError)
    rows = read.rows(("robot", "code", "again", "means"))
    return {(r["robot"], r["code"]): (r["means"], r["again"] == "yes") for _, r in rows}

"""Logs as plain lines or as one JSON object a line, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

from ..common.shown import lines, shown

_IN_ADDRESS = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
_WORD = re.compile(r"(?i)\b(password|secret|token)(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;]+)")
_secrets: set[str] = set()


def keep_out(secret: str) -> None:
    """Replace this secret in every line from now on."""
    if len(secret) >= 4:
        _secrets.add(secret)


def clean(text: str) -> str:
    """The text without passwords in addresses and without the secrets of keep_out()."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    text = _IN_ADDRESS.sub(r"\1:***@", text)
    return _WORD.sub(r"\1\2***", text)


class Plain(logging.Formatter):
    """Time, level, text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = shown(record.message)  # one line, also with a board's text in it
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return clean(lines(super().format(record)))


class Json(logging.Formatter):
    """{"t", "level", "from", "text"}, with "error" if there is a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "t": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "text": clean(lines(record.getMessage())),
        }
        if record.exc_info:
            line["error"] = clean(lines(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)


def start(how: str, level: str) -> None:
    """Log to standard error in this format, from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if how == "json" else Plain())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def said_as_json() -> bool:
    """Whether the log is JSON."""
    handlers = logging.getLogger().handlers
    return any(isinstance(h.formatter, Json) for h in handlers)


def say(text: str, name: str = "qingyun") -> None:
    """A line of a long-running process: to standard output, or into the log if that is JSON."""
    if said_as_json():
        logging.getLogger(name).info("%s", text)
    else:
        print(clean(text), flush=True)

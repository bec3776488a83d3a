"""Logs: plain lines, or one object of JSON a line. Neither ever has a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

_IN_ADDRESS = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
_WORD = re.compile(r"(?i)\b(password|secret|token)(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;]+)")
_secrets: set[str] = set()


def keep_out(secret: str) -> None:
    """This word shall stand in no line from now on."""
    if len(secret) >= 4:
        _secrets.add(secret)


def clean(text: str) -> str:
    """Without passwords in addresses, and without what was told to keep_out."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    text = _IN_ADDRESS.sub(r"\1:***@", text)
    return _WORD.sub(r"\1\2***", text)


class Plain(logging.Formatter):
    """As ever: time, level, text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class Json(logging.Formatter):
    """{"t", "level", "from", "text"}; `error` where there is a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "t": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "text": clean(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def start(how: str, level: str) -> None:
    """Everything goes to stderr, formatted as said."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if how == "json" else Plain())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def said_as_json() -> bool:
    """Whether lines go out as JSON."""
    handlers = logging.getLogger().handlers
    return any(isinstance(h.formatter, Json) for h in handlers)


def say(text: str, name: str = "qingyun") -> None:
    """A line of a process that runs for long: to stdout, or into the log where that is JSON."""
    if said_as_json():
        logging.getLogger(name).info("%s", text)
    else:
        print(clean(text), flush=True)

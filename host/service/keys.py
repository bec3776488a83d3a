"""The sections of the configuration that are no command's own, and what each key must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_ADDRESS = re.compile(r"[^:\s]+(:[^:\s]+)*:\d{1,5}")

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Key:
    """What a value must be; options: those that it is the default of; path: as seen from the
    folder of the file."""

    expected: str
    good: Check
    options: tuple[str, ...] = ()
    path: bool = False


def _text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def number(low: float, high: float, *, whole: bool = False) -> Key:
    """A number within limits; whole: without a fraction."""
    kinds = int if whole else (int, float)
    return Key(
        f"a {'whole ' if whole else ''}number from {low:g} to {high:g}",
        lambda v: isinstance(v, kinds) and not isinstance(v, bool) and low <= v <= high,
    )


def one_of(*words: str) -> Key:
    return Key(f"one of {', '.join(words)}", lambda v: v in words)


def _mails(value: Any) -> bool:
    found = [value] if isinstance(value, str) else value
    return isinstance(found, list) and bool(found) and all(map(_mail, found))


def _mail(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", value) is not None


LEVELS = ("提示", "告警")  # as rules.csv has them, the mildest first
TEXT, PATH = Key("a text", _text), Key("a path", _text, path=True)
_HOURS_KEY = Key("HH:MM-HH:MM", lambda v: isinstance(v, str) and bool(_HOURS.fullmatch(v)))
_CHANNEL = {
    "quiet": _HOURS_KEY,  # local hours in which only quiet_passes and above is told
    "quiet_passes": one_of(*LEVELS),
    "level": one_of(*LEVELS),  # what is milder is never told here
    "repeat_s": number(0, 86_400, whole=True),
    "give_up_h": number(0.01, 720),
    "timeout_s": number(1, 300),
    "cafile": PATH,
}


def _shared(option: str, key: Key) -> Key:
    return Key(key.expected, key.good, (option,), key.path)


SHARED: dict[str, dict[str, Key]] = {
    "store": {
        "db": Key("a path, or postgresql://…", _text, ("--db",), path=True),
        "registry": _shared("--registry", PATH),
    },
    "broker": {
        "address": Key(
            "HOST:PORT", lambda v: isinstance(v, str) and bool(_ADDRESS.fullmatch(v)), ("--broker",)
        ),
        "username": _shared("--username", TEXT),
        **{
            name: _shared("--" + name.replace("_", "-"), PATH)
            for name in ("password_file", "cafile", "certfile", "keyfile")
        },
    },
    "log": {
        "format": Key("one of plain, json", lambda v: v in ("plain", "json")),
        "level": one_of("debug", "info", "warning", "error"),
    },
    "health": {"lag_s": number(1, 86_400), "behind_s": number(1, 3600)},
    "email": {
        "host": TEXT,
        "port": number(1, 65_535, whole=True),
        "tls": one_of("starttls", "tls", "none"),
        "username": TEXT,
        "password_file": PATH,
        "from": Key("a mail address", _mail),
        "to": Key("mail addresses", _mails),
        **_CHANNEL,
    },
    "webhook": {
        "url": Key(
            "https://…, or http:// at this machine",
            lambda v: isinstance(v, str) and v.startswith(("https://", "http://")),
        ),
        "secret_file": PATH,
        **_CHANNEL,
    },
}

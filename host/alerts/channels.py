"""The channels that a configuration names: [email] and [webhook]."""

from __future__ import annotations

from pathlib import Path

from ..common.errors import UsageError
from ..service import logs
from ..service.config import Config
from .delivery import Channel, Policy, hours
from .mail import AT_ONCE, Mail
from .webhook import Webhook


def _secret(settings: Config, name: str) -> str | None:
    """The first line of the file that a key names; it appears in no log."""
    path = settings.get(name)
    if path is None:
        return None
    try:
        found = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(settings.mistake(name, "a file that can be read", path)) from None
    if not found:
        raise UsageError(settings.mistake(name, "a secret in the file", path))
    logs.keep_out(found)
    return found


def _policy(settings: Config, section: str, at_once: int) -> Policy:
    said = settings.section(section)
    standard = Policy()
    return Policy(
        hours(said.get("quiet")),
        said.get("quiet_passes", standard.quiet_passes),
        said.get("level", standard.level),
        said.get("repeat_s", standard.repeat_s),
        said["give_up_h"] * 3600 if "give_up_h" in said else standard.give_up_s,
        at_once,
    )


def of(settings: Config) -> list[Channel]:
    """Those that have a section; UsageError where something is missing in it."""
    found = []
    if mail := settings.section("email"):
        _needs(settings, "email", ("host", "from", "to"))
        tls = mail.get("tls", "starttls")
        to = mail["to"]
        sender = Mail(
            mail["host"],
            mail.get("port", {"starttls": 587, "tls": 465, "none": 25}[tls]),
            tls,
            mail["from"],
            (to,) if isinstance(to, str) else tuple(to),
            mail.get("username"),
            _secret(settings, "email.password_file"),
            _path(mail.get("cafile")),
            mail.get("timeout_s", 30.0),
        )
        if sender.username is not None and sender.password is None:
            raise UsageError(settings.mistake("email.password_file", "a file with the password"))
        found.append(Channel("email", _policy(settings, "email", AT_ONCE), sender))
    if hook := settings.section("webhook"):
        _needs(settings, "webhook", ("url", "secret_file"))
        key = (_secret(settings, "webhook.secret_file") or "").encode()
        timeout = hook.get("timeout_s", 30.0)
        receiver = Webhook(hook["url"], key, _path(hook.get("cafile")), timeout)
        found.append(Channel("webhook", _policy(settings, "webhook", 1), receiver))
    if not found:
        place = settings.file or "configuration"
        raise UsageError(f"{place}: expected [email] or [webhook] to deliver alarms to")
    return found


def _needs(settings: Config, section: str, keys: tuple[str, ...]) -> None:
    wrong = [f"{section}.{k}" for k in keys if settings.get(f"{section}.{k}") is None]
    if wrong:
        raise UsageError("\n".join(settings.mistake(name, "a value") for name in wrong))


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)

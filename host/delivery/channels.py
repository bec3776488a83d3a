"""The channels that a configuration names: [email], [webhook], [wecom], [dingtalk], [feishu]."""

from __future__ import annotations

from pathlib import Path

from ..common.errors import UsageError
from ..common.web_address import is_safe
from ..service import logs
from ..service.config import Config
from ..service.keys import ChannelSection, EmailSection, RobotSection, WebhookSection, WecomSection
from . import robot
from .due import Channel, Policy, hours
from .http_post import Receiver
from .mail import AT_ONCE, Mail
from .webhook import Webhook

PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _secret(settings: Config, name: str) -> str | None:
    """The content of the file that a key names; no log shows it. UsageError when it cannot be
    read."""
    path = settings.get(name)
    if path is None:
        return None
    try:
        secret = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(settings.mistake(name, "a file that can be read", path)) from None
    if not secret:
        raise UsageError(settings.mistake(name, "a secret in the file", path))
    logs.keep_out(secret)
    return secret


def _policy(section: ChannelSection, at_once: int, pace_s: int = 0) -> Policy:
    return Policy(
        hours(section.quiet),
        section.quiet_passes,
        section.level,
        section.repeat_s,
        section.give_up_h * 3600,
        at_once,
        pace_s,
    )


def of(settings: Config) -> list[Channel]:
    """The channels that have a section; UserError where something is missing in it."""
    channels = []
    if settings.section("email"):
        section_of_mail = settings.read(EmailSection, "email")
        letters = _mail(settings, section_of_mail)
        channels.append(Channel("email", _policy(section_of_mail, AT_ONCE), letters))
    if settings.section("webhook"):
        section = settings.read(WebhookSection, "webhook")
        key = (_secret(settings, "webhook.secret_file") or "").encode()
        receiver = Webhook(section.url, key, _path(section.cafile), section.timeout_s)
        channels.append(Channel("webhook", _policy(section, 1), receiver))
    channels += [_robot(settings, kind) for kind in robot.KINDS if settings.section(kind)]
    if not channels:
        place = settings.file or "configuration"
        sections = "[email], [webhook], [wecom], [dingtalk] or [feishu]"
        raise UsageError(f"{place}: expected {sections} to deliver alarms to")
    return channels


def _robot(settings: Config, kind: str) -> Channel:
    """A robot; UsageError where the file with its address has none."""
    section: WecomSection | RobotSection = (
        settings.read(WecomSection, kind)
        if kind == robot.WECOM
        else settings.read(RobotSection, kind)
    )
    url = _secret(settings, f"{kind}.url_file") or ""
    if not is_safe(url):
        expected = "https://… in the file, as the group shows it"
        raise UsageError(settings.mistake(f"{kind}.url_file", expected, section.url_file))
    made = robot.Robot(
        kind,
        url,
        None if kind == robot.WECOM else _secret(settings, f"{kind}.secret_file"),
        section.page or "",
        Receiver(_path(section.cafile), section.timeout_s),
    )
    return Channel(kind, _policy(section, robot.AT_ONCE, robot.PACE_S[kind]), made)


def mail(settings: Config) -> Mail | None:
    """The mail of the section [email]; None without one."""
    if not settings.section("email"):
        return None
    return _mail(settings, settings.read(EmailSection, "email"))


def _mail(settings: Config, section: EmailSection) -> Mail:
    sender = Mail(
        section.host,
        section.port or PORTS[section.tls],
        section.tls,
        section.from_,
        (section.to,) if isinstance(section.to, str) else tuple(section.to),
        section.username,
        _secret(settings, "email.password_file"),
        _path(section.cafile),
        section.timeout_s,
    )
    if sender.username is not None and sender.password is None:
        raise UsageError(settings.mistake("email.password_file", "a file with the password"))
    return sender


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)

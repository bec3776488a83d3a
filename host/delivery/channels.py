"""The channels that a configuration names – [email], [webhook], [sms], [wecom], [dingtalk],
[feishu] – each to everybody, or one for each of the recipients of recipients.csv."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ..common.errors import UsageError
from ..common.web_address import is_safe
from ..service import logs
from ..service.config import Config
from ..service.keys import (
    ChannelSection,
    EmailSection,
    RobotSection,
    SmsSection,
    WebhookSection,
    WecomSection,
)
from . import robot
from .audience import Audience
from .due import Channel, Policy, Send, hours
from .http_post import Receiver
from .mail import AT_ONCE, Mail
from .recipients import EMAIL, FILE, SMS, WEBHOOK, Recipient, Recipients
from .sms import NAMES, Gateway, Pace, Sms, filled
from .webhook import Webhook
from .wording import Wording

PORTS = {"starttls": 587, "tls": 465, "none": 25}
SECTIONS = (EMAIL, WEBHOOK, *robot.KINDS, SMS)


def _secret(settings: Config, name: str) -> str | None:
    """The content of the file that a key names; no log shows it. UsageError when it cannot be
    read."""
    path = settings.get(name)
    if path is None:
        return None
    try:
        secret = Path(path).read_text("utf-8-sig").strip()
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


# For each section: the policy, and what makes a way to somebody of it.
Made = tuple[Policy, Callable[[tuple[str, ...], Wording], Send]]


def of(settings: Config, page: str = "", recipients: Recipients | None = None) -> list[Channel]:
    """The channels to everybody, or those of recipients.csv; UserError where something is missing.
    page: address of the page of serve, for links in messages."""
    made = {kind: _made(settings, kind) for kind in SECTIONS if settings.section(kind)}
    if not made:
        place = settings.file or "configuration"
        sections = "[email], [webhook], [wecom], [dingtalk], [feishu] or [sms]"
        raise UsageError(f"{place}: expected {sections} to deliver alarms to")
    if recipients is None:
        if list(made) == [SMS]:
            raise UsageError(no_numbers(settings))
        made.pop(SMS, None)
        return [_to_everybody(settings, kind, page, of_kind) for kind, of_kind in made.items()]
    if mistakes := without_section(settings, recipients):
        raise UsageError("\n".join(mistakes))
    return [
        _of_recipient(
            row, recipients, made[row.channel], settings.get(f"{row.channel}.page") or page
        )
        for row in recipients.rows
    ]


def without_section(settings: Config, recipients: Recipients) -> list[str]:
    """A line for each recipient by a channel that the configuration does not have."""
    there = [kind for kind in SECTIONS if settings.section(kind)]
    expected = f"a channel with a section in the configuration ({' '.join(there)})"
    return [
        str(line.fail("channel", expected))
        for row, line in zip(recipients.rows, recipients.lines, strict=True)
        if row.channel not in there
    ]


def no_numbers(settings: Config) -> str:
    """One line: short messages have nobody to go to."""
    place = settings.places.get("sms.url_file", "configuration")
    return f"{place}: [sms]: expected {FILE} in the registry, which names numbers"


def wrong_sms(settings: Config) -> list[str]:
    """What is wrong in [sms], a line each; of a section that lacks keys nothing."""
    if not settings.section(SMS) or settings.lacking(SMS):
        return []
    return wrong_body(settings, settings.read(SmsSection, SMS))


def _to_everybody(settings: Config, kind: str, page: str, made: Made) -> Channel:
    policy, way = made
    own = settings.get(f"{kind}.page") or page
    to = settings.get("email.to") if kind == EMAIL else ()
    return Channel(kind, policy, way((to,) if isinstance(to, str) else tuple(to), Wording(own)))


def _of_recipient(row: Recipient, all_: Recipients, made: Made, page: str) -> Channel:
    policy, way = made
    wording = Wording(page, row.after_s, all_.places.towns, row.digest_s > 0)
    audience = Audience(row, all_.places)
    return Channel(row.name, policy, way(row.to, wording), audience)


def _made(settings: Config, kind: str) -> Made:
    if kind == EMAIL:
        return _email(settings)
    if kind == WEBHOOK:
        return _webhook(settings)
    return _sms(settings) if kind == SMS else _robot(settings, kind)


def _email(settings: Config) -> Made:
    section = settings.read(EmailSection, EMAIL)
    server = _mail(settings, section)
    return _policy(section, AT_ONCE), server.to_others


def _webhook(settings: Config) -> Made:
    section = settings.read(WebhookSection, WEBHOOK)
    key = (_secret(settings, "webhook.secret_file") or "").encode()

    def way(_: tuple[str, ...], wording: Wording) -> Send:
        return Webhook(section.url, key, _path(section.cafile), section.timeout_s, wording)

    return _policy(section, 1), way


def _robot(settings: Config, kind: str) -> Made:
    """A robot; UsageError where the file with its address has none."""
    section: WecomSection | RobotSection = (
        settings.read(WecomSection, kind)
        if kind == robot.WECOM
        else settings.read(RobotSection, kind)
    )
    url = _address(settings, kind, "https://… in the file, as the group shows it")
    key = None if kind == robot.WECOM else _secret(settings, f"{kind}.secret_file")
    receiver = Receiver(_path(section.cafile), section.timeout_s)

    def way(_: tuple[str, ...], wording: Wording) -> Send:
        return robot.Robot(kind, url, key, receiver, wording)

    return _policy(section, robot.AT_ONCE, robot.PACE_S[kind]), way


def _sms(settings: Config) -> Made:
    section = settings.read(SmsSection, SMS)
    if mistakes := wrong_body(settings, section):
        raise UsageError("\n".join(mistakes))
    gateway = Gateway(
        _address(settings, SMS, "https://… in the file, as the gateway names it"),
        section.body,
        section.form,
        section.method,
        _secret(settings, "sms.secret_file") or "",
        tuple(section.headers),
        section.taken_path or "",
        section.taken,
        tuple(section.again),
        section.said_path or "",
        section.most,
        Receiver(_path(section.cafile), section.timeout_s),
        Pace(section.pace_s),
    )
    return _policy(section, AT_ONCE), lambda to, wording: Sms(gateway, to[0], wording)


def wrong_body(settings: Config, section: SmsSection) -> list[str]:
    """What is wrong with the body of [sms] and with what it says of an answer, a line each."""
    wrong = [
        settings.mistake("sms.body", f"{name} in it", section.body)
        for name in ("{to}", "{text}")
        if name not in section.body
    ]
    parts = (section.body, *section.headers)
    if any("{secret}" in part for part in parts) and section.secret_file is None:
        wrong.append(settings.mistake("sms.secret_file", "a file with what {secret} stands for"))
    if section.form == "json" and section.method == "POST":
        try:
            json.loads(filled(section.body, dict.fromkeys(NAMES, "x"), str))
        except ValueError as error:
            wrong.append(settings.mistake("sms.body", f"JSON ({error})", section.body))
    if section.form == "json" and section.method == "GET":
        wrong.append(settings.mistake("sms.form", "form for the method GET", section.form))
    if section.taken is None and (section.taken_path or section.again):
        wrong.append(settings.mistake("sms.taken", "the value that says taken"))
    return wrong


def _address(settings: Config, kind: str, expected: str) -> str:
    """The address in the url_file of a section; UsageError where it is none that is safe."""
    url = _secret(settings, f"{kind}.url_file") or ""
    if not is_safe(url):
        raise UsageError(
            settings.mistake(f"{kind}.url_file", expected, settings.get(f"{kind}.url_file"))
        )
    return url


def mail(settings: Config) -> Mail | None:
    """The mail of the section [email]; None without one."""
    if not settings.section(EMAIL):
        return None
    return _mail(settings, settings.read(EmailSection, EMAIL))


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

"""What `qingyun alarms deliver` does: every channel of the configuration, each in a thread
of its own, so that one that hangs holds back no other."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from pathlib import Path

from host.alerts import Failed
from host.alerts.delivery import Channel, Policy, hours, step
from host.alerts.mail import AT_ONCE, Mail
from host.alerts.webhook import Webhook
from host.errors import OutsideError, UsageError
from host.hazard import alarms
from host.service import logs
from host.service.config import Config
from host.store import Busy, Store, StoreError
from host.store import delivery as rows

log = logging.getLogger("qingyun.deliver")


def secret(settings: Config, name: str) -> str | None:
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


def policy(settings: Config, section: str, at_once: int) -> Policy:
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


def channels(settings: Config) -> list[Channel]:
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
            secret(settings, "email.password_file"),
            _path(mail.get("cafile")),
            mail.get("timeout_s", 30.0),
        )
        if sender.username is not None and sender.password is None:
            raise UsageError(settings.mistake("email.password_file", "a file with the password"))
        found.append(Channel("email", policy(settings, "email", AT_ONCE), sender))
    if hook := settings.section("webhook"):
        _needs(settings, "webhook", ("url", "secret_file"))
        key = (secret(settings, "webhook.secret_file") or "").encode()
        timeout = hook.get("timeout_s", 30.0)
        receiver = Webhook(hook["url"], key, _path(hook.get("cafile")), timeout)
        found.append(Channel("webhook", policy(settings, "webhook", 1), receiver))
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


def run_deliver(args: argparse.Namespace) -> int:
    found = channels(args.settings)
    if args.test:
        return _test(found)
    if args.every is None:
        waits = [_once(args.db, channel) for channel in found]
        for channel, left in zip(found, waits, strict=True):
            print(f"{channel.name}: {'not taken, it waits' if left else 'nothing left to tell'}")
        return 1 if any(waits) else 0
    if args.every < 1:
        raise UsageError("--every: expected 1 or more seconds")
    Store(args.db).close()  # what is wrong with it is said at once
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    threads = [
        threading.Thread(target=_loop, args=(args.db, c, args.every, over), daemon=True)
        for c in found
    ]
    for thread in threads:
        thread.start()
    log.info("alarms go to %s, every %d s", " and ".join(c.name for c in found), args.every)
    over.wait()
    for thread in threads:
        thread.join(10)  # longer than that is not waited for: it is sent again
    return 0


def _once(db: Path | str, channel: Channel) -> bool:
    """Everything that is due; whether something waits because it was not taken."""
    store = Store(db)
    try:
        while step(store, channel, int(time.time())):
            pass
        return rows.standing(store, channel.name, 0).tries > 0
    finally:
        store.close()


def _loop(db: Path | str, channel: Channel, every: int, over: threading.Event) -> None:
    while not over.is_set():
        try:
            _drain(db, channel, over)
        except (Busy, StoreError) as error:
            log.error("store: %s; %s waits", error, channel.name)
        except Exception:
            log.exception("%s: stopped by a mistake of this program; it goes on", channel.name)
        over.wait(every)


def _drain(db: Path | str, channel: Channel, over: threading.Event) -> None:
    store = Store(db)
    try:
        while not over.is_set() and step(store, channel, int(time.time())):
            pass
    finally:
        store.close()


def _test(found: list[Channel]) -> int:
    """A message that says that it is one, through every channel."""
    now = int(time.time())
    said = alarms.Said(
        rule="test", kind="test", level="提示", site="test", store="test", subject="",
        value=0, unit="", threshold=0, source="qingyun alarms deliver --test", text="测试 test",
    )  # fmt: skip
    for channel in found:
        try:
            channel.send([alarms.Row(0, 0, alarms.RAISED, now, said)], f"test-{now}")
        except Failed as error:
            raise OutsideError(f"{channel.name}: {error}") from None
        print(f"{channel.name}: taken")
    return 0

"""Alarms to people: a real SMTP server and a real HTTP receiver, also when they misbehave."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from alarm_rows import add, became, clear
from broker import free_port
from host_job import qingyun
from killing import until
from receivers import HOST, Box, Hook, certificate, smtp

from host.alarms import alarm_log
from host.delivery import Declined, Failed
from host.delivery.due import Channel, Policy, backoff, hours, step
from host.delivery.mail import AT_ONCE, Mail
from host.delivery.webhook import Webhook, verify
from host.store import Store
from host.store import delivery as rows

COMES_S = 120  # on a busy machine
NOW = 1_772_500_000  # 2026-03-03 09:06 in Shanghai
PASSWORD = "a long password"  # noqa: S105
SECRET = b"0123456789abcdef-of-the-test"


class Recorder:
    """Where rows go in tests of what is sent when; fails as often as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[list[int], str]] = []
        self.failures: list[Failed] = []

    def __call__(self, batch: list[alarm_log.Row], name: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(([r.id for r in batch], name))

    @property
    def ids(self) -> list[int]:
        return [i for ids, _ in self.sent for i in ids]


def drain(store: Store, channel: Channel, now: int) -> None:
    while step(store, channel, now):
        pass


def mail(port: int, **more: object) -> Mail:
    return Mail(HOST, port, "none", "qingyun@example.org", ("duty@example.org",), **more)  # type: ignore[arg-type]


def hook(at: Hook, **more: object) -> Webhook:
    return Webhook(f"http://{HOST}:{at.port}/alarm?x=1", SECRET, **more)  # type: ignore[arg-type]


# What is told when


def test_each_channel_has_a_place_of_its_own(db: Path, store: Store) -> None:
    add(db, NOW, n=3)
    one, other = Recorder(), Recorder()
    drain(store, Channel("email", Policy(at_once=10), one), NOW)  # type: ignore[arg-type]
    other.failures = [Failed("away")]
    drain(store, Channel("webhook", Policy(), other), NOW)  # type: ignore[arg-type]
    assert [ids for ids, _ in one.sent] == [[1, 2, 3]]
    assert other.sent == []
    drain(store, Channel("webhook", Policy(), other), NOW + 5)  # type: ignore[arg-type]
    assert [ids for ids, _ in other.sent] == [[1], [2], [3]]
    assert became(db, "email") == became(db, "webhook") == dict.fromkeys((1, 2, 3), "sent")


def test_backoff_is_bounded_and_order_is_kept(db: Path, store: Store) -> None:
    add(db, NOW)
    there = Recorder()
    channel = Channel("webhook", Policy(), there)  # type: ignore[arg-type]
    there.failures = [Failed("away") for _ in range(12)]
    now, waits = NOW, []
    while there.failures:
        step(store, channel, now)
        at = rows.standing(store, "webhook", 0)
        waits.append(at.next_t - now)
        step(store, channel, at.next_t - 1)  # too early: nothing is tried
        now = at.next_t
    add(db, now, site="jt-01", subject="x")
    drain(store, channel, now)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, *[900] * 4]
    assert there.ids == [1, 2]
    assert [backoff(n) for n in (1, 60, 5000)] == [5, 900, 900]
    assert rows.standing(store, "webhook", 0).tries == 0


def test_what_is_declined_is_given_up_visibly_and_holds_back_nothing(
    db: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    add(db, NOW, n=2)
    there = Recorder()
    channel = Channel("webhook", Policy(give_up_s=3600), there)  # type: ignore[arg-type]
    there.failures = [Declined("410 Gone")] * 12
    now = NOW
    while there.failures:
        step(store, channel, now)
        now = max(now, rows.standing(store, "webhook", 0).next_t)
    drain(store, channel, now)
    assert became(db, "webhook") == {1: "given up", 2: "sent"}
    assert "given up: alarm rows [1]" in caplog.text
    away = Recorder()
    away.failures = [Failed("away")] * 200  # a receiver that is away is waited for
    other = Channel("email", Policy(give_up_s=3600), away)  # type: ignore[arg-type]
    now = NOW
    while away.failures:
        step(store, other, now)
        now = max(now, rows.standing(store, "email", 0).next_t)
    drain(store, other, now)
    assert set(became(db, "email").values()) == {"sent"}
    assert now - NOW > 86_400


def test_quiet_hours_hold_back_what_is_mild(db: Path, store: Store) -> None:
    night = NOW + 14 * 3600  # 23:06
    there = Recorder()
    policy = Policy(quiet=hours("22:00-07:00"), at_once=AT_ONCE)
    channel = Channel("email", policy, there)  # type: ignore[arg-type]
    add(db, night, level="提示")
    add(db, night, level="告警", subject="b")
    clear(db, night + 60, 1, level="提示")
    drain(store, channel, night + 60)
    assert there.ids == [2]
    drain(store, channel, night + 7 * 3600)  # 06:06
    assert there.ids == [2]
    drain(store, channel, night + 8 * 3600)
    assert there.ids == [2, 1, 3]
    assert Policy(quiet=hours("12:00-13:00")).quiet_at(NOW + 3 * 3600)
    assert not Policy(quiet=hours("12:00-13:00")).quiet_at(NOW)


def test_the_same_again_soon_is_told_only_if_it_stays(db: Path, store: Store) -> None:
    there = Recorder()
    channel = Channel("email", Policy(repeat_s=1800, at_once=AT_ONCE), there)  # type: ignore[arg-type]
    add(db, NOW)
    clear(db, NOW, 1)
    drain(store, channel, NOW)
    for k in range(1, 4):  # it flutters
        (again,) = add(db, NOW + k * 60)
        drain(store, channel, NOW + k * 60)
        clear(db, NOW + k * 60 + 30, again)
        drain(store, channel, NOW + k * 60 + 30)
    (stays,) = add(db, NOW + 600)
    (else_,) = add(db, NOW + 600, subject="another")
    drain(store, channel, NOW + 600)
    assert there.ids == [1, 2, else_]
    drain(store, channel, NOW + 1800)
    assert there.ids == [1, 2, else_, stays]
    assert set(became(db, "email").values()) == {"sent", "folded"}


def test_what_is_mild_is_never_told_where_it_is_not_wanted(db: Path, store: Store) -> None:
    there = Recorder()
    channel = Channel("email", Policy(level="告警", at_once=9), there)  # type: ignore[arg-type]
    add(db, NOW, level="提示")
    add(db, NOW, level="告警")
    drain(store, channel, NOW)
    assert there.ids == [2]
    assert became(db, "email") == {1: "mild", 2: "sent"}


def test_a_new_channel_begins_with_what_is_open_or_of_today(db: Path, store: Store) -> None:
    (old,) = add(db, NOW - 40 * 86_400)
    clear(db, NOW - 39 * 86_400, old)
    (open_,) = add(db, NOW - 30 * 86_400, subject="open")
    add(db, NOW - 60, subject="new")
    there = Recorder()
    drain(store, Channel("email", Policy(at_once=9), there), NOW)  # type: ignore[arg-type]
    assert there.ids == [open_, open_ + 1]


# Real servers


def test_a_letter_over_starttls_with_a_login(db: Path, store: Store, tmp_path: Path) -> None:
    tls, authority = certificate(tmp_path / "tls")
    add(db, NOW, value=93.5, text="库存过多\r\nBcc: somebody@example.org")
    box = Box()
    with smtp(box, tls=tls) as port:
        known: dict[str, Any] = {"username": "qingyun", "cafile": authority}
        good = Mail(
            HOST, port, "starttls", "qingyun@example.org", ("a@example.org", "b@example.org"),
            password=PASSWORD, **known,
        )  # fmt: skip
        drain(store, Channel("email", Policy(at_once=AT_ONCE), good), NOW)
        wrong = Mail(
            HOST, port, "starttls", "q@x.org", ("a@x.org",), password=PASSWORD[1:], **known
        )
        with pytest.raises(Declined, match="535"):
            wrong([alarm_log.as_row(r) for r in rows.waiting(store, rows.Standing("x", 0))], "x")
        strange = Mail(HOST, port, "starttls", "q@x.org", ("a@x.org",))
        with pytest.raises(Failed, match="certificate verify failed"):
            strange([alarm_log.as_row(r) for r in rows.waiting(store, rows.Standing("x", 0))], "x")
    (letter,) = box.letters
    assert letter["To"] == "a@example.org, b@example.org"
    assert letter["Subject"] == "[清运] 发生 1: hw-01"
    assert letter["Bcc"] is None
    assert letter["Auto-Submitted"] == "auto-generated"
    text = letter.get_content()
    assert "93.5 %" in text and "xq-01" in text and "capacity-90" in text


def test_a_letter_has_everything_and_one_name_however_often_it_goes_out(
    db: Path, store: Store
) -> None:
    add(db, NOW, n=AT_ONCE + 20, subject="s")
    box = Box()
    with smtp(box) as port:
        channel = Channel("email", Policy(at_once=AT_ONCE), mail(port))
        box.answers = ["451 later", "554 no"]
        now = NOW
        for _ in range(2):
            step(store, channel, now)
            add(db, now, subject=f"came meanwhile {now}")
            now = rows.standing(store, "email", 0).next_t
        box.delay_s = 1.5
        step(store, Channel("email", Policy(at_once=AT_ONCE), mail(port, timeout_s=0.7)), now)
        box.delay_s = 0
        assert rows.standing(store, "email", 0).tries == 3  # taken, but nobody heard of it
        drain(store, channel, rows.standing(store, "email", 0).next_t)
    first, again, rest = box.letters
    assert first["Message-ID"] == again["Message-ID"] != rest["Message-ID"]
    assert first.get_content() == again.get_content()
    assert len(became(db, "email")) == AT_ONCE + 22
    assert rest["Subject"] == "[清运] 发生 22: hw-01"


def test_what_went_out_before_a_crash_goes_out_again_under_the_same_name(
    db: Path, store: Store
) -> None:
    add(db, NOW, n=2)
    there = Recorder()

    def crash(batch: list[alarm_log.Row], name: str) -> None:
        there(batch, name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(store, Channel("email", Policy(at_once=9), crash), NOW)  # type: ignore[arg-type]
    add(db, NOW, subject="came meanwhile")
    drain(store, Channel("email", Policy(at_once=9), there), NOW)  # type: ignore[arg-type]
    first, again, rest = there.sent
    assert first == again
    assert rest[0] == [3]


def test_refused_recipients(db: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    add(db, NOW)
    box = Box()
    box.refused = {"gone@example.org": "550 no such user"}
    with smtp(box) as port:
        both = Mail(HOST, port, "none", "q@example.org", ("gone@example.org", "duty@example.org"))
        drain(store, Channel("email", Policy(at_once=9), both), NOW)
        gone = Mail(HOST, port, "none", "q@example.org", ("gone@example.org",))
        with pytest.raises(Declined, match=r"gone@example.org \(550\)"):
            gone([alarm_log.as_row(r) for r in rows.waiting(store, rows.Standing("x", 0))], "x")
    assert len(box.letters) == 1
    assert "refused it for gone@example.org (550)" in caplog.text


def test_a_signed_webhook(db: Path, store: Store, tmp_path: Path) -> None:
    tls, authority = certificate(tmp_path / "tls")
    add(db, NOW)
    with Hook(tls=tls) as receiver:
        there = Webhook(f"https://{HOST}:{receiver.port}/a", SECRET, authority)
        drain(store, Channel("webhook", Policy(), there), NOW)
        with pytest.raises(Failed, match="certificate verify failed"):
            Webhook(f"https://{HOST}:{receiver.port}/a", SECRET).post(b"{}", "x")
    ((headers, body),) = receiver.calls
    said = headers["Qingyun-Timestamp"], body, headers["Qingyun-Signature"]
    assert verify(SECRET, *said, time.time())
    assert not verify(SECRET, *said, time.time() + 600)
    assert not verify(b"another", *said, time.time())
    assert not verify(SECRET, said[0], body + b" ", said[2], time.time())
    assert json.loads(body)["rule"] == "capacity-90"
    assert json.loads(body)["what"] == "raised"


@pytest.mark.parametrize("status", [301, 400, 410, 429, 500, 503])
def test_only_2xx_is_taken(status: int) -> None:
    with Hook() as receiver:
        receiver.answers = [status]
        declined = status in (301, 400, 410)
        with pytest.raises(Failed, match=str(status)) as caught:
            hook(receiver).post(b"{}", "x")
        assert isinstance(caught.value, Declined) == declined
        assert len(receiver.calls) == 1  # a redirect is not followed


def test_a_receiver_that_is_slow_down_or_gone_in_the_middle(db: Path, store: Store) -> None:
    add(db, NOW)
    port = free_port()
    down = Webhook(f"http://{HOST}:{port}/", SECRET)
    step(store, Channel("webhook", Policy(), down), NOW)
    assert "refused" in rows.standing(store, "webhook", 0).error
    with Hook(port) as receiver:
        began = time.monotonic()
        now = rows.standing(store, "webhook", 0).next_t
        for behaviour in ("hang_s", "drip_s", "cut"):
            setattr(receiver, behaviour, {"hang_s": 3.0, "drip_s": 0.1, "cut": True}[behaviour])
            quick = Webhook(f"http://{HOST}:{port}/", SECRET, timeout_s=1.0)
            assert not step(store, Channel("webhook", Policy(), quick), now)
            setattr(receiver, behaviour, 0)
            now = rows.standing(store, "webhook", 0).next_t
        assert time.monotonic() - began < 6  # a byte every 0.1 s would have gone on for minutes
        assert rows.standing(store, "webhook", 0).tries == 4
        drain(store, Channel("webhook", Policy(), down), now)
        names = {headers["Qingyun-Delivery"] for headers, _ in receiver.calls}
        assert len(receiver.calls) == 4
        assert len(names) == 1  # the receiver can tell that it had it
    assert became(db, "webhook") == {1: "sent"}


def test_a_mail_server_that_drips_is_left_in_time() -> None:
    with socket.create_server((HOST, 0)) as server:

        def drip() -> None:
            with server.accept()[0] as c:
                try:
                    for _ in range(100):
                        c.sendall(b"2")
                        time.sleep(0.1)
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Failed, match="not done within 1 s"):
            mail(server.getsockname()[1], timeout_s=1.0).hand_in(EmailMessage())
        assert time.monotonic() - began < 4
        thread.join()


# The process


def settings(tmp_path: Path, smtp_port: int, hook_port: int) -> Path:
    (tmp_path / "secret").write_bytes(SECRET)
    file = tmp_path / "qingyun.toml"
    file.write_text(
        f'[store]\ndb = "{tmp_path}/q.db"\n'
        f'[email]\nhost = "{HOST}"\nport = {smtp_port}\ntls = "none"\n'
        'from = "q@example.org"\nto = ["duty@example.org"]\ntimeout_s = 2\nrepeat_s = 0\n'
        f'[webhook]\nurl = "http://{HOST}:{hook_port}/"\nsecret_file = "{tmp_path}/secret"\n'
        "timeout_s = 2\nrepeat_s = 0\n"
    )
    return file


def start(file: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "host.cli", "--config", str(file), "--log", "json"]
    with log.open("ab") as out:
        return subprocess.Popen(
            [*command, "alarms", "deliver", "--every", "1"], stdout=out, stderr=out, env=os.environ
        )


def test_killed_again_and_again_everything_is_told(
    db: Path, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """At least once on both ways, with the same name each time; one that hangs holds back
    nothing on the other."""
    box, log = Box(), tmp_path / "log"
    with smtp(box) as port, Hook() as receiver:
        file = settings(tmp_path, port, receiver.port)
        box.delay_s = 0.05
        receiver.hang_s = 0.02
        total = 0
        for _ in range(4):
            process = start(file, log)
            total += len(add(db, int(time.time()), n=15, subject=f"s{total}-"))
            seen = len(receiver.calls)
            assert until(lambda: len(receiver.calls) > seen + 3, COMES_S)  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = start(file, log)
        for channel in ("email", "webhook"):
            assert until(lambda: len(became(db, channel)) == total, COMES_S), log.read_text()  # noqa: B023
        process.terminate()
        assert process.wait(15) == 0
    ids = [json.loads(body)["id"] for _, body in receiver.calls]
    names = [headers["Qingyun-Delivery"] for headers, _ in receiver.calls]
    assert set(ids) == set(range(1, total + 1))
    assert len(set(names)) == total
    assert sorted(set(ids)) == [i for k, i in enumerate(ids) if i not in ids[:k]]  # in order
    letters = {str(letter["Message-ID"]): letter for letter in box.letters}
    told = sum(len(letter.get_content().splitlines()) - 1 for letter in letters.values())
    assert told == total
    figure(
        f"{total} rows, 4 SIGKILLs: webhook {len(ids)} posts of {len(set(names))} names, "
        f"{len(box.letters)} letters of {len(letters)} names"
    )
    text = log.read_text()
    assert SECRET.decode() not in text
    assert all("text" in json.loads(line) for line in text.splitlines())


def test_a_test_message_and_what_is_missing(db: Path, tmp_path: Path) -> None:
    box = Box()
    with smtp(box) as port, Hook() as receiver:
        file = settings(tmp_path, port, receiver.port)
        done = qingyun("--config", file, "alarms", "deliver", "--test")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "email: taken\nwebhook: taken\n"
        assert "测试" in box.letters[0].get_content()
        receiver.answers = [500]
        failed = qingyun("--config", file, "alarms", "deliver", "--test")
        assert failed.returncode == 1
        assert failed.stderr.startswith("qingyun: error: webhook: 127.0.0.1:")
    file.write_text(file.read_text().replace('to = ["duty@example.org"]\n', ""))
    done = qingyun("--config", file, "alarms", "deliver")
    assert (done.returncode, done.stderr) == (
        2, f"qingyun: error: {file}: email.to: expected a value\n",
    )  # fmt: skip

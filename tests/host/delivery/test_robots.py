"""Robots of 企业微信, 钉钉 and 飞书: what counts is the code in their answer, not the status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alarm_rows import add, became
from host_job import qingyun
from robots import TOKEN, Robots
from sim_board import ROOT

from host.alarms import alarm_log
from host.delivery import Declined, Failed, robot
from host.delivery.due import Channel, Policy, step
from host.delivery.robot import AT_ONCE, KINDS, MOST_BYTES, Robot
from host.delivery.wording import Wording
from host.store import Store
from host.store import delivery as rows

NOW = 1_772_500_000  # 2026-03-03 09:06 in Shanghai
SECRET = "SEC-of-the-test"  # noqa: S105
SIGNED = {"wecom": None, "dingtalk": SECRET, "feishu": SECRET}


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest) -> Iterator[Robots]:
    with Robots(request.param, SIGNED[request.param] or "") as made:
        yield made


def of(service: Robots, page: str = "") -> Robot:
    return Robot(service.kind, service.url, SIGNED[service.kind], wording=Wording(page))


def channel(service: Robots, **more: float) -> Channel:
    policy = Policy(at_once=AT_ONCE, pace_s=robot.PACE_S[service.kind], **more)  # type: ignore[arg-type]
    return Channel(service.kind, policy, of(service, page="https://q.example.org/"))


def test_rows_come_as_a_card(service: Robots, db: Path, store: Store) -> None:
    add(db, NOW, n=3)
    assert step(store, channel(service), NOW)
    (text,) = service.texts()
    assert text.startswith("**［清运］ 发生 3") and text.count("\n- 发生") == 3
    assert "[打开告警页](https://q.example.org/alarms)" in text
    assert became(db, service.kind) == dict.fromkeys((1, 2, 3), "sent")


def test_an_answer_of_200_that_refuses_is_no_delivery(
    service: Robots, db: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again, told with what it means, and given up in the end where it stays so."""
    add(db, NOW)
    refused = {"wecom": 93000, "dingtalk": 310000, "feishu": 19021}[service.kind]
    service.next_codes = [refused] * 20
    now = NOW
    while "given up" not in caplog.text:
        step(store, channel(service, give_up_s=3600), now)
        now = max(now + 1, rows.standing(store, service.kind, 0).next_t)
    assert service.taken == [] and now - NOW >= 3600
    assert f"{refused} as the test says（" in caplog.text
    assert TOKEN not in caplog.text and SECRET not in caplog.text
    assert became(db, service.kind) == {1: "given up"}


def test_too_often_is_waited_for(service: Robots, db: Path, store: Store) -> None:
    """However long it takes: a limit is no refusal."""
    add(db, NOW)
    limit = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}[service.kind]
    service.next_codes = [limit] * 150
    now = NOW
    while not service.taken:
        step(store, channel(service, give_up_s=3600), now)
        now = max(now + 1, rows.standing(store, service.kind, 0).next_t)
    assert now - NOW > 86_400
    assert became(db, service.kind) == {1: "sent"}


@pytest.mark.parametrize(
    "raw", [b"<html>a proxy</html>", b"{}", b"[]", b'{"errcode":false,"code":false}']
)
def test_an_answer_that_is_none_of_theirs(service: Robots, raw: bytes) -> None:
    service.raw = raw
    with pytest.raises(Failed) as raised:
        of(service).say("清运", ["x"])
    assert not isinstance(raised.value, Declined)


def test_a_signature_that_is_wrong_or_old_is_refused(service: Robots) -> None:
    """The service checks as it says: another secret, and a clock that is two hours off."""
    of(service).say("清运", ["x"])
    if service.kind == "wecom":
        service.limit = 1  # it knows no signature: the message after that is one too many
        with pytest.raises(Failed, match="45009 too often（发送过于频繁"):
            of(service).say("清运", ["x"])
        return
    for wrong in (Robot(service.kind, service.url, "other"), Robot(service.kind, service.url)):
        with pytest.raises(Declined, match=r"sign.*（签名"):
            wrong.say("清运", ["x"])
    service.skew_s = 7200
    with pytest.raises(Declined, match="时钟"):
        of(service).say("清运", ["x"])


def test_a_flood_keeps_to_the_pace(service: Robots, db: Path, store: Store) -> None:
    """200 rows: cards of 20, never more in a minute than the service takes."""
    add(db, NOW, n=200)
    now, sent_at = NOW, []
    while rows.waiting(store, rows.standing(store, service.kind, NOW - 86_400)):
        if step(store, channel(service), now):
            sent_at.append(now)
        service.times = []  # the limit is of virtual minutes, see below
        now += 1
    assert len(sent_at) == 200 / AT_ONCE
    most = max(sum(t <= x < t + 60 for x in sent_at) for t in sent_at)
    assert most <= {"feishu": 100}.get(service.kind, 20)


def test_a_card_is_cut_to_what_is_taken(service: Robots) -> None:
    of(service, page="https://q.example.org").say("清运", ["告警" * 300] * AT_ONCE)
    (text,) = service.texts()
    assert len(text.encode()) <= MOST_BYTES[service.kind]
    shown = text.count("\n- 告警")
    assert f"另有 {AT_ONCE - shown} 条未列出" in text or shown == AT_ONCE
    assert "打开告警页" in text


def test_what_people_typed_makes_no_link_and_no_mention(service: Robots) -> None:
    body = alarm_log.Body(
        rule="r", kind="age", level="告警", site="s", store="s", subject="x", value=1, unit="h",
        threshold=1, source="x", text="x", by="王五",
        note="[link](http://x) <@all> **bold** `code`",
    )  # fmt: skip
    of(service)([alarm_log.Row(1, 1, alarm_log.ACKNOWLEDGED, NOW, body)], "n")
    (text,) = service.texts()
    assert "［link］（http://x） ＜＠all＞ ＊＊bold＊＊ ｀code｀" in text


def test_the_command_tells_through_a_robot(tmp_path: Path, db: Path) -> None:
    """From the configuration to the group; a refusal is one line without a secret."""
    add(db, NOW)
    with Robots("dingtalk", SECRET) as service:
        (tmp_path / "url").write_text(service.url + "\n")
        (tmp_path / "secret").write_text(SECRET + "\n")
        for name in ("url", "secret"):
            (tmp_path / name).chmod(0o600)
        config = tmp_path / "qingyun.toml"
        config.write_text(
            f'[store]\ndb = "{db}"\n[dingtalk]\nurl_file = "url"\nsecret_file = "secret"\n'
        )
        base = ("--config", config, "alarms", "deliver")
        done = qingyun(*base, "--test")
        assert (done.returncode, done.stdout) == (0, "dingtalk: taken\n"), done.stderr
        service.next_codes = [310000]
        done = qingyun(*base, "--test")
        assert done.returncode == 1 and done.stderr.count("\n") == 1
        assert "310000 as the test says（签名、关键词或 IP" in done.stderr
        assert TOKEN not in done.stderr and SECRET not in done.stderr
        (tmp_path / "url").write_text("ftp://example.org/x\n")
        done = qingyun(*base)
        assert done.returncode == 2 and "dingtalk.url_file: expected https://" in done.stderr
        done = qingyun("--config", config, "check", "--registry", ROOT / "registry")
        assert done.returncode == 2 and "dingtalk.url_file: expected https://" in done.stderr

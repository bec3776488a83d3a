"""Short messages through gateways that a section describes: taken is what their answer says."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alarm_rows import add, became
from host_job import qingyun
from sim_board import ROOT
from sms_gateways import KEY, SECRET, SmsGateway

from host.alarms import alarm_log
from host.delivery import Declined, Failed, channels, recipients
from host.delivery.due import Channel, step
from host.delivery.sms import Gateway, Pace, Sms, segments
from host.delivery.wording import Wording
from host.service.config import Config
from host.store import Store
from host.store import delivery as rows

NOW = 1_772_500_000  # 2026-03-03 09:06 in Shanghai
NUMBER = "13800000000"
HEADER = ",".join(recipients.COLUMNS)


@pytest.fixture(params=["statuses", "bearer", "word"])
def gateway(request: pytest.FixtureRequest) -> Iterator[SmsGateway]:
    with SmsGateway(request.param) as made:
        yield made


def settings_of(folder: Path, gateway: SmsGateway, **more: object) -> Config:
    for name, text in (("url", gateway.url), ("secret", SECRET)):
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o640)
    keys = {"url_file": str(folder / "url"), "secret_file": str(folder / "secret"), "pace_s": 0}
    values = {f"sms.{k}": v for k, v in (keys | gateway.section() | more).items()}
    return Config(values=values)


def channel_of(folder: Path, gateway: SmsGateway, **more: object) -> Channel:
    registry = folder / "registry"
    if not registry.exists():
        shutil.copytree(ROOT / "registry", registry)
        (registry / recipients.FILE).write_text(f"{HEADER}\n夜班,sms,{NUMBER},,,,,,,,,\n", "utf-8")
    settings = settings_of(folder, gateway, **more)
    (made,) = channels.of(settings, "https://q.example.org", recipients.load(registry))
    return made


def test_a_message_is_taken_as_the_gateway_says(
    gateway: SmsGateway, db: Path, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With signs that its form could take for its own."""
    channel = channel_of(tmp_path, gateway)
    caplog.set_level("INFO")
    (alarm,) = add(db, NOW, text='满"溢"&{secret}', unit="%", value=95)
    assert step(store, channel, NOW)
    ((to, text, name),) = gateway.taken
    assert to == NUMBER
    assert text == f'发生告警 xq-01 满"溢"&{{secret}} 95% https://q.example.org/alarms/{alarm}'
    assert name.startswith(f"{alarm}-")
    assert became(db, "夜班") == {alarm: "sent"}
    assert "1 rows in 1 short messages" in caplog.text


def test_a_limit_is_waited_for_and_keeps_its_name(
    gateway: SmsGateway, db: Path, store: Store, tmp_path: Path
) -> None:
    channel = channel_of(tmp_path, gateway, give_up_h=1.0)
    add(db, NOW)
    gateway.next = ["often"] * 30
    now = NOW
    while not gateway.taken:
        step(store, channel, now)
        now = max(now + 1, rows.standing(store, "夜班", 0).next_t)
    assert now - NOW > 3600
    assert gateway.asked == 31


@pytest.mark.parametrize("why", ["key", "credit"])
@pytest.mark.parametrize("kind", ["statuses", "bearer", "word"])
def test_a_refusal_is_told_with_its_reason_and_given_up_in_the_end(
    kind: str, why: str, db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Credentials that have expired, an account without money."""
    (alarm,) = add(db, NOW)
    store = Store(db)
    with SmsGateway(kind) as gateway:
        channel = channel_of(tmp_path, gateway, give_up_h=1.0)
        gateway.next = [why] * 99
        gateway.secret = "another" if why == "key" else SECRET
        now = NOW
        while "given up" not in caplog.text:
            step(store, channel, now)
            now = max(now + 1, rows.standing(store, "夜班", 0).next_t)
    store.close()
    assert gateway.taken == []
    assert now - NOW >= 3600
    assert became(db, "夜班") == {alarm: "given up"}
    code = {"statuses": f"as documented: {why}", "word": why}
    status = {"key": "401", "credit": "402"}[why]
    assert code.get(kind, status) in caplog.text
    assert SECRET not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("raw", [b"<html>a proxy</html>", b"{}", b'{"messages": []}', b"[]", b""])
def test_an_answer_that_is_none_of_the_gateways_is_no_delivery(raw: bytes, tmp_path: Path) -> None:
    with SmsGateway("statuses") as gateway:
        gateway.raw = raw
        send = channel_of(tmp_path, gateway).send
        with pytest.raises(Failed, match=r"expected messages\.0\.status in the answer") as caught:
            send([row()], "n")
        assert not isinstance(caught.value, Declined)


def row(**more: object) -> alarm_log.Row:
    said = {"rule": "r", "kind": "full", "level": "告警", "site": "fs-01", "store": ""}
    said |= {"subject": "b", "source": "x", "text": "满溢", "unit": "%"}
    body = alarm_log.Body(value=95, threshold=90, **(said | more))  # type: ignore[arg-type]
    return alarm_log.Row(7, 7, alarm_log.RAISED, NOW, body)


@pytest.mark.parametrize(
    ("text", "n"),
    [("告" * 70, 1), ("告" * 71, 2), ("告" * 134, 2), ("告" * 135, 3), ("🚮" * 36, 2)],
)
def test_as_how_many_messages_a_text_goes(text: str, n: int) -> None:
    assert segments(text) == n


@pytest.mark.parametrize("most", [70, 134])
def test_a_text_is_cut_before_its_link(most: int) -> None:
    gateway = Gateway("http://127.0.0.1/", "{to}{text}", most=most)
    sms = Sms(gateway, NUMBER, Wording("https://q.example.org"))
    text = sms.text([row(text="满溢🚮" * 60)])
    assert len(text.encode("utf-16-le")) // 2 in (most, most - 1)
    assert text.endswith("… https://q.example.org/alarms/7")
    many = sms.text([row()] * 30)
    assert many.startswith("发生 30: fs-01。发生告警 fs-01/b 满溢 95%")
    assert many.endswith("https://q.example.org/alarms")
    late = Sms(gateway, NUMBER, Wording("", 900)).text([row()])
    assert late == "升级（15 分钟无人确认）发生告警 fs-01/b 满溢 95%"


def test_recipients_share_the_pace_of_a_gateway() -> None:
    pace = Pace(0.2)
    began = time.monotonic()
    for _ in range(3):
        pace.wait()
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"body": '{"text": "{text}"}'}, "sms.body: expected {to} in it"),
        ({"body": "{to} {text}"}, "sms.body: expected JSON"),
        ({"body": '"{to}{text}{secret}"', "secret_file": None}, "sms.secret_file: expected a file"),
        ({"body": '"{to}{text}"', "again": ["1"]}, "sms.taken: expected the value that says taken"),
        ({"body": '"{to}{text}"', "method": "GET"}, "sms.form: expected form for the method GET"),
    ],
)
def test_a_section_that_cannot_work_is_one_line(
    tmp_path: Path, more: dict[str, object], said: str
) -> None:
    with SmsGateway("bearer") as gateway:
        settings = settings_of(tmp_path, gateway, headers=[], **more)
    settings.values = {k: v for k, v in settings.values.items() if v is not None}
    (line,) = channels.wrong_sms(settings)
    assert said in line


def test_the_commands_check_test_and_tell_each_recipient(tmp_path: Path, db: Path) -> None:
    """From the file of the office to the telephone; each recipient is tried, whatever the others
    answer."""
    registry = Path(shutil.copytree(ROOT / "registry", tmp_path / "registry"))
    file = registry / recipients.FILE
    file.write_text(f"{HEADER}\na,sms,{NUMBER},,,,,,,,,\nb,sms,13900000000,,,,,,,,,\n")
    with SmsGateway("statuses") as gateway:
        settings_of(tmp_path, gateway)
        keys = "\n".join(f"{k} = {v!r}" for k, v in gateway.section().items())
        config = tmp_path / "qingyun.toml"
        config.write_text(
            f'[store]\ndb = "{db}"\nregistry = "registry"\n[alarms]\npage = "https://q.example.org"\n'
            f'[sms]\nurl_file = "url"\nsecret_file = "secret"\npace_s = 0\n{keys}\n'
        )
        gateway.next = ["credit"]
        done = qingyun("--config", config, "alarms", "deliver", "--test")
        assert (done.returncode, done.stdout) == (1, "b: taken\n")
        assert "\nqingyun: error: a: sms: 127.0.0.1:" in done.stderr
        assert gateway.taken[0][1].endswith("https://q.example.org/alarms/0")
        (alarm,) = add(db, NOW)
        assert qingyun("--config", config, "alarms", "deliver").returncode == 0
        assert {to for to, *_ in gateway.taken[1:]} == {NUMBER, "13900000000"}
    shown = qingyun("--config", config, "alarms", "show", "--all")
    assert f"  {alarm}  raised" in shown.stdout
    assert "; told a 2" in shown.stdout
    assert ", b 2" in shown.stdout
    file.write_text(file.read_text() + "c,feishu,,,,,,,,,,\n")
    done = qingyun("--config", config, "check")
    assert done.returncode == 2
    assert f"{file}:4: channel: expected a channel with a section" in done.stderr

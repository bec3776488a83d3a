"""`qingyun update` across ten boards: a canary first, a halt when it fails, then all of them."""

from __future__ import annotations

import json
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from fault_proxy import PASS, PUBLISH, SWALLOW, Fate, Packet, Proxy
from host_job import qingyun
from listener import Listener
from ota import Ota

from host.mqtt.broker import Broker as Address
from host.update import bundle as bundles
from host.update import fleet, keys
from host.update.air import Air
from host.update.bundle import Bundle

pytestmark = pytest.mark.usefixtures("needs_mosquitto")
BOARDS = [f"qy-f{n:02}" for n in range(10)]
TOWNS = "code,town\n310117105,新桥镇\n"
BINS = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg\n"


@dataclass
class Fleet:
    """Ten boards at two sites, ten times as fast as real ones, and one that is not there."""

    ota: Ota
    broker: Broker

    def __post_init__(self) -> None:
        self.folder = self.ota.folder / "registry"
        self.folder.mkdir()
        self.log = self.ota.folder / "updates.log"
        devices = [f"{d},s-{n % 2}" for n, d in enumerate(BOARDS)] + ["qy-gone,s-2"]
        sites = [f"s-{n},point,新桥镇,collection," for n in range(3)]
        (self.folder / "towns.csv").write_text(TOWNS, encoding="utf-8")
        (self.folder / "bins.csv").write_text(BINS)
        (self.folder / "devices.csv").write_text("device,site\n" + "\n".join(devices) + "\n")
        (self.folder / "sites.csv").write_text(
            "site,name,town,kind,windows\n" + "\n".join(sites) + "\n", encoding="utf-8"
        )

    def launch(self) -> ExitStack:
        stack = ExitStack()
        for n, device in enumerate(BOARDS):
            run = self.ota.named(self.broker, device, f"s-{n % 2}")
            process = run.launch()
            stack.callback(process.wait)
            stack.callback(process.kill)
        return stack

    def update(self, bundle: Bundle, *more: str) -> tuple[int, str]:
        """What the command ends with and prints; with an outcome of no board in five minutes,
        what the first board has printed is told."""
        file = self.ota.folder / f"{bundle.id}.bundle"
        file.write_bytes(bundle.raw)
        args = ("--registry", self.folder, "--broker", self.broker.address, "--log", self.log)
        try:
            done = qingyun("update", file, *args, *more, timeout=300)
        except subprocess.TimeoutExpired as e:
            board = (self.ota.folder / f"{BOARDS[0]}.report.log").read_text(errors="replace")
            raise AssertionError(f"{e}\n{e.stdout!r}\n{board[-5000:]}") from None
        return done.returncode, done.stdout + done.stderr

    def logged(self, bundle: Bundle) -> list[tuple[str, str]]:
        lines = [json.loads(x) for x in self.log.read_text().splitlines()]
        return [(x["device"], x["what"]) for x in lines if x["bundle"] == bundle.id]


@pytest.fixture
def boards(tmp_path: Path, broker: Broker) -> Iterator[Fleet]:
    fleet_ = Fleet(Ota(tmp_path), broker)
    with fleet_.launch(), Listener(broker) as heard:
        for n, device in enumerate(BOARDS):
            heard.wait_topic(f"qingyun/1/s-{n % 2}/{device}/birth")
        yield fleet_


def test_canary_halt_and_waves(boards: Fleet, figure: Callable[[str], None]) -> None:
    bad = boards.ota.newer(("main.py", "import sys\n", "import sys\n\nimport no_such_module\n"))
    code, out = boards.update(bad, "--canary", "10%", "--site", "s-0", "--site", "s-1")
    assert code == 1, out
    assert "canary of 1: qy-f00" in out
    assert "1 failed, 9 not begun" in out
    assert "ImportError: no module named 'no_such_module'" in out
    what = boards.logged(bad)
    assert [w for w in what if w[0] == "qy-f00"] == [
        ("qy-f00", w) for w in ("sent", "accepted", "failed")
    ]
    assert len([w for w in what if w[1] == "not begun"]) == 9

    good = boards.ota.newer()
    code, out = boards.update(good, "--canary", "10%", "--site", "s-0", "--site", "s-1")
    assert code == 0, out
    assert "wave of 4" in out and "wave of 5" in out and "10 updated" in out
    with Listener(boards.broker) as heard:
        for n, device in enumerate(BOARDS):
            birth = json.loads(heard.wait_topic(f"qingyun/1/s-{n % 2}/{device}/birth"))
            assert (birth["version"], birth["sha256"]) == ("9.1.0", good.firmware)
            assert (birth["update"]["bundle"], birth["update"]["state"]) == (good.id, "good")
        assert not heard.topics("qingyun/1/update/")  # the chunks are cleared
    figure(f"ten boards, canary of 1 and waves of 4 and 5: {out.splitlines()[-1]}")

    code, out = boards.update(good)
    assert code == 1, out  # one has not been there
    assert "10 up to date, 1 offline" in out


def test_shares() -> None:
    assert [fleet.share(t, 40) for t in ("5%", "1%", "100%", "3", "90")] == [2, 1, 40, 3, 40]
    for text in ("0", "0%", "101%", "many", "-1", ""):
        with pytest.raises(ValueError):
            fleet.share(text, 40)


def test_the_key_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    key = tmp_path / "update.key"
    done = qingyun("bundle", "--new-key", key, "--bits", "2048")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() not in done.stdout + done.stderr
    again = qingyun("bundle", "--new-key", key)
    assert again.returncode == 2 and "is there already" in again.stderr
    out = tmp_path / "b.bundle"
    done = qingyun("bundle", "--key", key, "--board", "sim", "--out", out)
    assert done.returncode == 0, done.stderr
    made = bundles.load(out)
    assert made == bundles.build("sim", keys.load(key))
    assert made.firmware in done.stdout
    key.chmod(0o644)
    done = qingyun("bundle", "--key", key, "--out", out)
    assert done.returncode == 2 and "others may read it; expected mode 0600" in done.stderr


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--canary", "half"], "--canary: expected a number or 1% to 100%, found 'half'"),
        (["--halt", "0"], "--halt: expected at least 1, found 0"),
        (["--site", "s-9"], "--site: expected a site of sites.csv, found 's-9'"),
        (["--device", "qy-x"], "--device: expected a device of devices.csv, found 'qy-x'"),
        (["--broker", "nowhere"], "--broker: expected HOST:PORT, found 'nowhere'"),
        (["--log", "/no/such/folder/log"], "--log: /no/such/folder/log: No such file"),
    ],
)
def test_wrong_use(tmp_path: Path, args: list[str], error: str) -> None:
    ota = Ota(tmp_path)
    file = tmp_path / "b"
    file.write_bytes(ota.first.raw)
    done = qingyun("update", file, "--registry", tmp_path, "--log", tmp_path / "log", *args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"qingyun: error: {error}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("cut", [5, 40, 3000, -1])
def test_a_file_that_is_no_bundle(tmp_path: Path, cut: int) -> None:
    ota = Ota(tmp_path)
    (tmp_path / "b").write_bytes(ota.first.raw[:cut])
    done = qingyun("update", tmp_path / "b", "--registry", tmp_path)
    assert done.returncode == 2
    assert "expected a file of qingyun bundle" in done.stderr


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    ota = Ota(tmp_path)
    (tmp_path / "b").write_bytes(ota.first.raw)
    args = ("--registry", tmp_path, "--broker", "127.0.0.1:9", "--log", tmp_path / "log")
    done = qingyun("update", tmp_path / "b", *args)
    assert done.returncode == 1
    assert "broker 127.0.0.1:9: [Errno 111] Connection refused" in done.stdout + done.stderr


def test_a_command_that_is_lost_is_sent_again(tmp_path: Path, broker: Broker) -> None:
    ota = Ota(tmp_path)
    good = ota.newer()
    lost: list[Packet] = []

    def policy(packet: Packet) -> Fate:
        if packet.kind == PUBLISH and packet.topic.endswith("/command") and not lost:
            lost.append(packet)
            return SWALLOW
        return PASS

    told: list[str] = []
    target = fleet.Target("qy-hw09", "hw-09")
    with Proxy((broker.host, broker.port), policy) as proxy:
        with ota.running(broker, {"speed": 10}, through=proxy.address) as board:
            board.heard.wait("reading")
            log = tmp_path / "updates.log"
            rollout = fleet.Rollout(good, [target], 1, 1, log, repeat_s=2, tell=told.append)
            host, port = broker.host, broker.port
            with Air(Address(host, port), [("hw-09", "qy-hw09")]) as air:
                air.offer(good)
                rollout.run(air)
    assert len(lost) == 1 and target.state == fleet.GOOD, (target, told)
    assert "qy-hw09: no answer for 2 s: the command is sent again" in told
    assert any(line.startswith("qy-hw09: chunk ") for line in told)


@dataclass
class Scripted:
    """What a board says, in answer to each command; told to the rollout through its own queue."""

    answers: list[list[tuple[str, dict[str, object]]]]
    asked: list[str] = field(default_factory=list)
    said: list[tuple[str, str, bytes]] = field(default_factory=list)
    status: str = "online"

    def kept(self) -> list[tuple[str, str, bytes]]:
        return [("qy-a", "status", self.status.encode())]

    def command(self, device: str, body: dict[str, Any]) -> None:
        self.asked.append(body["id"])
        for level, answer in self.answers.pop(0) if self.answers else []:
            told = {"id": body["id"], **answer} if level == "reply" else answer
            self.said.append((device, level, json.dumps(told).encode()))

    def hear(self, seconds: float) -> tuple[str, str, bytes] | None:
        if self.said:
            return self.said.pop(0)
        time.sleep(0.02)
        return None


def rolled_out(air: Scripted, folder: Path, bundle: Bundle, **more: Any) -> tuple[str, list[str]]:
    told: list[str] = []
    target = fleet.Target("qy-a", "s-a")
    log = folder / "log"
    fleet.Rollout(bundle, [target], 1, 1, log, tell=told.append, **more).run(air)
    return target.state, told


@pytest.fixture
def some_bundle() -> Bundle:
    return Bundle(b"raw", "9.1.0", "sim", 6, {})


def test_a_board_that_lost_the_command_in_a_restart_is_asked_anew(
    tmp_path: Path, some_bundle: Bundle
) -> None:
    birth: dict[str, object] = {"version": "9.1.0", "sha256": some_bundle.firmware}
    good = birth | {"update": {"bundle": some_bundle.id, "state": "good"}}
    fetching: dict[str, object] = {"ok": True, "result": {"state": "fetching", "chunk": 0, "of": 9}}
    air = Scripted(
        [
            [],
            [("reply", {"ok": True, "result": "done before"})],
            [("reply", fetching), ("birth", good)],
        ]
    )
    state, told = rolled_out(air, tmp_path, some_bundle, repeat_s=0.1, timeout_s=20)
    assert state == fleet.GOOD, told
    assert air.asked[0] == air.asked[1] != air.asked[2]
    assert "qy-a: chunk 0 of 9" in told


def test_a_board_that_restarts_for_the_update_is_waited_for(
    tmp_path: Path, some_bundle: Bundle
) -> None:
    birth: dict[str, object] = {"version": "9.1.0", "sha256": some_bundle.firmware}
    good = birth | {"update": {"bundle": some_bundle.id, "state": "good"}}
    replies = [
        {"ok": True, "result": {"state": "restart"}},
        {"ok": True, "result": {"state": "fetching", "chunk": 0, "of": 9}},
    ]
    air = Scripted([[*(("reply", r) for r in replies), ("birth", good)]])
    state, told = rolled_out(air, tmp_path, some_bundle)
    assert state == fleet.GOOD and len(air.asked) == 1
    text = "too little memory beside its channels: it restarts, and samples nothing"
    assert told[1:3] == [f"qy-a: {text} until the update has ended", "qy-a: chunk 0 of 9"]
    lines = [json.loads(line)["what"] for line in (tmp_path / "log").read_text().splitlines()]
    assert lines == ["sent", "accepted", "updated"]


def test_a_board_that_came_back_without_the_update_has_failed(
    tmp_path: Path, some_bundle: Bundle
) -> None:
    birth: dict[str, object] = {"version": "0.2.0", "sha256": "0"}
    failed = {"bundle": some_bundle.id, "state": "failed", "why": "no session for 300 s"}
    reply: dict[str, object] = {"ok": True, "result": {"state": "restart"}}
    air = Scripted([[("reply", reply), ("birth", birth | {"update": failed})]])
    state, told = rolled_out(air, tmp_path, some_bundle)
    assert (state, told[-1]) == (fleet.FAILED, "qy-a: failed: no session for 300 s")


@pytest.mark.parametrize("status", ["updating", "safe"])
def test_a_board_that_updates_or_is_in_safe_mode_is_asked(
    tmp_path: Path, some_bundle: Bundle, status: str
) -> None:
    birth: dict[str, object] = {"version": "9.1.0", "sha256": some_bundle.firmware}
    fetching: dict[str, object] = {"ok": True, "result": {"state": "fetching", "chunk": 5, "of": 9}}
    good = birth | {"update": {"bundle": some_bundle.id, "state": "good"}}
    air = Scripted([[("reply", fetching), ("birth", good)]], status=status)
    assert rolled_out(air, tmp_path, some_bundle)[0] == fleet.GOOD


def test_a_board_that_falls_silent_is_named_and_ends_with_a_reason(
    tmp_path: Path, some_bundle: Bundle
) -> None:
    reply: dict[str, object] = {"ok": True, "result": {"state": "fetching", "chunk": 16, "of": 70}}
    air = Scripted([[("reply", reply)]])
    state, told = rolled_out(air, tmp_path, some_bundle, silent_s=0.1, timeout_s=1.0)
    assert state == fleet.FAILED
    assert any(line.startswith("qy-a: silent, chunk 16 of 70; it is waited for") for line in told)
    assert told[-1] == "qy-a: failed: no outcome within 1 s, chunk 16 of 70"
    assert len(air.asked) == 1

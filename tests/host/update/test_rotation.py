"""`qingyun update rotate-key`, as docs/operations.md has it: a fleet goes by another key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from broker import Broker
from host_job import qingyun
from listener import Listener
from ota import Ota

from host.update import keys

BOARDS = ["qy-r0", "qy-r1", "qy-r2"]
BINS = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg\n"


class Boards:
    """Three boards at one site; start() gives one its power."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.ota = Ota(folder)
        self.broker = broker
        self.registry = folder / "registry"
        self.registry.mkdir()
        devices = "".join(f"{d},s-0\n" for d in BOARDS)
        (self.registry / "towns.csv").write_text("code,town\n310117105,新桥镇\n", encoding="utf-8")
        site = "site,name,town,kind,windows\ns-0,point,新桥镇,collection,\n"
        (self.registry / "sites.csv").write_text(site, encoding="utf-8")
        (self.registry / "bins.csv").write_text(BINS)
        (self.registry / "devices.csv").write_text(f"device,site\n{devices}")

    def start(self, device: str, running: ExitStack) -> None:
        process = self.ota.named(self.broker, device, "s-0").launch()
        running.callback(process.wait)
        running.callback(process.kill)

    def update(self, what: str | Path, *more: str | Path) -> tuple[int, str]:
        log = self.ota.folder / "updates.log"
        common = ("--registry", self.registry, "--broker", self.broker.address, "--log", log)
        done = qingyun("update", what, *common, "--canary", "1", *more, timeout=300)
        return done.returncode, done.stdout + done.stderr


@pytest.mark.usefixtures("needs_mosquitto")
def test_a_fleet_goes_by_another_key(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """One board has no power at first: it is reached the second time."""
    boards = Boards(tmp_path, broker)
    old, new = tmp_path / "update.key", tmp_path / "update-2.key"
    rotate = ("rotate-key", "--key", old, "--trust", new.with_suffix(".pub"), "--board", "sim")
    assert qingyun("bundle", "--new-key", new, "--bits", "2048").returncode == 0
    with ExitStack() as running, Listener(broker) as heard:
        for device in BOARDS[:2]:
            boards.start(device, running)
            heard.wait_topic(f"qingyun/1/s-0/{device}/birth")
        code, out = boards.update(*rotate)
        assert code == 1, out
        assert "2 updated, 1 offline" in out
        boards.start(BOARDS[2], running)
        heard.wait_topic(f"qingyun/1/s-0/{BOARDS[2]}/birth")
        code, out = boards.update(*rotate)
        assert code == 0, out
        assert "2 up to date, 1 updated" in out
        name = keys.fingerprint(new.with_suffix(".pub").read_text().strip())
        with Listener(broker) as now:
            for device in BOARDS:
                birth = json.loads(now.wait_topic(f"qingyun/1/s-0/{device}/birth"))
                assert birth["update"]["keys"] == [name]
        # The old key counts nowhere, the new one everywhere.
        bundle = tmp_path / "by-old.bundle"
        bundle.write_bytes(boards.ota.newer().raw)
        code, out = boards.update(bundle)
        assert code == 1 and "signature: not of a key in update.pub" in out, out
        bundle.write_bytes(boards.ota.newer(key=keys.load(new)).raw)
        code, out = boards.update(bundle)
        assert code == 0 and "3 updated" in out, out
    figure("three boards, one without power at first: all go by the new key after the second run")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "expected one or two public keys"),
        ("f" * 510, "expected one or two public keys"),
        ("7" + "f" * 511, "expected one or two public keys"),
        (f"{'f' * 512}\n" * 3, "expected one or two public keys"),
        (None, "cannot be read"),
    ],
)
def test_keys_that_are_none_are_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    key, trust = tmp_path / "update.key", tmp_path / "new.pub"
    keys.make(key, 2048)
    if content is not None:
        trust.write_text(content)
    done = qingyun("update", "rotate-key", "--key", key, "--trust", trust)
    assert done.returncode == 2 and said in done.stderr and str(trust) in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["update", "rotate-key"], "--key: must be given"),
        (["update", "{b}", "--key", "k"], "--key: expected with `qingyun update rotate-key` only"),
        (["update", "{b}", "--older"], "is not signed as one that may replace a newer version"),
        (["bundle", "--key", "k", "--out", "{b}", "--lowest", "9"], "expected three numbers"),
    ],
)
def test_a_wrong_use_is_one_line(tmp_path: Path, args: list[str], said: str) -> None:
    ota = Ota(tmp_path)
    bundle = tmp_path / "b.bundle"
    bundle.write_bytes(ota.first.raw)
    done = qingyun(*(a.replace("{b}", str(bundle)) for a in args))
    assert done.returncode == 2 and said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_fleets_folder_takes_the_new_pair_together(tmp_path: Path) -> None:
    """qingyun provision: neither half alone, and a second key stays beside the first."""
    from host.provision import ProvisionError, update_key  # noqa: PLC0415

    first = update_key.ensure(tmp_path)
    two = first + b"f" * 768 + b"\n"
    (tmp_path / "update.pub").write_bytes(two)
    assert update_key.ensure(tmp_path) == two
    shutil.move(tmp_path / "update.key", tmp_path / "old.key")
    keys.make(tmp_path / "next.key", 2048)
    shutil.move(tmp_path / "next.key", tmp_path / "update.key")
    with pytest.raises(ProvisionError, match=r"expected the public half of update\.key"):
        update_key.ensure(tmp_path)
    shutil.move(tmp_path / "next.pub", tmp_path / "update.pub")
    assert update_key.ensure(tmp_path) == (tmp_path / "update.pub").read_bytes()

"""deploy with the real mpremote, a simulated ESP32 at the other end of the cable."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from board import deploy, files, remote
from cable import DEVICE, Cable, cable, firmware

Figure = Callable[[str], None]


def test_an_empty_board_publishes_and_a_rerun_copies_nothing(
    tmp_path: Path, figure: Figure
) -> None:
    with cable(tmp_path, speed=4) as c:
        (c.fleet / "ca.der").write_bytes(bytes(range(256)) * 2)
        first = c.good()
        reading = json.loads(c.heard.wait("reading"))
        files, size = first.copied
        again = c.good()
        other = c.good(firmware(tmp_path / "one", "9.9.8"))
        c.published(c.last_boot() - 1)
        changed = c.good(firmware(tmp_path / "two", "9.9.9"))
        log = c.board.log()
    assert files > 30
    assert reading["w1"] == 5
    assert again.copied == (0, 0)
    assert again.on_board == 0
    # What is the same is copied from the folder that runs.
    assert other.copied[0] <= 2
    assert other.on_board + other.copied[0] == files - 3  # main.py, config.json, ca.der
    assert changed.copied[0] == 1  # identity.py
    for text in (first.out, first.error, again.out):
        assert "geheim" not in text
    assert "watchdog" not in c.board.starts
    for name in ("ImportError", "MemoryError", "error: "):
        assert name not in log
    figure(
        f"deploy to an empty simulated board on a pty: {files} files, {size} bytes; rerun: "
        f"{again.copied[0]} files; another version: {other.copied[0]} over the cable, "
        f"{other.on_board} copied on the board itself; one module changed: {changed.copied[0]}"
    )


def test_an_image_without_umqtt_gets_it(tmp_path: Path) -> None:
    with cable(tmp_path, speed=4, umqtt=False) as c:
        first = c.good()
        assert c.heard.wait("reading")
        assert c.good().copied == (0, 0)
    assert first.code == 0


def test_an_image_that_reads_other_mpy_files_gets_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "cross_version", lambda: 5)
    with cable(tmp_path, speed=4, heap="512k") as c:
        words = c.command()[3:]
        assert deploy.main(words) == 0, c.board.log()[-2000:]
        assert c.heard.wait("reading")
        assert "logger.py" in c.mpremote("ls", "/a")
    assert "source is copied" in capsys.readouterr().out


def test_what_arrives_damaged_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One module of the new firmware changes on its way; the old firmware runs on."""
    words = remote.Copy.words

    def damaged(copy: remote.Copy, folder: Path, n: int) -> list[str]:
        said = words(copy, folder, n)
        if copy.path.endswith("/logger.mpy"):
            (folder / f"{n}.bin").write_bytes(b"M\x06\x00\x1f" + bytes(copy.size - 4))
        return said

    with cable(tmp_path, speed=4) as c:
        c.good()
        before = c.published(-1)
        monkeypatch.setattr(remote.Copy, "words", damaged)
        new = firmware(tmp_path / "new", "9.9.9", every=True)
        assert deploy.main(c.command(new)[3:]) == 2
        after = c.published(before["boot"])
    assert "ValueError: /b/logger.mpy is not what was sent" in capsys.readouterr().err
    assert after["sha256"] == before["sha256"]


def test_configuration_and_certificates_alone(tmp_path: Path) -> None:
    with cable(tmp_path, speed=4) as c:
        c.good()
        c.configure(report={"every_s": 60})
        (c.fleet / "update.pub").write_text("c0ffee\n")
        files, _ = c.good().copied
        assert files == 2
        assert c.good().copied == (0, 0)


def test_the_watchdog_does_not_end_a_slow_copy(tmp_path: Path, figure: Figure) -> None:
    """Its 60 s are 3 s here; the copy takes longer."""
    with cable(tmp_path, speed=20) as c:
        c.good()
        c.heard.wait("reading")
        c.board.rate = 14_000
        done = c.good(firmware(tmp_path / "next", "9.9.9", every=True))
        seconds = float(done.out.partition(" bytes in ")[2].partition(" s")[0])
        assert seconds > 60 / 20
        assert "watchdog" not in c.board.starts
    figure(f"a copy of {seconds:.0f} s under a watchdog of {60 / 20:.0f} s: no reset")


def test_the_flat_layout_is_migrated(tmp_path: Path) -> None:
    """Everything in /, main.py the application: as boards were set up by hand."""
    with cable(tmp_path, speed=4) as c:
        flatten(c)
        before = c.published(-1)
        done = c.good(firmware(tmp_path / "new", "9.9.9"))
        assert "the firmware in / becomes /b" in done.out
        after = json.loads(c.heard.of("birth")[-1])
        assert after["life"] == before["life"]  # the queue in /spool stayed
        assert "modules of the old layout" in done.out
        again = c.good(tmp_path / "new")
        assert again.copied == (0, 0)
        listing = c.mpremote("ls", "/")
        assert "logger.mpy" not in listing
        assert "spool/" in listing


def flatten(c: Cable) -> None:
    """Put the firmware onto the board as it was done before, with nothing but mpremote."""
    modules = files.firmware("sim", True)
    modules["main.py"] = (files.FIRMWARE / "main.py").read_bytes()
    del modules["main.mpy"]
    modules["config.json"] = (c.fleet / "config.json").read_bytes()
    source = c.folder / "flat"
    words = []
    for name, content in modules.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    for name in sorted({name.partition("/")[0] for name in modules if "/" in name}):
        words += ["+", "mkdir", f":{name}"]
    for name in modules:
        words += ["+", "cp", str(source / name), f":{name}"]
    c.mpremote(*words, "+", "reset")


def test_a_board_that_does_not_come_back(tmp_path: Path) -> None:
    with cable(tmp_path) as c:
        c.configure(mqtt={"host": "127.0.0.1", "port": 1})  # nobody is there
        done = c.deploy(None, "--wait", "3", "--broker", c.broker.address)
        assert done.code == 2
        assert done.error.startswith("deploy: error: no birth message of ")
        assert c.broker.address in done.error


def test_what_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with cable(tmp_path) as c:
        c.configure(device="qy-other")
        other = c.deploy()
        c.configure(mqtt={"host": "127.0.0.1", "port": 1})
        nobody = c.deploy()
        c.configure(wifi={"ssid": "x", "password": 20260301})
        wrong = c.deploy()
        (c.fleet / "slots.json").write_text("{}")
        ours = c.deploy()
        missing = c.deploy(None, "--from", str(tmp_path / "no"))
        assert c.board.starts == ["power_on"]
    line = f"{c.fleet}/config.json: device: expected '{DEVICE}', found 'qy-other'"
    assert other.error == f"deploy: error: {line}\n"
    assert nobody.error.startswith("deploy: error: broker 127.0.0.1:1: ")
    assert "config.json: wifi.password: expected" in wrong.error
    assert "20260301" not in wrong.error
    assert "slots.json: cannot go into / of a board" in ours.error
    assert "no such folder" in missing.error
    assert {d.code for d in (other, nobody, wrong, ours, missing)} == {2}


@pytest.mark.parametrize("what", ["nothing", "silence"])
def test_a_port_without_a_board(tmp_path: Path, what: str) -> None:
    with cable(tmp_path) as c:
        port = tmp_path / "port"
        if what == "silence":
            port.write_text("")
        done = c.deploy(None, "--port", str(port))
    assert done.code == 2
    assert done.error.startswith(f"deploy: error: {port}: ")
    assert done.error.count("\n") == 1

"""flash with the real esptool: what it refuses, and what it writes to a simulated chip."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from pathlib import Path

import pytest
from board import flash, image
from board.errors import BoardError
from made_image import KINDS, application, for_esp8266, for_p4, whole
from serial_chip import SerialChip


def refused(path: Path) -> str:
    with pytest.raises(BoardError) as e:
        image.read(path)
    line = str(e.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.bin"


def test_a_whole_image(path: Path) -> None:
    path.write_bytes(whole())
    assert image.read(path).version == (1, 26, 1)
    said = subprocess.run(
        flash.esptool("image-info", str(path)), capture_output=True, text=True, timeout=60
    ).stdout
    assert "Chip ID: 0 (ESP32)" in said  # esptool takes it for one too
    assert "(valid)" in said


def test_an_image_for_another_chip(path: Path, tmp_path: Path) -> None:
    known = "expected an image for ESP32 or ESP32-S3 or ESP32-C3 or ESP32-C6, found one for "
    path.write_bytes(for_p4())
    assert refused(path) == known + "ESP32-P4"
    path.write_bytes(for_esp8266(tmp_path))
    assert refused(path) == known + "ESP8266"
    path.write_bytes(whole(chip="ESP32-S3"))
    with pytest.raises(BoardError, match="expected an image for ESP32, found one for ESP32-S3"):
        image.read(path, "esp32")


@pytest.mark.parametrize("chip", KINDS)
def test_a_whole_image_of_each_chip(path: Path, chip: str) -> None:
    path.write_bytes(whole(chip=chip))
    found = image.read(path, image.board_of(chip))
    assert (found.chip, found.start, found.version) == (chip, KINDS[chip][2], (1, 26, 1))
    good = path.read_bytes()
    path.write_bytes(good[:-40] + bytes([good[-40] ^ 1]) + good[-39:])
    assert refused(path).startswith("damaged")


def test_what_is_no_image(path: Path) -> None:
    expected = "expected an ESP32 image, which begins with 0xe9, found "
    path.write_bytes(b"<!DOCTYPE html>" * 10)
    assert refused(path) == expected + "0x3c"
    path.write_bytes(b"")
    assert refused(path) == expected + "nothing"
    path.unlink()
    assert refused(path) == "cannot be read: No such file or directory"


def test_an_application_alone(path: Path) -> None:
    path.write_bytes(application())
    assert refused(path).startswith("no partition table at 0x7000; expected a whole image")


def test_an_old_one(path: Path) -> None:
    path.write_bytes(whole("1.25.0"))
    assert refused(path) == "expected MicroPython v1.26 or later, found v1.25.0"


def test_truncated_and_damaged(path: Path) -> None:
    good = whole()
    for size in (24, 40, 0x7000, 0xF000, 0xF010, len(good) - 1000, len(good) - 1):
        path.write_bytes(good[:size])
        refused(path)
    for at in (30, 0xF000 + 100, len(good) - 40, len(good) - 1):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert refused(path).startswith("damaged")


def command(port: str, path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "board.flash", "--port", port, "--image", str(path), *more]
    env = {"PYTHONPATH": str(Path(flash.__file__).parents[1]), "PATH": ""}
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_erased_and_written(path: Path, kind: str) -> None:
    path.write_bytes(whole(chip=kind))
    with SerialChip(kind) as chip:
        done = command(chip.port, path, "--board", image.board_of(kind))
    assert done.returncode == 0, done.stdout + done.stderr
    assert chip.erased == 1
    size, start = path.stat().st_size, KINDS[kind][2]
    assert chip.flash[start : start + size] == path.read_bytes()
    assert set(chip.flash[:start]) <= {0xFF}
    assert set(chip.flash[start + size + 4096 :]) == {0xFF}
    assert f"flash: MicroPython 1.26.1, {size} bytes, to {kind} at" in done.stdout


@pytest.mark.parametrize("kind", ["ESP32-S2", "ESP32-S3", "ESP8266"])
def test_another_chip_at_the_port(path: Path, kind: str) -> None:
    path.write_bytes(whole())
    with SerialChip(kind) as chip:
        done = command(chip.port, path)
    line = f"flash: error: {chip.port}: the image is for ESP32, the chip there is {kind}\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert not chip.erased


def test_nobody_at_the_port(path: Path) -> None:
    path.write_bytes(whole())
    near, far = pty.openpty()
    tty.setraw(far)
    port = os.ttyname(far)
    done = command(port, path)
    os.close(near)
    os.close(far)
    assert done.returncode == 2
    assert done.stderr.startswith(f"flash: error: {port}: Failed to connect to Espressif device")
    assert done.stderr.count("\n") == 1


def test_no_port(path: Path) -> None:
    path.write_bytes(whole())
    done = command("/dev/ttyNONE", path)
    assert done.returncode == 2
    assert done.stderr.startswith("flash: error: /dev/ttyNONE: no such port")

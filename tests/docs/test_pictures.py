"""`make pictures` makes what docs/zh shows."""

from __future__ import annotations

import struct
from pathlib import Path

import demo_like
import page_pictures
import pytest
from playwright.sync_api import Browser
from sim_board import ROOT

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


def size(picture: Path) -> dict[str, int]:
    """Width and height of a PNG, in pixels."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n"), picture
    width, height = struct.unpack(">II", head[16:])
    return {"width": width, "height": height}


def test_of_a_demo(browser: Browser, tmp_path: Path) -> None:
    demo, out, folder = (tmp_path / name for name in ("demo", "out", "folder"))
    for path in (demo, out, folder):
        path.mkdir()
    demo_like.make(demo)
    page_pictures.of_the_demo(browser, demo, out, folder)
    names = {picture.name for picture in page_pictures.PICTURES}
    assert {p.stem for p in out.iterdir()} == names
    assert all(size(p) == page_pictures.DESK for p in out.iterdir())
    shown = {p.stem for p in (ROOT / "docs" / "zh").glob("*.png")}
    assert shown == names | {page_pictures.LIVE}


def test_of_a_live_site(browser: Browser, tmp_path: Path) -> None:
    page_pictures.of_a_live_site(browser, tmp_path, tmp_path)
    assert size(tmp_path / f"{page_pictures.LIVE}.png") == page_pictures.PHONE

"""What is typed at the prompt of make live, and what it does to the bins."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from live import scene as scenes
from live import site
from live.scene import Refused, Scene
from live.words import WORDS, Said, parse, text


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = site.write(tmp_path)
    return Scene(found.bins, found.spares, tmp_path / "hand")


def hand(tmp_path: Path) -> dict[str, float]:
    lines = (tmp_path / "hand").read_text().splitlines()
    return {channel: float(value) for channel, value in (line.split(" ") for line in lines)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("put 3", Said("put", 3)),
        ("PUT 3.5 w2", Said("put", 3.5, bin="w2")),
        ("put 3 kg w2", Said("put", 3, bin="w2")),
        ("fill 60%", Said("fill", 60)),
        ("lift", Said("lift")),
        ("lift fs-01-2", Said("lift", bin="fs-01-2")),
        ("net off", Said("net", choice="off")),
        ("warm -5", Said("warm", -5)),
        ("exit", Said("quit")),
        ("  ", Said("")),
    ],
)
def test_a_command(line: str, said: Said) -> None:
    assert parse(line) == said


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pour 3", "expected one of put take .* quit; found 'pour'"),
        ("put", "put: expected put KG .BIN., 0.001 to 1000 kg; found ''"),
        ("put nan", "found 'nan'"),
        ("put 0", "found '0'"),
        ("put -3", "found '-3'"),
        ("put 3 w1 w2", "put: expected put KG .BIN.; found 'w2'"),
        ("fill 101", "0 to 100 %; found '101'"),
        ("warm 86", "-40 to 85 °C; found '86'"),
        ("net", "net: expected net off | net on; found ''"),
        ("door ajar", "found 'ajar'"),
        ("quit now", "quit: expected quit; found 'now'"),
    ],
)
def test_a_wrong_line_says_what_was_expected(line: str, expected: str) -> None:
    with pytest.raises(Refused, match=expected.replace("|", r"\|").replace("[", r"\[")):
        parse(line)


def test_help_has_every_command() -> None:
    said = text(["w1", "w2"])
    assert all(word.form in said for word in WORDS.values())


def test_bins(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fs-01-1 weighs 12.4 kg, and its spare fs-01-s2 11.3 kg."""
    monkeypatch.setattr(scenes, "AWAY_S", 0.2)
    place = scene.place("", "put")
    scene.put(place, 3000)
    assert hand(tmp_path)["w1"] == 15.4
    assert hand(tmp_path)["f1"] < 1000
    scene.take(place, 1000)
    assert hand(tmp_path)["w1"] == 14.4
    scene.lift(place, emptied=False)
    assert hand(tmp_path)["w1"] == 0
    with pytest.raises(Refused, match="fs-01-1 is off its scale for another 1 s; try then"):
        scene.place("w1", "put")
    wait_back(scene)
    assert hand(tmp_path)["w1"] == 14.4
    for kg in (11.3, 12.4):
        scene.swap(place)
        wait_back(scene)
        assert hand(tmp_path)["w1"] == kg


def wait_back(scene: Scene) -> None:
    while scene.moving:
        time.sleep(0.01)


def test_what_cannot_be_done(scene: Scene) -> None:
    w1, w3 = scene.place("w1", "put"), scene.place("fs-01-3", "put")
    with pytest.raises(Refused, match=r"expected at most 137.60 kg more in fs-01-1"):
        scene.put(w1, 138_000)
    with pytest.raises(Refused, match=r"expected at most the 0.00 kg that are in fs-01-1"):
        scene.take(w1, 1)
    with pytest.raises(Refused, match="swap: expected w1 or w2"):
        scene.swap(w3)
    with pytest.raises(Refused, match="put: expected one of the bins w1 w2 w3 w4, found 'w9'"):
        scene.place("w9", "put")
    assert scene.shown("w1") == 12.4

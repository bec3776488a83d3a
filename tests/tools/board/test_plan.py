"""What deploy decides, from what is on a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from board.deploy import Deploy
from board.deploy import main as deploy_main
from board.errors import BoardError
from board.files import Files, cross_version, firmware, loader, manifest, sha256
from board.plan import Plan, State, Wanted, plan, state
from board.remote import Remote

from host.update.bundle import compile_firmware

NEW: Files = {"main.mpy": b"main 2", "logger.mpy": b"logger 2", "net/link.mpy": b"link"}
OLD: Files = {"main.mpy": b"main 1", "logger.mpy": b"logger 1", "net/link.mpy": b"link"}
DATA: Files = {"config.json": b"{}"}


def wanted(**more: Files) -> Wanted:
    return Wanted(NEW, manifest("sim", NEW, "2"), b"loader", more.get("lib", {}), DATA)


def board(slots: dict[str, Any] | None = None, **folders: Files) -> State:
    """A board with these files in each folder, `top` is /."""
    s = State("sim", (1, 28, 0), 6, slots, True, 1 << 20, complete=True)
    for folder, files in folders.items():
        start = "/" if folder == "top" else f"/{folder}/"
        s.files |= {start + name: sha256(content) for name, content in files.items()}
    return s


def whole(files: Files) -> Files:
    return files | {"manifest.json": b"{}"}


TOP: Files = {"main.py": b"loader", "config.json": b"{}"}


def paths(p: Plan) -> list[str]:
    return [path for _, path in p.copies]


def test_an_empty_board() -> None:
    p = plan(board(), wanted())
    assert (p.target, p.running, p.slots_after) == ("a", "a", {"good": "a"})
    assert p.loader
    assert sorted(paths(p)) == [
        *("/a/logger.mpy", "/a/main.mpy", "/a/net/link.mpy", "/config.json.new", "/main.py.new"),
    ]
    assert p.folders == ["/a", "/a/net"]


def test_the_other_folder_is_written_and_put_on_trial() -> None:
    p = plan(board({"good": "a"}, top=TOP, a=whole(OLD)), wanted())
    assert (p.target, p.running) == ("b", "b")
    assert p.slots_after == {"good": "a", "trial": "b"}
    assert p.slots_before is None
    assert sorted(paths(p)) == ["/b/logger.mpy", "/b/main.mpy"]
    assert p.on_board == [("/a/net/link.mpy", "/b/net/link.mpy")]


def test_what_is_there_already_is_not_copied() -> None:
    p = plan(board({"good": "b"}, top=TOP, a=whole(OLD), b=whole(NEW)), wanted())
    assert (p.target, p.running, p.slots_after) == (None, "b", None)
    assert not p.copies
    assert not p.on_board


def test_a_folder_on_trial_is_left_alone_before_it_is_written() -> None:
    other = {"main.mpy": b"main 3", "old.mpy": b""}
    p = plan(board({"good": "a", "trial": "b"}, top=TOP, a=whole(OLD), b=other), wanted())
    assert p.slots_before == {"good": "a"}
    assert p.remove == ["/b/old.mpy"]


def test_what_is_on_trial_or_has_failed_is_tried_anew() -> None:
    for slots in ({"good": "a", "trial": "b", "starts": 2}, {"good": "a", "failed": "b"}):
        p = plan(board(slots, top=TOP, a=whole(OLD), b=whole(NEW)), wanted())
        assert p.slots_after == {"good": "a", "trial": "b"}
        assert not p.copies


def test_a_folder_without_a_manifest_is_not_whole() -> None:
    p = plan(board({"good": "a"}, top=TOP, a=whole(OLD), b=NEW), wanted())
    assert p.target == "b"
    assert not p.copies


def test_a_stranger_in_the_folder_goes() -> None:
    """The hash of the firmware is over every module in its folder."""
    p = plan(board({"good": "a"}, top=TOP, a=whole(OLD), b=whole(NEW | {"x.py": b""})), wanted())
    assert (p.target, p.remove) == ("b", ["/b/x.py"])


def test_the_flat_layout_becomes_b() -> None:
    flat = {"main.py": b"main 0", "logger.py": b"logger 0", "net/link.py": b"link 0"}
    p = plan(board(top=flat), wanted())
    assert p.migrates
    assert (p.target, p.slots_after) == ("a", {"good": "b", "trial": "a"})
    assert ("/main.py", "/b/main.py") in p.on_board
    assert p.leftovers == ["/logger.py", "/net/link.py"]


def test_what_is_left_of_the_flat_layout_is_known_later_too() -> None:
    top = TOP | {"logger.py": b"logger 0"}
    assert plan(board({"good": "a"}, top=top, a=whole(NEW)), wanted()).leftovers == ["/logger.py"]


def test_a_full_flash() -> None:
    s = board()
    s.free = 1000
    with pytest.raises(BoardError, match="the board has 1000 bytes free; expected 6"):
        plan(s, wanted())


@pytest.mark.parametrize(
    ("kind", "version", "line"),
    [
        ("rp2", [1, 28, 0], "PORT: expected an ESP32 with MicroPython, found rp2"),
        ("esp8266", [1, 28, 0], "PORT: expected an ESP32 with MicroPython, found esp8266"),
        ("linux", [1, 28, 0], "PORT: expected an ESP32 with MicroPython, found linux"),
        ("esp32", [1, 25, 0], "PORT: expected MicroPython v1.26 or later, found v1.25.0;"),
    ],
)
def test_other_boards_and_old_images(kind: str, version: list[int], line: str) -> None:
    with pytest.raises(BoardError) as e:
        state([["board", kind, version, 6, "ESP32"]], "PORT")
    assert str(e.value).startswith(line)


def test_what_a_board_says_only_in_part() -> None:
    with pytest.raises(BoardError, match="did not tell all"):
        state(
            [["board", "esp32", [1, 26, 0], 6, "ESP32"], ["state", None, True, 1000, False]], "PORT"
        )


class Looked:
    """A board of which only what look.py tells is known."""

    port = "PORT"

    def __init__(self, machine: str) -> None:
        self._machine = machine

    def look(self, data: object) -> list[list[Any]]:
        told = ["board", "esp32", [1, 28, 0], 6, self._machine]
        return [told, ["state", None, True, 1 << 20, False], ["end"]]


@pytest.mark.parametrize(
    ("board", "chip", "found"),
    [
        (None, "ESP32", ""),
        ("esp32s3", "ESP32S3", ""),  # as images up to v1.28 say it, and later ones
        ("esp32s3", "ESP32-S3", ""),
        ("esp32s3", "ESP32", "expected the board esp32s3, whose pins the configuration has, found"),
        (
            None,
            "ESP32C3",
            "expected the board esp32, whose pins the configuration has, found esp32",
        ),
        ("esp32c6", "", "found an image that names no chip"),
    ],
)
def test_a_configuration_goes_to_its_own_chip(
    board: str | None, chip: str, found: str, tmp_path: Path
) -> None:
    config: dict[str, Any] = {"device": "qy-a1", "site": "a-1", "mqtt": {"host": "h"}}
    config |= {"channels": [{"id": "d1", "kind": "contact", "pin": 4}]}
    config |= {"board": board} if board else {}
    (tmp_path / "config.json").write_text(json.dumps(config))
    deploy = Deploy(cast("Remote", Looked(chip)), tmp_path, None, print)
    if not found:
        assert deploy._look().chip == chip
        return
    with pytest.raises(BoardError, match=found):
        deploy._look()


def test_a_board_that_is_named_is_that_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config: dict[str, Any] = {"device": "qy-a1", "site": "a-1", "mqtt": {"host": "h"}}
    config |= {"board": "esp32c3", "channels": [{"id": "d1", "kind": "contact", "pin": 4}]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = ["--port", "/dev/null", "--from", str(tmp_path), "--board", "esp32s3"]
    assert deploy_main(words) == 2
    expected = f"{tmp_path}/config.json: board: expected 'esp32s3', found 'esp32c3'"
    assert expected in capsys.readouterr().err


def test_compiled_and_source() -> None:
    """One folder of each: what the port reads, and the same modules."""
    made, source = firmware("esp32", True), firmware("esp32", False)
    assert {n.rpartition(".")[0] for n in made} == {n.rpartition(".")[0] for n in source}
    assert all(content[:2] == b"M" + bytes([cross_version()]) for content in made.values())
    assert made == compile_firmware("esp32")  # byte for byte what an update over the air brings
    assert "loader.py" not in source
    assert source["board.py"].startswith(b'"""The board interface on an ESP32')
    assert sum(map(len, made.values())) < sum(map(len, source.values()))
    assert loader().startswith(b'"""The board\'s /main.py')

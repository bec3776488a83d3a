"""What must not change the firmware of a board does not, and the board says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from ota import VERSION, Ota, command, firmware, raw_bundle, resigned, sha

from host.update import bundle as bundles
from host.update import keys
from host.update.bundle import Bundle

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :]


def header_end(bundle: Bundle) -> int:
    return len(bundle.raw) - 256 - sum(map(len, bundle.files.values()))


REGIONS: dict[str, Callable[[Bundle], int]] = {
    "magic": lambda b: 3,
    "head": lambda b: len(bundles.MAGIC) + 14,
    "file-list": lambda b: header_end(b) - 20,
    "first-file": header_end,
    "middle-file": lambda b: len(b.raw) // 2,
    "last-file": lambda b: len(b.raw) - 257,
    "signature-begin": lambda b: len(b.raw) - 256,
    "signature-end": lambda b: len(b.raw) - 1,
}


def check_failed(ota: Ota, broker: Broker, bundle: Bundle, why: str) -> None:
    """It is accepted, fails for this reason, and the old firmware goes on."""
    with ota.running(broker) as board:
        reply = board.update(bundle)
        assert reply["ok"], reply
        birth = board.outcome(bundle)
        assert birth["update"]["state"] == "failed"
        assert why in birth["update"]["why"], birth["update"]
        errors = [r for r in board.heard.json("reply") if not r["ok"]]
        assert [r["id"] for r in errors] == ["u1"] and why in errors[0]["error"]
        board.still_publishes(ota.first)
        assert len({b["boot"] for b in board.heard.json("birth")}) == 1  # it has not restarted
    states = ota.attempts()
    assert [s for s, _ in states] == ["fetching", "failed"]
    assert why in states[1][1]
    assert ota.on_flash("slots.json") in ("", '{"good": "a"}')
    assert ota.on_flash("update.part") == ""


@pytest.mark.parametrize("region", REGIONS)
def test_a_changed_byte_is_not_of_the_key(ota: Ota, broker: Broker, region: str) -> None:
    """The command tells the hash of the changed bundle: only the signature is left."""
    good = ota.newer()
    bad = raw_bundle(flipped(good.raw, REGIONS[region](good)), good)
    check_failed(ota, broker, bad, "signature: not of a key in update.pub")


@pytest.mark.parametrize("region", ["magic", "middle-file", "signature-end"])
def test_a_byte_changed_on_the_way_is_not_of_the_hash(
    ota: Ota, broker: Broker, region: str
) -> None:
    good = ota.newer()
    raw = flipped(good.raw, REGIONS[region](good))
    told: dict[str, Any] = {"bundle": good.id, "sha256": good.sha256, "size": len(raw)}
    with ota.running(broker) as board:
        for n, chunk in enumerate(raw_bundle(raw, good).chunks):
            board.heard.publish(f"qingyun/1/update/{good.id}/{n}", chunk, retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(good, **told))["ok"]
        birth = board.outcome(good)
        assert "hash: expected" in birth["update"]["why"]
        board.still_publishes(ota.first)


def test_cut_short_and_signed_by_nobody(ota: Ota, broker: Broker) -> None:
    good = ota.newer()
    bad = raw_bundle(good.raw[: len(good.raw) // 2], good)
    check_failed(ota, broker, bad, "signature: not of a key")


def test_the_last_chunk_is_short(ota: Ota, broker: Broker) -> None:
    good = ota.newer()
    last = len(good.chunks) - 1
    with ota.running(broker) as board:
        board.publish(good)
        topic = f"qingyun/1/update/{good.id}/{last}"
        board.heard.publish(topic, good.chunks[last][:-1], retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(good))["ok"]
        birth = board.outcome(good)
        found = len(good.chunks[last])
        assert f"chunk {last}: expected {found} bytes, found {found - 1}" in birth["update"]["why"]
        board.still_publishes(ota.first)


def test_another_key(ota: Ota, broker: Broker, tmp_path: Path) -> None:
    keys.make(tmp_path / "other.key", 2048)
    bad = ota.newer(key=keys.load(tmp_path / "other.key"))
    check_failed(ota, broker, bad, "signature: not of a key in update.pub")


def test_another_kind_of_board(ota: Ota, broker: Broker) -> None:
    bad = ota.newer(board="esp32")
    check_failed(ota, broker, bad, "board: expected a bundle for sim, found esp32")


def test_another_version_of_mpy(ota: Ota, broker: Broker) -> None:
    bad = resigned(ota.newer(), ota, lambda b: b.replace(b'"mpy": 6', b'"mpy": 5', 1))
    check_failed(ota, broker, bad, "mpy: expected version 6, found 5")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"qingyun-bundle 1\n", b"qingyun-bundle 2\n", "expected a bundle that begins with"),
        (b'{"version"', b'["version"', "header: not understood"),
        (b'["buffers.mpy"', b'["../main.mpy"', "is no file of a firmware"),
        (b'["main.mpy"', b'["mine.mpy"', "header: does not fit what follows"),
    ],
)
def test_signed_but_not_right(ota: Ota, broker: Broker, old: bytes, new: bytes, why: str) -> None:
    """Whoever has the key can still make a mistake."""
    bad = resigned(ota.newer(), ota, lambda b: b.replace(old, new, 1))
    check_failed(ota, broker, bad, why)


def test_a_file_that_is_not_what_the_header_says(ota: Ota, broker: Broker) -> None:
    good = ota.newer()
    old = sha(good.files["safe.mpy"]).encode()
    bad = resigned(good, ota, lambda b: b.replace(old, b"0" * 64, 1))
    check_failed(ota, broker, bad, "safe.mpy: expected hash 0000000000000000 as read back")


def test_the_command_says_another_version_than_the_bundle(ota: Ota, broker: Broker) -> None:
    """An old bundle passed off as a new one."""
    bad = bundles.pack(ota.first.files, "0.0.9", "sim", ota.key)
    with ota.running(broker) as board:
        board.publish(bad)
        board.heard.wait("reading")
        assert board.heard.ask(command(bad, version="9.9.9"))["ok"]
        assert "version: expected 9.9.9, found 0.0.9" in board.outcome(bad)["update"]["why"]
        board.still_publishes(ota.first)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"version": "0.0.9"}, f'version: 0.0.9 is older than {VERSION}; "older": true if so'),
        ({"version": "new"}, "version: expected three numbers, found 'new'"),
        ({"sha256": "12"}, "sha256: expected 64 hex digits, found '12'"),
        ({"bundle": "0" * 16}, "bundle: expected the first 16 digits of sha256"),
        ({"size": 1 << 30}, "size: expected a whole number up to 1048576"),
        ({"size": True}, "size: expected a whole number up to 1048576"),
    ],
)
def test_a_command_is_refused_before_anything_is_fetched(
    ota: Ota, broker: Broker, told: dict[str, Any], why: str
) -> None:
    with ota.running(broker) as board:
        reply = board.update(ota.newer(), **told)
        assert not reply["ok"] and why in reply["error"], reply
        board.still_publishes(ota.first)
        assert "update" not in board.heard.json("birth")[-1]
    assert [s for s, _ in ota.attempts()] == ["refused"]


def refused(ota: Ota, broker: Broker, bundle: Bundle) -> str:
    with ota.running(broker) as board:
        reply = board.update(bundle)
        assert not reply["ok"], reply
        board.still_publishes(ota.first)
    assert [s for s, _ in ota.attempts()] == ["refused"]
    return str(reply["error"])


def fill(ota: Ota, most: int) -> None:
    """Put a file onto the flash, so that with the firmware, in blocks of 4096 bytes, so many bytes
    of it are taken."""
    taken = sum(-(-len(data) // 4096) * 4096 for data in firmware().values())
    (ota.files / "ballast").write_bytes(bytes(most - taken))


def test_a_full_flash(ota: Ota, broker: Broker) -> None:
    fill(ota, 1_974_000)
    assert "bytes free, " in refused(ota, broker, ota.newer())


def test_a_flash_that_fills_up_on_the_way(ota: Ota, broker: Broker) -> None:
    """Something else took the room that was there: the file that is half written is found."""
    fill(ota, 1_999_000)
    ota.install(("update/installer.py", "_ROOM = const(131072)", "_ROOM = const(-1000000)"))
    good = ota.newer()
    with ota.running(broker) as board:
        done = board.update(good)
        assert done["ok"], done
        birth = board.outcome(good)
        assert "OSError" in birth["update"]["why"], birth["update"]
        board.still_publishes(ota.first)


def test_no_key_in_the_configuration(ota: Ota, broker: Broker) -> None:
    ota.configure(update=None)
    assert "update.key: expected in config.json" in refused(ota, broker, ota.newer())


def test_no_key_on_the_flash(ota: Ota, broker: Broker) -> None:
    (ota.files / "update.pub").unlink()
    assert "/flash/update.pub cannot be read" in refused(ota, broker, ota.newer())


def test_a_key_that_is_none(ota: Ota, broker: Broker) -> None:
    (ota.files / "update.pub").write_text("ab" * 64)
    error = refused(ota, broker, ota.newer())
    assert "expected 1 or 2 RSA moduli of 2048 or 3072 bits in hex" in error


def test_chunks_that_never_come(ota: Ota, broker: Broker) -> None:
    good = ota.newer()
    with ota.running(broker, {"patience": 200}) as board:
        board.publish(good)
        board.heard.publish(f"qingyun/1/update/{good.id}/7", b"", retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(good))["ok"]
        assert board.outcome(good)["update"]["why"] == "chunk 7 did not come"
        board.still_publishes(ota.first)

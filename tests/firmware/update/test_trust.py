"""Keys and the lowest version, as a signed bundle replaces them on a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from cryptography.hazmat.primitives.asymmetric import rsa
from ota import NEWER, Ota, Running, patched

from host.update import bundle as bundles
from host.update import keys
from host.update.bundle import Bundle, Terms

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def another(folder: Path, name: str, bits: int = 2048) -> tuple[rsa.RSAPrivateKey, str]:
    """A key, and its modulus as a board has it."""
    keys.make(folder / name, bits)
    key = keys.load(folder / name)
    return key, keys.public_text(key.public_key()).strip()


def packed(ota: Ota, version: str, key: rsa.RSAPrivateKey, **terms: Any) -> Bundle:
    files = patched(ota.folder, (NEWER[0], NEWER[1], f'VERSION = "{version}"'))
    return bundles.pack(files, version, "sim", key, Terms(**terms))


def outcome(board: Running, bundle: Bundle, id_: str, **more: Any) -> dict[str, Any]:
    """What became of it, as the board tells it; or its refusal."""
    reply = board.update(bundle, id=id_, **more)
    if not reply["ok"]:
        return {"state": "refused", "why": reply["error"]}
    told: dict[str, Any] = board.outcome(bundle)["update"]
    return told


def test_a_key_gives_way_to_others(ota: Ota, broker: Broker, tmp_path: Path) -> None:
    """To two of different lengths; each of them signs the next one."""
    second, two = another(tmp_path, "second.key")
    third, three = another(tmp_path, "third.key", 3072)
    with ota.running(broker) as board:
        told = outcome(board, packed(ota, "9.1.0", ota.key, keys=(two, three)), "u1")
        assert told["state"] == "good"
        assert told["keys"] == [keys.fingerprint(two), keys.fingerprint(three)]
        told = outcome(board, packed(ota, "9.1.1", ota.key), "u2")
        assert told["state"] == "failed"
        assert told["why"] == "signature: not of a key in update.pub"
        told = outcome(board, packed(ota, "9.1.2", second), "u3")
        assert told["state"] == "good"
        told = outcome(board, packed(ota, "9.1.3", third, keys=(three,)), "u4")
        assert told["state"] == "good" and told["keys"] == [keys.fingerprint(three)]
        assert outcome(board, packed(ota, "9.1.4", second), "u5")["state"] == "failed"
    assert ota.on_flash("update.pub") == f"{three}\n"


def test_a_firmware_that_is_not_good_changes_no_key(
    ota: Ota, broker: Broker, tmp_path: Path
) -> None:
    _, two = another(tmp_path, "second.key")
    terms = Terms(keys=(two,), lowest="9.9.9")
    bad = ota.newer(("main.py", "import sys\n", "import sys\n\nimport nothing\n"), terms=terms)
    with ota.running(broker) as board:
        assert outcome(board, bad, "u1")["state"] == "failed"
        told = outcome(board, packed(ota, "9.1.1", ota.key), "u2")
        assert told["state"] == "good"
        assert told["keys"] == [keys.fingerprint(keys.public_text(ota.key.public_key()).strip())]
    assert ota.on_flash("update.next") == ota.on_flash("update.lowest") == ""


def test_below_the_lowest_version_nothing_goes(ota: Ota, broker: Broker) -> None:
    with ota.running(broker) as board:
        assert (
            outcome(board, packed(ota, "9.1.0", ota.key, lowest="9.0.0"), "u1")["state"] == "good"
        )
        old = packed(ota, "8.9.9", ota.key, older=True)
        told = outcome(board, old, "u2", older=True)
        assert told["why"] == "version: 8.9.9 is below 9.0.0, the lowest accepted"
        # It is never lowered.
        back = packed(ota, "9.0.1", ota.key, older=True, lowest="1.0.0")
        assert outcome(board, back, "u3", older=True)["state"] == "good"
        assert outcome(board, old, "u4", older=True)["state"] == "refused"
    assert ota.on_flash("update.lowest") == "9.0.0"


@pytest.mark.parametrize(
    "terms",
    [{"keys": ("ab",)}, {"keys": ("f" * 512,) * 3}, {"lowest": "nine"}],
    ids=["too short", "three", "no version"],
)
def test_what_cannot_be_gone_by_is_refused(ota: Ota, broker: Broker, terms: dict[str, Any]) -> None:
    with ota.running(broker) as board:
        told = outcome(board, packed(ota, "9.1.0", ota.key, **terms), "u1")
        assert told["state"] == "failed"
        assert told["why"] == "header: keys or lowest are not understood"
        board.still_publishes(ota.first)


def test_keys_that_cannot_be_replaced_end_no_start(ota: Ota, broker: Broker) -> None:
    """What was damaged on the flash is told; the firmware that is good runs on."""
    (ota.files / "update.lowest").write_text("nine")
    (ota.files / "update.next").write_text('{"lowest": "9.0.0"}')
    job = {"id": "u1", "bundle": "0" * 16, "state": "trial", "why": "", "to": "a"}
    (ota.files / "update.json").write_text(json.dumps(job | {"version": "9.1.0"}))
    (ota.files / "slots.json").write_text('{"good": "a"}')
    with ota.running(broker) as board:
        board.still_publishes(ota.first)
        assert board.heard.json("birth")[-1]["update"]["state"] == "good"
    assert "update: the keys cannot be replaced: ValueError" in ota.site.log()

"""A board without the memory for an update beside its channels does it in a start for it alone,
and comes back to its sampling whatever happens meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from ota import Ota, Patch, Running, command
from soak import in_part

from host.update import bundle as bundles
from host.update import keys
from host.update.bundle import Bundle, Terms

pytestmark = pytest.mark.usefixtures("needs_mosquitto")
ROOM = 30_000  # bytes free; an update beside the channels needs 37 KB
BACK = [b"online", b"offline", b"updating", b"offline", b"online"]
UPDATED = [*BACK, b"offline", b"online"]  # a good trial ends in a restart
HANG: Patch = (
    "update/installer.py",
    "    def _verify(self, job, piece):\n",
    "    def _verify(self, job, piece):\n"
    "        while True:\n            self._hal.sleep_ms(1000)\n            self._board.look()\n",
)


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def statuses(board: Running) -> list[bytes]:
    """What the board has said of itself, without what it said again."""
    said = board.heard.of("status")
    return [s for n, s in enumerate(said) if not n or said[n - 1] != s]


def until(board: Running, status: bytes, times: int = 1) -> None:
    """Wait until the board has said so."""
    while board.heard.of("status").count(status) < times:
        board.heard.wait("status", len(board.heard.of("status")) + 1)


def begun_without_a_chunk(board: Running, new: Bundle) -> str:
    """An update under way, of which chunk 30 is missing; the topic of that."""
    topic = f"qingyun/1/update/{new.id}/30"
    board.publish(new)
    board.heard.publish(topic, b"", retain=True)
    board.heard.wait("reading")
    assert board.heard.ask(command(new))["ok"]
    until(board, b"updating")
    while board.heard.json("reply")[-1]["result"].get("chunk") != 16:
        board.heard.wait("reply", len(board.heard.of("reply")) + 1)
    return topic


def readings(board: Running) -> list[dict[str, Any]]:
    """Those that have arrived, as often as they did."""
    arrays: list[Any] = board.heard.json("reading")
    return [r for a in arrays for r in (a if isinstance(a, list) else [a])]


def complete(board: Running) -> None:
    """Every reading has arrived, from the first start on."""
    seqs = {r["seq"] for r in readings(board)}
    assert seqs == set(range(max(seqs) + 1))


def ended(board: Running, bundle: Bundle, why: str) -> None:
    """It failed for this reason, and the old firmware samples again."""
    told = board.outcome(bundle)["update"]
    assert told["state"] == "failed" and why in told["why"], told
    board.still_publishes(board.ota.first)
    complete(board)


def test_it_restarts_for_the_update_and_is_updated(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, room=ROOM) as board:
        assert board.update(new)["result"] == {"state": "restart"}
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
        complete(board)
        assert statuses(board) == UPDATED
        replies = [r["result"] for r in board.heard.json("reply")]
        assert replies[1] == {"state": "fetching", "chunk": 0, "of": len(new.chunks)}
        assert [r["state"] for r in replies][-2:] == ["verified", "trial"]
        assert board.heard.ask(command(new))["result"] == "done before"
        told = [(b["boot"], b.get("update", {}).get("state")) for b in board.heard.json("birth")]
        assert list(dict.fromkeys(told)) == [(0, None), (1, "trial"), (2, "good")]
    assert [s for s, _ in ota.attempts()] == ["fetching", "trial", "good"]
    log = ota.site.log()
    begun, back = re.findall(
        r"^(\d+) (?:update: restarting|update: this firmware is on)", log, re.M
    )
    assert int(back) - int(begun) < 60


def test_a_board_with_room_samples_meanwhile(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, room=40_000) as board:
        assert board.update(new)["result"]["state"] == "fetching"
        assert board.outcome(new)["update"]["state"] == "good"
        assert b"updating" not in board.heard.of("status")


# Of some 4,500 programs and erases from the first start to the new firmware's being good.
@pytest.mark.parametrize("cut", range(35, 4400, in_part(850, 85)))
def test_after_a_cut_it_goes_on(ota: Ota, broker: Broker, cut: int) -> None:
    """In the restart, the fetch, the installation, the switch."""
    new = ota.newer()
    with ota.running(broker, cut=cut, room=ROOM) as board:
        board.publish(new)
        board.heard.wait("reading")
        board.heard.ask(command(new))
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
    # It went on alone: no start in between sampled.
    meanwhile = ota.site.log().split("update: restarting")[-1].split("is on trial in")[0]
    assert "update alone" in meanwhile and " qingyun " not in meanwhile
    assert "\n+0 update alone" in meanwhile  # it was cut, and has lost its time


def test_asked_again_it_tells_how_far_it_is(ota: Ota, broker: Broker) -> None:
    """By the same command, and by another one for the same bundle; each is done once."""
    new = ota.newer()
    with ota.running(broker, {"speed": 20}, room=ROOM) as board:
        topic = begun_without_a_chunk(board, new)
        for id_ in ("u1", "u2"):
            told = board.heard.ask(command(new, id_))["result"]
            assert (told["state"], told["of"]) == ("fetching", len(new.chunks)), told
        assert board.heard.ask({"id": "r1", "do": "read"})["error"] == (
            "updating: only log, restart and update are done"
        )
        told = board.heard.ask({"id": "l1", "do": "log"})["result"]
        assert told["updating"]["chunk"] <= 30 and told["block"] == 8192
        board.heard.publish(topic, new.chunks[30], retain=True)
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
        assert board.heard.ask(command(new, "u2"))["result"] == "done before"
        assert statuses(board) == UPDATED


def test_the_command_restart_ends_it(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, {"speed": 20}, room=ROOM) as board:
        board.publish(new)
        board.heard.publish(f"qingyun/1/update/{new.id}/30", b"", retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(new))["ok"]
        until(board, b"updating")
        assert board.heard.ask({"id": "r1", "do": "restart"})["result"] == "restarting"
        ended(board, new, "ended by the command restart")


def test_without_a_network_it_comes_back_and_the_next_try_goes_on(
    ota: Ota, broker: Broker, tmp_path: Path
) -> None:
    new = ota.newer()
    hand = tmp_path / "hand"
    hand.write_text("wifi 1\n")
    with ota.running(broker, {"speed": 60, "hand": hand}, room=ROOM) as board:
        topic = begun_without_a_chunk(board, new)
        hand.write_text("wifi 0\n")
        while "qingyun" not in ota.site.log().split("update alone: connected")[-1]:
            board.heard.listen_on(0.05)
        hand.write_text("wifi 1\n\n")
        ended(board, new, "no session for 300 s")
        log = ota.site.log()
        assert "watchdog" not in log
        assert board.heard.ask(command(new, "u2"))["ok"]
        until(board, b"updating", 2)
        board.heard.publish(topic, new.chunks[30], retain=True)
        board.birth(lambda b: b.get("update", {}).get("state") == "good")
        board.still_publishes(new)
    begun = re.findall(rf"update: {new.id}: from chunk (\d+) of", ota.site.log())
    assert begun[0] == "0" and int(begun[1]) >= 16, begun


def test_chunks_that_never_come(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, {"patience": 200}, room=ROOM) as board:
        board.publish(new)
        board.heard.publish(f"qingyun/1/update/{new.id}/7", b"", retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(new))["ok"]
        ended(board, new, "chunk")
        errors = [r for r in board.heard.json("reply") if not r["ok"]]
        assert [r["id"] for r in errors] == ["u1"], errors
        assert statuses(board) == BACK


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "of another key": ({}, "signature: not of a key in update.pub"),
    "older": ({"version": "0.0.9"}, "version: 0.0.9 is older than"),
    "no version": ({"version": "new"}, "version: expected three numbers"),
}


@pytest.mark.parametrize("how", BAD)
def test_one_that_is_not_to_be_installed_ends_with_its_reason(
    ota: Ota, broker: Broker, tmp_path: Path, how: str
) -> None:
    told, why = BAD[how]
    keys.make(tmp_path / "other.key", 2048)
    new = ota.newer(key=keys.load(tmp_path / "other.key"))
    with ota.running(broker, room=ROOM) as board:
        board.update(new, **told)
        ended(board, new, why)
        (error,) = [r for r in board.heard.json("reply") if not r["ok"]]
        assert error["id"] == "u1" and why in error["error"]


def test_what_is_no_command_of_an_update_costs_no_restart(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker, room=ROOM) as board:
        assert "expected 64 hex digits" in board.update(new, sha256="12")["error"]
        board.still_publishes(ota.first)
        assert b"updating" not in board.heard.of("status")


@pytest.mark.parametrize(
    "patch",
    [HANG, ("update/alone.py", "_QUIET_MS = const(300000)", "_QUIET_MS = no_such_name")],
    ids=["hangs", "cannot be loaded"],
)
def test_starts_that_fail_are_three_at_most(ota: Ota, broker: Broker, patch: Patch) -> None:
    """By the watchdog, or by an exception: then the board samples again."""
    ota.install(patch)
    new = ota.newer()
    with ota.running(broker, room=ROOM) as board:
        assert board.update(new)["ok"]
        ended(board, new, "its starts did not come to an end")
        birth = board.heard.json("birth")[-1]
        assert birth["reset"] == ("watchdog" if patch is HANG else "hard_reset")
    assert len(re.findall("start [123] for it", ota.site.log())) == (3 if patch is HANG else 0)
    assert "safe mode" not in ota.site.log()


def test_a_firmware_that_fails_its_trial_goes_back(ota: Ota, broker: Broker) -> None:
    new = ota.newer(("main.py", "import sys\n", "import sys\n\nimport no_such_module\n"))
    with ota.running(broker, room=ROOM) as board:
        assert board.update(new)["ok"]
        ended(board, new, "three starts failed, the last of: ImportError")


def test_other_keys_and_a_step_back(ota: Ota, broker: Broker, tmp_path: Path) -> None:
    """As `rotate-key` sends them, and `--older`."""
    public = keys.make(tmp_path / "second.key", 2048)
    second = keys.load(tmp_path / "second.key")
    two = public.read_text().strip()
    files = ota.newer().files
    with ota.running(broker, room=ROOM) as board:
        new = bundles.pack(files, "9.1.0", "sim", ota.key, Terms(keys=(two,)))
        assert board.update(new)["ok"]
        told = board.outcome(new)["update"]
        assert (told["state"], told["keys"]) == ("good", [keys.fingerprint(two)])
        old = bundles.pack(ota.first.files, ota.first.version, "sim", second, Terms(older=True))
        assert board.update(old, id="u2", older=True)["ok"]
        assert board.outcome(old)["update"]["state"] == "good"
        board.still_publishes(old)
        complete(board)


def test_a_board_in_safe_mode_can_be_updated(ota: Ota, broker: Broker) -> None:
    """The firmware that does not start is replaced, without a cable."""
    ota.install(
        (
            "logger.py",
            "    def run(self):\n",
            "    def run(self):\n        raise ValueError('bug')\n\n    def r(self):\n",
        )
    )
    good = ota.newer()
    with ota.running(broker, {"speed": 20}) as board:
        board.publish(good)
        until(board, b"safe")
        assert board.heard.ask(command(good))["result"] == {"state": "restart"}
        assert board.outcome(good)["update"]["state"] == "good"
        board.still_publishes(good)
        said = [s for s in statuses(board) if s != b"offline"]
        assert list(dict.fromkeys(said)) == [b"safe", b"updating", b"online"]

"""A good firmware takes over within a minute; one that is not good does not stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from broker import Broker
from jsonschema import Draft7Validator
from ota import Ota, Patch, command
from sim_board import ROOT

from host.update import bundle as bundles
from host.update import keys
from host.update.bundle import Terms

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


def validator(message: str) -> Draft7Validator:
    """As docs/asyncapi.yaml has it."""
    doc = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))
    components = doc["components"]
    return Draft7Validator(
        {"allOf": [components["messages"][message]["payload"]], "components": components}
    )


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def seconds_between(log: str, first: str, last: str) -> int:
    """Of the board's clock, from one line to another."""
    found = [re.search(rf"^(\d+) {re.escape(x)}", log, re.MULTILINE) for x in (first, last)]
    assert found[0] and found[1], log[-3000:]
    return int(found[1][1]) - int(found[0][1])


def test_a_good_one_switches_within_a_minute(
    ota: Ota, broker: Broker, figure: Callable[[str], None]
) -> None:
    new = ota.newer()
    with ota.running(broker) as board:
        assert board.update(new)["ok"]
        name = keys.fingerprint(keys.public_text(ota.key.public_key()).strip())
        told = {"bundle": new.id, "state": "good", "keys": [name]}
        assert board.outcome(new)["update"] == told
        board.still_publishes(new)
        for what in ("birth", "reply"):
            for message in board.heard.json(what):
                validator(what).validate(message)
        validator("command").validate(command(new, by="Li", older=False))
        replies = [r["result"] for r in board.heard.json("reply") if r["ok"]]
        assert [r["state"] for r in replies][-2:] == ["verified", "trial"]
        # A second time it is the folder a that is written.
        third = bundles.pack(new.files, "9.1.1", "sim", ota.key)
        assert board.update(third, id="u2")["ok"]
        board.outcome(third)
    log = ota.site.log()
    took = seconds_between(log, "command: update u1", "update: this firmware is good")
    assert took <= 60
    assert ota.on_flash("slots.json") == '{"good": "a"}'
    assert [s for s, _ in ota.attempts()] == ["fetching", "trial", "good"] * 2
    assert ota.on_flash("update.part") == ""
    figure(
        f"update of {len(new.raw)} bytes in {len(new.chunks)} chunks: {took} s of the board's "
        "time from the command to its being good (what the machine takes is not in it)"
    )


def test_in_real_time(ota: Ota, broker: Broker, figure: Callable[[str], None]) -> None:
    """At the machine's own clock, with the sampling looked at by its frames."""
    new = ota.newer()
    with ota.running(broker, {"speed": 1}) as board:
        assert board.update(new)["ok"]
        board.outcome(new)
    took = seconds_between(ota.site.log(), "command: update u1", "update: this firmware is good")
    figure(f"the same in real time on loopback: {took} s")
    assert took <= 60


def test_a_signature_of_3072_bits(ota: Ota, broker: Broker, tmp_path: Path) -> None:
    public = keys.make(tmp_path / "large.key", 3072)
    (ota.files / "update.pub").write_bytes(public.read_bytes())
    new = ota.newer(key=keys.load(tmp_path / "large.key"))
    with ota.running(broker) as board:
        assert board.update(new)["ok"]
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)


def test_an_older_one_when_it_is_meant(ota: Ota, broker: Broker) -> None:
    """The command says so, and what is signed says so."""
    files = ota.newer().files
    plain = bundles.pack(files, "0.0.8", "sim", ota.key)
    old = bundles.pack(files, "0.0.9", "sim", ota.key, Terms(older=True))
    with ota.running(broker) as board:
        assert "is older than" in board.update(old, id="u0")["error"]
        assert board.update(plain, id="u1", older=True)["ok"]
        assert "0.0.8 is older than" in board.outcome(plain)["update"]["why"]
        assert board.update(old, id="u2", older=True)["ok"]
        assert board.outcome(old)["update"]["state"] == "good"
    states = [s for s, _ in ota.attempts()]
    assert states == ["refused", "fetching", "failed", "fetching", "trial", "good"]


def test_a_command_is_done_once(ota: Ota, broker: Broker) -> None:
    new = ota.newer()
    with ota.running(broker) as board:
        board.update(new)
        board.outcome(new)
        assert board.heard.ask(command(new))["result"] == "done before"


TRIED = "three starts failed, the last of: "
BAD: dict[str, tuple[Patch, str]] = {
    "raises at import": (
        ("main.py", "import sys\n", "import sys\n\nimport no_such_module\n"),
        TRIED + "ImportError: no module named 'no_such_module'",
    ),
    "cannot even be read": (
        ("buffers.py", "PACKETS = bytearray(144 + 1600)", "PACKETS = bytearray(1 << 40)"),
        TRIED,
    ),
    "raises at start": (
        (
            "logger.py",
            "        self._look_for_update(trial)\n",
            '        raise ValueError("a bug")\n',
        ),
        TRIED + "ValueError: a bug",
    ),
    "refuses the configuration": (
        ("settings/config.py", 'c.name(cfg, "site")', 'c.name(cfg, "town")'),
        TRIED + "ConfigError: /flash/config.json: town: expected a text",
    ),
    "never samples": (
        ("sensors/sampler.py", "        diff = self.hal.ticks_diff\n", "        return 1000\n"),
        TRIED + "no reading was made within 300 s",
    ),
    "never finds the network": (
        (
            "net/wifi.py",
            "    def poll(self):\n",
            "    def poll(self):\n        return False\n\n    def gone(self):\n",
        ),
        TRIED + "no time server answered within 300 s",
    ),
    "never asks for the time": (
        ("net/link.py", "        self._sntp.poll(self._resolver)\n", ""),
        TRIED + "no time server answered within 300 s",
    ),
    "never publishes": (
        ("net/link.py", "            more = self._publish()\n", "            more = False\n"),
        TRIED + "no reading was acknowledged within 300 s",
    ),
    "hangs": (
        (
            "main.py",
            "    board = Board()\n",
            "    board = Board()\n    while True:\n        board.wait(None, 1000, False)\n",
        ),
        TRIED + "a hang, or a loss of power",
    ),
}


@pytest.mark.parametrize("how", BAD)
def test_one_that_is_not_good_goes_back(ota: Ota, broker: Broker, how: str) -> None:
    patch, why = BAD[how]
    new = ota.newer(patch)
    with ota.running(broker) as board:
        assert board.update(new)["ok"]
        told = board.outcome(new)["update"]
        assert told["state"] == "failed"
        assert told["why"].startswith(why), told
        board.still_publishes(ota.first)
        birth = board.heard.json("birth")[-1]
        assert birth["failed_starts"] == 0  # those of the other one are not its own
        # And it can be updated again.
        good = ota.newer()
        assert board.update(good, id="u2")["ok"]
        assert board.outcome(good)["update"]["state"] == "good"
        board.still_publishes(good)
    assert [s for s, _ in ota.attempts()] == [
        "fetching",
        "trial",
        "failed",
        "fetching",
        "trial",
        "good",
    ]
    assert "safe mode" not in ota.site.log()


def test_no_network_at_the_site_at_that_moment(ota: Ota, broker: Broker) -> None:
    """The network is away for the 20 min after the switch: the old one comes back, nothing
    is lost, and the board says so when it can."""
    new = ota.newer(
        (
            "net/link.py",
            "        self.associated = self._uplink.poll()\n",
            "        self.associated = self._uplink.poll() and self._clock.uptime_s() > 400\n",
        )
    )
    with ota.running(broker) as board:
        assert board.update(new)["ok"]
        told = board.outcome(new)["update"]
        assert told["why"] == TRIED + "no time server answered within 300 s"
        board.still_publishes(ota.first)


def test_an_update_while_on_trial_is_refused(ota: Ota, broker: Broker) -> None:
    """The other folder is what it may have to go back to."""
    slow = ota.newer(
        (
            "update/trial.py",
            "if lacks is None:",
            "if lacks is None and logger.clock.uptime_s() > 200:",
        )
    )
    with ota.running(broker, {"speed": 20}) as board:
        assert board.update(slow)["ok"]
        board.birth(lambda b: b.get("update", {}).get("state") == "trial")
        reply = board.heard.ask(command(ota.first, id="u2", older=True))
        assert reply["error"] == "this firmware is on trial itself; try again when it is good"
        assert board.outcome(slow)["update"]["state"] == "good"


def test_a_board_that_sleeps_confirms_too(ota: Ota, broker: Broker) -> None:
    """Put on trial as a deployment over serial does it: by slots.json."""
    ota.cycle()
    (ota.files / "slots.json").write_text('{"good": "b", "trial": "a", "starts": 0}')
    with ota.running(broker) as board:
        board.heard.wait("reading", 2)
        board.still_publishes(ota.first)
    assert ota.on_flash("slots.json") == '{"good": "a"}'
    assert "update: this firmware is good" in ota.site.log()

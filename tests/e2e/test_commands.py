"""Commands over MQTT to the real firmware: a reply to each, and each done once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from broker import Broker
from listener import Listener
from simple_site import SimpleSite


@pytest.fixture
def site(tmp_path: Path) -> SimpleSite:
    site = SimpleSite(tmp_path)
    site.configure()
    site.trace([(0, "w1", 0.4), (86400 * 40, "w1", 0.4)])
    return site


def test_each_command_is_done_and_answered(site: SimpleSite, broker: Broker) -> None:
    with Listener(broker) as heard:
        process = site.board(broker.address).launch()
        try:
            heard.wait("reading")
            assert heard.ask({"id": "r", "do": "read"})["result"]["seq"] >= 0

            reply = heard.ask({"id": "i", "do": "interval", "s": 3600, "by": "Li"})
            assert reply == {"id": "i", "ok": True, "result": {"every_s": 3600}}
            again = heard.ask({"id": "i", "do": "interval", "s": 60})
            assert again == {"id": "i", "ok": True, "result": "done before"}

            for _ in range(2):  # a refused one that comes twice has not been done
                reply = heard.ask({"id": "n", "do": "interval", "s": 5})
                assert not reply["ok"] and reply["error"].startswith("s: expected"), reply
            assert heard.ask({"id": "i", "do": "interval", "s": 60})["result"] == "done before"

            births = len(heard.of("birth"))
            zero = heard.ask({"id": "z1", "do": "zero", "channel": "w1"})
            assert zero["ok"] and zero["result"]["kg"] == 0
            assert zero["result"]["zero"] == pytest.approx(84213 + 0.4 * 21000, abs=3)
            heard.wait("birth", births + 1)  # what the board weighs by has changed
            assert heard.json("birth")[-1]["channels"]["w1"]["calibration"] == "z-z1"

            lines = heard.ask({"id": "l", "do": "log"})["result"]["lines"]
            assert any("command: zero z1" in line for line in lines)

            births = len(heard.of("birth"))
            assert heard.ask({"id": "x", "do": "restart"})["result"] == "restarting"
            heard.wait("birth", births + 1)
            birth = heard.json("birth")[-1]
            assert (birth["boot"], birth["reset"]) == (1, "hard_reset")
            assert birth["failed_starts"] == 0
            assert birth["channels"]["w1"]["calibration"] == "z-z1"  # kept
            assert heard.ask({"id": "x", "do": "restart"})["result"] == "done before"
            assert heard.json("birth")[-1]["boot"] == 1
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"restart", "expected JSON"),
        (b"[1]", "expected an object"),
        (b'{"do":"read"}', "id: expected a text of 1 to 40 characters, found None"),
        (b'{"id":"a"}', "do: expected a text, found None"),
        (b'{"id":"a","do":"fly"}', "do: expected one of calibrate, interval, log, measure"),
        (b'{"id":"a","do":"interval","s":5}', "s: expected a whole number from 10 to 3600"),
        (b'{"id":"a","do":"zero","channel":"w9"}', "channel: expected a weight channel"),
        (b'{"id":"a","do":"calibrate","channel":"w1","kg":2}', "kg: expected from 7.5 to 150"),
        (b'{"id":"a","do":"calibrate","channel":"w1","kg":50}', '"force": true if so'),
        (b"\xff\xfe", "expected JSON"),
        (b'{"id":"a","do":"read","by":"' + 3000 * b"x" + b'"}', "bytes are too many"),
    ],
)
def test_what_cannot_be_done_is_answered_too(
    site: SimpleSite, broker: Broker, payload: bytes, error: str
) -> None:
    with Listener(broker) as heard:
        process = site.board(broker.address).launch()
        try:
            heard.wait("reading")
            reply = heard.ask(payload)
            assert reply["ok"] is False
            assert error in reply["error"], reply
        finally:
            process.kill()
            process.wait()


def test_a_calibration_with_a_known_weight(site: SimpleSite, broker: Broker) -> None:
    site.trace([(0, "w1", 20.4), (86400 * 40, "w1", 20.4)])
    with Listener(broker) as heard:
        process = site.board(broker.address).launch()
        try:
            heard.wait("reading")
            reply = heard.ask({"id": "c", "do": "calibrate", "channel": "w1", "kg": 20})
            assert reply["ok"], reply
            assert reply["result"]["kg"] == pytest.approx(20, abs=0.002)
            assert reply["result"]["counts_per_kg"] == pytest.approx(21000 * 20.4 / 20, rel=1e-4)
            seq = reply["result"]["seq"]
            while (reading := json.loads(heard.of("reading")[-1]))["seq"] < seq:
                heard.wait("reading", len(heard.of("reading")) + 1)
            assert reading["w1"] == pytest.approx(20, abs=0.01)
        finally:
            process.kill()
            process.wait()


def test_a_board_that_leaves_says_so_once(site: SimpleSite, broker: Broker) -> None:
    """`offline` comes from the board, not from its last will, which a goodbye forbids."""
    site.trace([(0, "w1", 5), (900, "w1", 5)])
    with Listener(broker) as heard:
        site.run(site.board(broker.address))
        heard.wait("status", 2)
        heard.listen_on(0.5)
        assert heard.of("status") == [b"online", b"offline"]

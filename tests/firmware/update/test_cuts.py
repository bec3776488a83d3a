"""Power cuts and lost connections in the course of an update: it goes on where it was."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from broker import Broker
from fault_proxy import PASS, Fate, Packet, Proxy
from listener import Listener
from ota import HEAP, Ota, Running, command
from sim_board import ROOT, compiled
from soak import in_part

from host.update.air import chunk_messages

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


@pytest.fixture
def ota(tmp_path: Path) -> Ota:
    return Ota(tmp_path)


def test_a_cut_always_leaves_a_whole_firmware(
    ota: Ota, broker: Broker, figure: Callable[[str], None]
) -> None:
    """From the command to the new firmware's being good; see run_cuts.py."""
    new = ota.newer()
    argv = ota.board(broker).command()
    argv[argv.index("run")] = "run_cuts"
    argv[argv.index(f"heapsize={HEAP}")] = "heapsize=16m"
    path = [compiled() / "boards/sim", ROOT / "tests/firmware/update", ".frozen"]
    env = os.environ | {"MICROPYPATH": ":".join(map(str, path))}
    log = ota.folder / "report.log"
    with Listener(broker) as heard, log.open("wb") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, cwd=ROOT, env=env)
        board = Running(ota, heard, process)
        try:
            assert board.update(new)["ok"]
            assert board.outcome(new, 200)["update"]["state"] == "good"
            board.still_publishes(new)
        finally:
            process.kill()
            process.wait()
    text = log.read_text()
    assert "CUT" not in text, text[-500:]
    looks = re.findall(r"looked (\d+) times, of (\d+): (.*)", text)
    assert int(looks[-1][0]) > 100 and "'b'" in looks[-1][2]
    figure("update, power cut at {} of {} operations of the flash, starts {}".format(*looks[-1]))


# Of some 2,200 programs and erases from the first start to the new firmware's being good.
@pytest.mark.parametrize("cut", range(150, 2111, in_part(420, 140)))
def test_after_a_cut_it_goes_on(ota: Ota, broker: Broker, cut: int) -> None:
    """The command is not sent again: what is on the flash is enough."""
    new = ota.newer()
    with ota.running(broker, cut=cut) as board:
        board.publish(new)
        board.heard.wait("reading")
        board.heard.ask(command(new))
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
        boots = {b["boot"]: b["reset"] for b in board.heard.json("birth")}
    assert "power_on" in list(boots.values())[1:]  # it was cut


def test_a_reset_in_the_middle_of_the_fetch(ota: Ota, broker: Broker) -> None:
    """Chunk 30 is not there until the board has been reset by its watchdog, or so."""
    new = ota.newer()
    rows = [(0, "w1", 5), *((60.0 * n, "reset", 1) for n in range(2, 5)), (86_400 * 60, "w1", 5)]
    ota.site.trace(rows)
    topic = f"qingyun/1/update/{new.id}/30"
    with ota.running(broker, {"speed": 20}) as board:
        board.publish(new)
        board.heard.publish(topic, b"", retain=True)
        board.heard.wait("reading")
        assert board.heard.ask(command(new))["ok"]
        board.birth(lambda b: b["reset"] == "watchdog")
        board.heard.publish(topic, new.chunks[30], retain=True)
        assert board.outcome(new)["update"]["state"] == "good"
        board.still_publishes(new)
    assert re.search(rf"update: {new.id}: from chunk 30 of", ota.site.log())


def test_a_connection_lost_in_the_middle_of_the_fetch(ota: Ota, broker: Broker) -> None:
    """Reset instead of every tenth chunk: what is on the flash is not fetched again."""
    new = ota.newer()
    cut: set[str] = set()

    def policy(packet: Packet) -> Fate:
        topic = packet.topic
        if packet.from_board or "/update/" not in topic or topic in cut or topic[-1] != "0":
            return PASS
        cut.add(topic)
        return Fate(100, "reset")

    with Proxy((broker.host, broker.port), policy) as proxy:
        with ota.running(broker, through=proxy.address) as board:
            assert board.update(new)["ok"]
            assert board.outcome(new)["update"]["state"] == "good"
            board.still_publishes(new)
        chunks = [p for p, fate in proxy.seen if "/update/" in p.topic and fate == PASS]
    assert len(cut) == len([t for t, _ in chunk_messages(new) if t[-1] == "0"]) > 5
    assert sorted({p.topic for p in chunks}) == sorted(t for t, _ in chunk_messages(new))
    assert len(chunks) == len(new.chunks)

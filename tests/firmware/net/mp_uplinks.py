"""Lines to the broker: which one carries, and back; Ethernet with and without its cable; the check
of their configuration."""

import json

from clock import Clock
from health.log import Log
from net.chooser import Chooser
from net.lan import Lan
from settings import config
from uplink_parts import AskedWlan, Network, Pin, SPI


class Player:
    def __init__(self):
        self.values = {"wifi": 1}
        self.value = self.values.get


class Board:
    def __init__(self):
        self.hal = self.clock = Clock(1772467200)
        self.player = Player()
        self.network = Network(self)
        self.machine = self
        self.Pin = Pin
        self.SPI = SPI
        self.restarts = 0

    def check_not_held(self):
        pass

    def reset(self):
        self.restarts += 1

    def wlan(self):
        return AskedWlan(self.network)

    def name_servers(self):
        return "of Wi-Fi"


W5500 = {"kind": "lan", "phy": "w5500", "spi": 1, "sck": 1, "mosi": 2, "miso": 3, "cs": 4, "int": 5}
LAN8720 = {"kind": "lan", "phy": "lan8720", "mdc": 23, "mdio": 18, "phy_addr": 1, "ref_clk": 0}
LAN8720["ref_clk_out"] = False


def lan(board, entry, alone):
    lines = []
    entry["alone"] = alone
    try:
        made = entry, Lan.hardware(board, entry), None
    except OSError as e:
        made = entry, None, str(e)
    return Lan(board, made, Log(None, lines.append)), lines


def run(board, line, seconds):
    """How many of so many seconds it was up."""
    up = 0
    for _ in range(seconds):
        board.hal.move_us(1000000)
        up += line.poll()
    return up


def test_a_cable_that_comes_and_goes():
    for entry in (W5500, LAN8720):
        board = Board()
        line, lines = lan(board, entry, True)
        assert 5 <= run(board, line, 10) <= 8 and line.text() == ',"uplink":"lan"'
        assert sorted(line.name_servers()) == [("127.0.0.1", 53), ("192.168.1.1", 53)]
        board.player.values["lan"] = 0
        assert run(board, line, 5) == 0
        board.player.values["lan"] = 1
        assert run(board, line, 10) > 5
        told = [text.split("lan: ")[1] for text in lines]
        assert told == ["connected", "no cable, or no address", "connected"]


def test_the_address_tells_though_the_port_says_that_it_is_not_connected():
    board = Board()
    line, _ = lan(board, W5500, False)
    run(board, line, 10)
    wlan = board.wlan()
    wlan.connect("n", "")
    assert wlan.isconnected()
    assert not line._nic.isconnected() and run(board, line, 5) == 5


def test_a_chip_that_does_not_answer_is_told_and_tried_by_a_restart_where_it_is_alone():
    for alone in (True, False):
        board = Board()
        board.player.values["lan"] = -1
        line, lines = lan(board, LAN8720, alone)
        assert "lan: no lan8720 (esp_eth_driver_install failed)" in lines[0]
        assert run(board, line, 3599) == 0 and not board.restarts
        run(board, line, 3)
        assert (board.restarts > 0) == alone


class Line:
    """One that a test has up or down."""

    def __init__(self, name):
        self.name = name
        self.up = False
        self.anew = self.rested = self.polled = 0

    def poll(self):
        self.polled += 1
        return self.up

    def again(self):
        self.anew += 1

    def rest(self):
        self.rested += 1

    def text(self):
        return self.name

    def name_servers(self):
        return self.name


def choose(*kinds):
    board = Board()
    lines = [Line(kind) for kind in kinds]
    said = []
    chooser = Chooser(board, [(line.name, line) for line in lines], Log(None, said.append))
    return board, chooser, lines, said


def test_the_next_one_carries_while_the_better_is_down_and_not_longer():
    board, chooser, (cable, radio), said = choose("lan", "ppp")
    cable.up = True
    assert run(board, chooser, 700) == 700 and not radio.polled
    assert board.name_servers() == "lan" and chooser.text() == "lan"
    cable.up = False
    assert run(board, chooser, 9) == 0 and not radio.polled, "a blink of a cable"
    radio.up = True
    assert run(board, chooser, 20) > 15
    assert board.name_servers() == "ppp"
    cable.up = True
    assert run(board, chooser, 55) == 55 and not radio.rested, "it has to hold"
    assert run(board, chooser, 10) == 9, "the session over the other line ends first"
    assert radio.rested == 1 and chooser.text() == "lan"
    assert [s.split("uplink: ")[1] for s in said] == [
        "lan",
        "ppp: lan is down",
        "lan: it is up again",
    ]


def test_a_better_one_that_blinks_is_not_taken():
    board, chooser, (cable, radio), said = choose("lan", "wifi")
    radio.up = True
    run(board, chooser, 60)
    for _ in range(60):
        cable.up = True
        assert run(board, chooser, 50) == 50
        cable.up = False
        run(board, chooser, 10)
    assert len(said) == 2, said


def test_ppp_dials_anew_when_another_one_took_its_default_route_and_not_with_each_blink():
    board, chooser, (cable, radio), _ = choose("lan", "ppp")
    radio.up = True
    run(board, chooser, 60)
    cable.up = True
    run(board, chooser, 20)
    cable.up = False
    run(board, chooser, 5)
    assert radio.anew == 1 and chooser.text() == "ppp"
    for _ in range(360):
        cable.up = not cable.up
        run(board, chooser, 10)
    assert radio.anew <= 5, radio.anew
    radio.up = False  # it is dialled: then nothing is lost by a blink
    before = radio.anew
    for _ in range(20):
        cable.up = not cable.up
        run(board, chooser, 10)
    assert radio.anew == before


def test_a_better_one_that_blinked_is_taken_where_the_call_stays_away():
    board, chooser, (cable, radio), _ = choose("lan", "ppp")
    radio.up = True
    run(board, chooser, 60)
    for _ in range(360):
        cable.up = not cable.up
        run(board, chooser, 10)
    cable.up = False
    run(board, chooser, 2)
    cable.up = True
    radio.up = False
    assert run(board, chooser, 170) == 0, "it is dialled"
    assert run(board, chooser, 30) > 10 and chooser.text() == "lan"


def test_where_nothing_passes_the_next_one_carries_and_the_way_back_gets_longer():
    board, chooser, (cable, radio), _ = choose("lan", "wifi")
    cable.up = radio.up = True
    run(board, chooser, 3600)
    waited = []
    for _ in range(6):
        chooser.again()
        assert chooser.text() == ',"uplink":"wifi"wifi'
        seconds = 0
        while chooser.text() != "lan":
            seconds += 1
            run(board, chooser, 1)
        waited.append(seconds)
        run(board, chooser, 300)
    assert waited[0] in range(598, 605) and waited == sorted(waited)
    assert 3590 < waited[-1] < 3610, waited
    # Once it has lasted, the next time is as the first.
    run(board, chooser, 700)
    chooser.again()
    assert run(board, chooser, 590) > 580 and "wifi" in chooser.text()


def test_the_last_one_is_tried_anew_when_there_is_no_other():
    board, chooser, (cable, radio), _ = choose("lan", "ppp")
    run(board, chooser, 20)
    radio.up = True
    run(board, chooser, 20)
    chooser.again()
    assert radio.anew == 1 and chooser.text() == "ppp"
    cable.up = True
    run(board, chooser, 5)
    chooser.again()
    assert chooser.text() == "lan", "a better one is up: no need to wait"


def said(uplinks, **more):
    """The error for these lines, or None; and the configuration with its defaults."""
    cfg = json.load(open("boards/sim/demo/qy-hw01.json"))
    cfg.update(more)
    cfg["uplinks"] = json.loads(json.dumps(uplinks))
    cfg["wifi"] = {"ssid": "n", "password": ""}
    try:
        config.check(cfg, "c")
    except config.ConfigError as e:
        return str(e), cfg
    return None, cfg


WIFI = {"kind": "wifi"}
CABLE = {"kind": "lan", "phy": "w5500", "sck": 40, "mosi": 41, "miso": 42, "cs": 43, "int": 44}
OWN = {"kind": "lan", "phy": "lan8720", "mdc": 40, "mdio": 41}
PPP = {"kind": "ppp", "uart": 1, "tx": 45, "rx": 46, "apn": "cmnet"}


def test_lines_of_a_configuration_are_checked():
    for good in ([CABLE], [CABLE, WIFI], [WIFI, PPP], [CABLE, WIFI, PPP]):
        text, cfg = said(good)
        assert text is None, text
        assert cfg["uplinks"][-1].get("baud", 115200) == 115200
    for uplinks, expected in (
        ([], "uplinks: expected a list of 1 to 3 lines"),
        ([WIFI], "uplinks: expected more than wifi"),
        ([PPP, WIFI], "uplinks[1].kind: expected ppp as the last one"),
        ([CABLE, CABLE], "uplinks[1].kind: expected wifi, lan or ppp, each once"),
        ([dict(CABLE, phy="enc28")], "uplinks[0].phy: expected lan8720 or w5500"),
        ([dict(CABLE, mdc=1)], "uplinks[0].mdc: expected no such key"),
        ([dict(CABLE, cs=40)], "uplinks[0].cs: expected a pin not used before"),
        ([dict(CABLE, spi=3)], "uplinks[0].spi: expected a whole number from 1 to 2"),
        ([OWN], "uplinks[0].phy: expected pin "),
        ([dict(PPP, uart=0)], "uplinks[0].uart: expected 1 or 2"),
        ([dict(PPP, baud=1200)], "uplinks[0].baud: expected one of"),
        ([dict(PPP, auth="pap")], "uplinks[0].user: expected a text of 1 to 64"),
        ([dict(PPP, apn='a"b')], "uplinks[0].apn: expected a name without quotation"),
        ([dict(PPP, budget_mb=-1)], "uplinks[0].budget_mb: expected a whole number"),
        ([WIFI, dict(CABLE, int=45), dict(PPP, tx=45)], "uplinks[2].tx: expected a pin not used"),
    ):
        text, _ = said(uplinks)
        assert text and text.startswith("c: " + expected), (expected, text)
    serial = {"id": "w9", "kind": "indicator", "uart": 1, "tx": 13, "rx": 33, "format": "stgs"}
    text, _ = said([PPP], channels=[serial])
    assert "uplinks[0].uart: expected a UART of its own: w9 has this one" in text, text
    for ref_clk, out, expected in ((17, True, None), (17, False, "0, or 16 or 17"), (5, True, "0")):
        own = dict(OWN, ref_clk=ref_clk, ref_clk_out=out)
        text, _ = said([own], channels=[{"id": "d1", "kind": "contact", "pin": 4}])
        assert (text is None) == (expected is None), text
        assert expected is None or "uplinks[0].ref_clk: expected " + expected in text, text

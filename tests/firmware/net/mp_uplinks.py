"""Lines to the broker: which one carries, and back; Ethernet with and without its cable."""

from clock import Clock
from health.log import Log
from net.chooser import Chooser
from net.lan import Lan
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


def test_ppp_dials_anew_when_another_one_took_its_default_route():
    board, chooser, (cable, radio), _ = choose("wifi", "ppp")
    radio.up = True
    run(board, chooser, 60)
    cable.up = True
    run(board, chooser, 20)
    cable.up = False
    run(board, chooser, 5)
    assert radio.anew == 1 and chooser.text() == "ppp"


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

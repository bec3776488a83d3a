"""Wi-Fi that comes and goes, and a port that raises."""

from clock import Clock
from health.log import Log
from net.wifi import Wifi
from wlan import Wlan


class Player:
    wifi = 0

    def value(self, channel):
        return self.wifi


class Board:
    def __init__(self):
        self.hal = Clock(1772467200)
        self.player = Player()
        self.asked = 0

    def wlan(self):
        wlan = Wlan(self.player)
        connect = wlan.connect

        def counted(ssid, password):
            self.asked += 1
            connect(ssid, password)

        wlan.connect = counted
        return wlan


def rig():
    board = Board()
    lines = []
    cfg = {"wifi": {"ssid": "n", "password": ""}}
    return board, Wifi(board, cfg, Log(None, lines.append)), lines


def run(board, wifi, seconds):
    for _ in range(seconds):
        wifi.poll()
        board.hal.move_us(1000000)


def test_it_is_asked_for_again_and_the_signal_is_known_while_it_is_there():
    board, wifi, lines = rig()
    run(board, wifi, 100)
    assert 3 <= board.asked <= 4 and wifi.text() == ""
    board.player.wifi = 1
    assert wifi.poll() and wifi.text() == ',"rssi":-61'
    board.player.wifi = 0
    asked = board.asked
    run(board, wifi, 20)
    assert board.asked == asked, "the port's own stack comes first"
    assert wifi.text() == ""
    assert [line.split("wifi: ")[1] for line in lines] == ["connected", "lost"]


def test_a_port_without_memory_is_told_and_asked_again():
    board, wifi, lines = rig()
    board.player.wifi = -1
    run(board, wifi, 100)
    assert 3 <= board.asked <= 4
    assert all("warning: wifi: Wifi Unknown Error 0x0101" in line for line in lines)
    assert len(lines) == board.asked
    board.player.wifi = 1
    assert wifi.poll()

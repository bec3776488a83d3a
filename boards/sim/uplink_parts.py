"""Lines to the broker beside Wi-Fi alone: what the ESP32 port's `network` has for them. The network
behind each is that of this machine.

The trace has them: `wifi` (see wlan), `lan` 1 with a cable, 0 without one, -1 where the chip does
not answer at the start; of a modem see modem. All are 1 unless a row says so."""

from micropython import const
from wlan import Wlan

_LEASE_MS = const(2000)  # a name server of the site takes so long to give an address
_NONE = ("0.0.0.0",) * 4


class Pin:
    """A pin by its number, for what takes pins."""

    IN = 1
    OUT = 3

    def __init__(self, n):
        self.n = n


class SPI:
    """A bus: it has its pins, and nothing asks it."""

    def __init__(self, n, sck, mosi, miso):
        pass


class AskedWlan(Wlan):
    """Wi-Fi that somebody has to ask for, and can leave."""

    def __init__(self, network):
        super().__init__(network.player)
        self._network = network

    def connect(self, *args):
        super().connect(*args)
        self._network.asked = True

    def disconnect(self):
        self._network.asked = self._network.associated = False

    def isconnected(self):
        network = self._network
        up = network.asked and super().isconnected()
        if up and not network.associated:
            network.events += 1
        network.associated = up
        return up


class Lan:
    """An Ethernet interface; it has an address a while after its cable is in."""

    def __init__(self, network):
        self._network = network
        self._active = False
        self._since = None
        self._events = None

    def active(self, on):
        self._active = on
        self._since = None

    def ifconfig(self):
        network = self._network
        if not self._active or network.value("lan") != 1:
            self._since = self._events = None
            return _NONE
        now = network.clock.ms()
        if self._since is None:
            self._since = now
        if now - self._since < _LEASE_MS:
            return _NONE
        if self._events is None:
            self._events = network.events
        return ("192.168.1.50", "255.255.255.0", "192.168.1.1", "127.0.0.1")

    def isconnected(self):
        """As network_lan.c of v1.28 has it: False for good once Wi-Fi has got an address."""
        return self.ifconfig() != _NONE and self._events == self._network.events


class Network:
    """What stands for the module `network`, for the whole life of a board."""

    PHY_LAN8720 = 1
    PHY_W5500 = 2

    def __init__(self, board):
        self._board = board
        self.player = board.player
        self.clock = board.clock
        self.asked = False  # Wi-Fi is
        self.associated = False
        self.events = 0  # addresses that Wi-Fi got

    def value(self, channel):
        value = self.player.value(channel)
        return 1 if value is None else value

    def LAN(self, phy_type, phy_addr, **pins):
        self._board.check_not_held()
        if self.value("lan") == -1:
            raise OSError("esp_eth_driver_install failed")
        self.asked = self.associated = False  # a new start
        return Lan(self)

    def PPP(self, uart):
        import modem

        return modem.Ppp(self._board, uart)

    def wlan(self):
        return AskedWlan(self)


class Uarts:
    """The modem's UART beside those that the board had."""

    def __init__(self, before, n, uart):
        self._before = before
        self._n = n
        self._uart = uart

    def of(self, n, how):
        if n != self._n:
            return self._before.of(n, how)
        if how["timeout"] != 0 or how["rxbuf"] < 1500:
            raise ValueError("UART: it would wait, or lose bytes")
        self._uart.device.baud = how["baudrate"]
        return self._uart


def wire(board, cfg):
    """Give a board what the lines of its configuration need."""
    board.network = Network(board)
    board.wlan = board.network.wlan
    board.Pin = Pin
    board.SPI = SPI


def wire_modem(board, cfg, pins, uarts):
    """The UARTs of a board with a modem at one of them, its key at a pin."""
    for entry in cfg["uplinks"]:
        if entry["kind"] == "ppp":
            import modem

            uart = modem.wire(board, entry)
            if "key" in entry:
                pins[entry["key"]] = uart.device.key
            return Uarts(uarts, entry["uart"], uart)
    return uarts

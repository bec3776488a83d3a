"""Ethernet: a LAN8720 at an ESP32's own MAC, or a W5500 at an SPI bus.

isconnected() of the ESP32 port is not asked: an address that Wi-Fi gets meanwhile makes it False
for good (network_lan.c of v1.28 takes each event of IP for one of Ethernet). The address is what
tells: the port has none without a cable."""

from micropython import const

_LOOK_MS = const(1000)
_RESTART_MS = const(3600000)
_NONE = "0.0.0.0"


class Lan:
    """poll() is True while the cable has an address. made: what uplinks.of() has made of it."""

    def __init__(self, board, made, log):
        entry, self._nic, why = made
        self._board = board
        self._hal = board.hal
        self._log = log
        self._alone = entry["alone"]
        self._looked = self._hal.ticks_ms()
        self._up = False
        if self._nic is None:
            log.error("lan: no %s (%s): look at its supply and pins" % (entry["phy"], why))

    @staticmethod
    def hardware(board, entry):
        """The port's interface, active; OSError when the chip does not answer."""
        network, machine = board.network, board.machine
        if entry["phy"] == "w5500":
            pins = {key: machine.Pin(entry[key]) for key in ("sck", "mosi", "miso")}
            nic = network.LAN(
                phy_type=network.PHY_W5500,
                phy_addr=0,
                spi=machine.SPI(entry["spi"], **pins),
                cs=machine.Pin(entry["cs"]),
                int=machine.Pin(entry["int"]),
            )
        else:
            how = {key: machine.Pin(entry[key]) for key in ("mdc", "mdio", "ref_clk")}
            if "power" in entry:
                how["power"] = machine.Pin(entry["power"])
            nic = network.LAN(
                phy_type=network.PHY_LAN8720,
                phy_addr=entry["phy_addr"],
                ref_clk_mode=machine.Pin.OUT if entry["ref_clk_out"] else machine.Pin.IN,
                **how,
            )
        nic.active(True)
        return nic

    def poll(self):
        now = self._hal.ticks_ms()
        if self._nic is None:
            # The port can make it once a start only.
            if self._alone and self._hal.ticks_diff(now, self._looked) > _RESTART_MS:
                self._board.reset()
        elif self._hal.ticks_diff(now, self._looked) >= _LOOK_MS:
            self._looked = now
            up = self._nic.ifconfig()[0] != _NONE
            if up != self._up:
                self._up = up
                self._log.info("lan: connected" if up else "lan: no cable, or no address")
        return self._up

    def again(self):
        """Ask for an address anew."""
        try:
            self._nic.active(False)
            self._nic.active(True)
        except OSError as e:
            self._log.warn("lan: %s" % e)

    def rest(self):
        """Another line carries: a cable costs nothing."""

    def text(self):
        """What the state says of it."""
        return ',"uplink":"lan"'

    def name_servers(self):
        """As those of a board."""
        _, _, gateway, first = self._nic.ifconfig()
        return [(ip, 53) for ip in {first, gateway} if ip != _NONE]

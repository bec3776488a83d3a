"""4G: PPP over the UART of a modem (net.modem), dialled, watched and dialled again; what it carries
is counted (net.traffic).

disconnect() of the ESP32 port is not used: in v1.26 it stops the whole network. active(False) ends
PPP in every version (network_ppp.c of v1.26 to v1.28)."""

import sys

from late import forget
from micropython import const

from net.traffic import Traffic

_UP_MS = const(40000)  # from CONNECT to an address
_TWICE_MS = const(1200000)  # nothing passes again after so long: the modem starts anew
_BUFFER = const(2048)
_HELD_BUT = const(1024)  # by no more may the heap grow while the module is loaded


class Ppp:
    """poll() is True while PPP has an address. made: what uplinks.of() has made of it."""

    def __init__(self, board, made, log):
        entry, parts, why = made
        self._board = board
        self._hal = board.hal
        self._log = log
        self._entry = entry
        self._began = None  # ticks of CONNECT; None without a call
        self._up = False
        self._silent = None  # ticks when nothing passed the last time
        self._ppp = self._modem = None
        self._anew = False  # the modem itself shall start anew
        self.sim = self.operator = self.dbm = None
        self.told = None  # of what does not work
        self.pause = 0  # ms, after the last failure
        self.traffic = Traffic(board, entry["budget_mb"], log)
        if parts is None:
            log.error("ppp: no UART %d (%s)" % (entry["uart"], why))
            return
        self._uart, self._key = parts
        self._ppp = board.network.PPP(self._uart)
        if sys.implementation[1][:2] < (1, 27):
            log.warn("ppp: an image before v1.27 may stop in it: flash a newer one")

    @staticmethod
    def hardware(board, entry):
        """The UART, and the pin of the power key or None."""
        uart = board.machine.UART(
            entry["uart"],
            baudrate=entry["baud"],
            tx=entry["tx"],
            rx=entry["rx"],
            timeout=0,
            rxbuf=_BUFFER,
        )
        return uart, board.pin_out(entry["key"]) if "key" in entry else None

    def poll(self):
        if self._ppp is None:
            return False
        if not self.traffic.poll():
            if self._began is not None:
                self._end()
            return False
        if self._began is None:
            self._dial().poll()
            if self._modem.online:
                self._connect()
            return False
        up = self._ppp.isconnected()
        if up and not self._up:
            self._up = self.traffic.on = True
            self.told = None
            self.pause = 0
            self._modem = None  # until it is dialled again: TLS needs the memory
            forget("net.modem")
            self._log.info("ppp: connected (%s, %s dBm)" % (self.operator, self.dbm))
        elif not up and (self._up or self._late()):
            was, status = self._up, self._ppp.status()
            self._end()
            if was:
                self._log.info("ppp: lost (%d)" % status)
            else:
                self._dial().failed("ppp: no address (%d)" % status)
        return up and self._up

    def _late(self):
        """Whether it has failed, or takes too long."""
        if self._ppp.status() < 0:
            return True
        return self._hal.ticks_diff(self._hal.ticks_ms(), self._began) > _UP_MS

    def _connect(self):
        auth = self._entry["auth"]
        how = {}
        if auth != "none":
            how["security"] = self._ppp.SEC_PAP if auth == "pap" else self._ppp.SEC_CHAP
            how["user"] = self._entry["user"]
            how["key"] = self._entry["password"]
        try:
            self._ppp.connect(**how)
            self._began = self._hal.ticks_ms()
        except (OSError, ValueError) as e:
            self._end()
            self._dial().failed("ppp: %s" % e)

    def _dial(self):
        """The dialogue with the modem; what speaks it is loaded for that."""
        if self._modem is None:
            self._board.hold(_HELD_BUT)
            try:
                from net.modem import Modem
            finally:
                self._board.let_go()
            modem = self._uart, self._key, self._entry["apn"], self._hal, self._log
            self._modem = Modem(*modem, self, self._anew)
            self._anew = False
        return self._modem

    def _end(self):
        """End PPP, if it was; the modem will be asked from the beginning."""
        self._modem = None
        self._began = None
        self._up = self.traffic.on = False
        try:
            self._ppp.active(False)
        except OSError as e:
            self._log.warn("ppp: %s" % e)

    def again(self):
        """Nothing passes: dial anew; the next time the modem starts anew as well."""
        now = self._hal.ticks_ms()
        twice = self._silent is not None and self._hal.ticks_diff(now, self._silent) < _TWICE_MS
        self._silent = None if twice else now
        self._end()
        self._anew = twice

    def rest(self):
        """Another line carries."""
        if self._ppp is not None:
            self._end()

    def text(self):
        """What the state says of it; the signal is that of the last dial."""
        parts = [',"uplink":"ppp"']
        if self.dbm is not None:
            parts.append(',"rssi":%d' % self.dbm)
        if self.sim is not None:
            parts.append(',"sim":"%s"' % self.sim)
        if self.operator is not None:
            parts.append(',"operator":"%s"' % self.operator)
        parts.append(self.traffic.text())
        return "".join(parts)

    def name_servers(self):
        """As those of a board. The port gives (address, peer, mask, name server) of PPP, in another
        order than of Wi-Fi."""
        first = self._ppp.ifconfig()[3]
        return [(first, 53)] if first and first != "0.0.0.0" else []

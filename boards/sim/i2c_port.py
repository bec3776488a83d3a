"""A board's I2C bus, and what hangs on it.

As machine.I2C of the ESP32 port: OSError with ENODEV where nobody acknowledges, with ETIMEDOUT
where a line is held; each bit takes its time. A device has address, power(on), begin(register,
now) for the register that is addressed, get(now) and put(byte, now) for bytes from there on;
begin() gives False where it does not acknowledge. wire: what stands between, see Wire."""

import errno


class Wire:
    """A line in order. held: it is held low, by a device that hangs or by a cut screen."""

    held = False

    def address(self, address):
        """As the devices hear it; None: not acknowledged."""
        return address

    def register(self, register):
        return register

    def byte(self, value):
        """A data byte, either way."""
        return value


class I2c:
    def __init__(self, clock, wire=None):
        self._clock = clock
        self.devices = []
        self.wire = wire or Wire()
        self.byte_us = 90  # nine bits at 100 kHz
        self.transfers = 0
        self._hold_us = 0

    def set_up(self, freq, timeout):
        self.byte_us = 9000000 // freq
        self._hold_us = timeout

    def _begin(self, address, register):
        """The device that answers, with its register addressed."""
        clock = self._clock
        self.transfers += 1
        if self.wire.held:
            clock.sleep_us(self._hold_us)
            raise OSError(errno.ETIMEDOUT)
        address = self.wire.address(address)
        for device in self.devices:
            if device.address == address:
                clock.sleep_us(2 * self.byte_us)
                if device.begin(self.wire.register(register), clock.us):
                    return device
        clock.sleep_us(self.byte_us)
        raise OSError(errno.ENODEV)

    def readfrom_mem_into(self, address, register, buf):
        device = self._begin(address, register)
        self._clock.sleep_us(self.byte_us)  # its address once more, to read
        i = 0
        while i < len(buf):
            buf[i] = self.wire.byte(device.get(self._clock.us))
            self._clock.sleep_us(self.byte_us)
            i += 1

    def writeto_mem(self, address, register, raw):
        device = self._begin(address, register)
        for byte in raw:
            self._clock.sleep_us(self.byte_us)
            device.put(self.wire.byte(byte), self._clock.us)

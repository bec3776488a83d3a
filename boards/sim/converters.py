"""The converters that are no HX711, each at its pins or its bus."""

from i2c_port import I2c
from nau7802_chip import Nau7802Chip


def wire(board, ch, convert, pins, buses):
    """The converter of a channel. convert as of Hx711Chip."""
    bus = buses.get(ch["i2c"])
    if bus is None:
        bus = buses[ch["i2c"]] = I2c(board.clock)
        pins[ch["scl"]] = pins[ch["sda"]] = None
    chip = Nau7802Chip(board.clock, convert)
    board.player.listen(ch["id"] + ".on", lambda ms, on: chip.power(on != 0))
    bus.devices.append(chip)

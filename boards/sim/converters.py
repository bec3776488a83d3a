"""The converters that are no HX711 at 10 conversions a second, each at its pins or its bus."""

from chip import Ads1232Chip, Cs1237Chip, Hx711Chip
from i2c_port import I2c
from nau7802_chip import Nau7802Chip

_GAINS = {"hx711": (128, 32, 64), "hx717": (128, 64, 64, 8)}


def wire(board, ch, convert, pins, buses):
    """The converter of a channel. convert as of Hx711Chip."""
    if ch["converter"] in _GAINS:
        chip = Hx711Chip(board.clock, convert, 1000000 // ch["sps"], _GAINS[ch["converter"]])
        pins[ch["sck"]] = chip.sck
        pins[ch["dout"]] = chip.dout
        return
    if ch["converter"] == "ads1232":
        chip = Ads1232Chip(board.clock, convert)
        pins[ch["sck"]], pins[ch["dout"]], pins[ch["pdwn"]] = chip.sck, chip.dout, chip.pdwn
        return
    if ch["converter"] == "cs1237":
        chip = Cs1237Chip(board.clock, convert)
        pins[ch["sck"]], pins[ch["dout"]] = chip.sck, chip.dout
        return
    bus = _bus(board, ch, pins, buses)
    chip = Nau7802Chip(board.clock, convert)
    board.player.listen(ch["id"] + ".on", lambda ms, on: chip.power(on != 0))
    bus.devices.append(chip)


def _bus(board, ch, pins, buses):
    bus = buses.get(ch["i2c"])
    if bus is None:
        bus = buses[ch["i2c"]] = I2c(board.clock)
        pins[ch["scl"]] = pins[ch["sda"]] = None
    return bus


def wire_loop(board, ch, pins, buses):
    """The input of an ADS1115 at the shunt of a loop; the trace has its current in mA."""
    from ads1115_chip import Ads1115Chip

    bus = _bus(board, ch, pins, buses)
    value = board.player.value
    name, ohm = ch["id"], ch["shunt_ohm"]
    there = [chip for chip in bus.devices if chip.address == ch["address"]]
    if not there:
        there = [Ads1115Chip(board.clock, ch["address"])]
        bus.devices += there
    chip = there[0]
    chip.inputs[ch["input"]] = lambda: (value(name) or 0) / 1000 * ohm
    board.player.listen(name + ".on", lambda ms, on: chip.power(on != 0))

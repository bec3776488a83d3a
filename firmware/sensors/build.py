"""From the configuration to channels on this board's pins."""

from sensors import hx711
from sensors.channels import Contact, Fill, Temperature, Weight
from sensors.ultrasonic import Ultrasonic
from sensors.weighing import Calibration

_GAINS = {128: hx711.A128, 32: hx711.B32, 64: hx711.A64}


def channels(board, cfg):
    """The channels in the order of the configuration, temperatures first built."""
    hal = board.hal
    report = cfg["report"]
    built = {}
    for ch in cfg["channels"]:
        if ch["kind"] == "temperature":
            built[ch["id"]] = Temperature(ch["id"], board.thermometer(ch["pin"]), hal)
    out = []
    for ch in cfg["channels"]:
        name = ch["id"]
        kind = ch["kind"]
        if kind == "weight":
            chip = hx711.HX711(
                hal, board.pin_out(ch["sck"]), board.pin_in(ch["dout"]), _GAINS[ch["gain"]]
            )
            c = ch["calibration"]
            cal = Calibration(c["id"], c["date"], c["zero"], c["counts_per_kg"])
            least = report["weight_kg"]
            pace = 1000 * report["sample_s"]
            out.append(Weight(name, chip, cal, ch["e_kg"], ch["max_kg"], least, pace, hal))
        elif kind == "fill":
            sensor = Ultrasonic(
                hal,
                board.pin_out(ch["trig"]),
                board.pin_in(ch["echo"]),
                ch["blind_mm"],
                ch["empty_mm"] + 500,
            )
            by = built.get(ch.get("temperature"))
            out.append(Fill(name, sensor, ch["empty_mm"], ch["full_mm"], report["fill"], by, hal))
        elif kind == "temperature":
            out.append(built[name])
        else:
            out.append(Contact(name, board.pin_in(ch["pin"], True), hal))
    return out

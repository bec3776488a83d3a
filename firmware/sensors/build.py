"""From the configuration to channels on this board's pins. A kind of channel that the
board does not have costs it no memory, nor does this module when they are built."""


def channels(board, cfg, lines=None):
    """The channels in the order of the configuration, temperatures first built. lines: the
    serial lines that are there already, by UART."""
    built = lines or {}
    for ch in cfg["channels"]:
        if ch["kind"] == "temperature":
            from sensors.simple import Temperature

            built[ch["id"]] = Temperature(ch["id"], board.thermometer(ch["pin"]), board.hal)
    out = []
    for ch in cfg["channels"]:
        kind = ch["kind"]
        if kind == "weight":
            out.append(_weight(board, cfg["report"], ch, built))
        elif kind == "fill":
            out.append(_fill(board, cfg["report"], ch, built.get(ch.get("temperature"))))
        elif kind == "temperature":
            out.append(built[ch["id"]])
        elif kind == "contact":
            from sensors.simple import Contact

            out.append(Contact(ch["id"], board.pin_in(ch["pin"], True), board.hal))
        else:  # a module of its own, named as the kind; lines that channels share are in built
            module = __import__("sensors." + kind, None, None, (kind,))
            out.append(module.of_board(board, cfg["report"], ch, built))
    return out


def calibration(c):
    """From a table of a configuration."""
    from sensors.weighing import Calibration

    terms = c.get("t_c", 20), c.get("zero_per_c", 0), c.get("span_ppm_per_c", 0)
    return Calibration(c["id"], c["date"], c["zero"], c["counts_per_kg"], *terms)


def _converter(board, ch, built):
    """What the cells of a platform hang on."""
    if "converter" in ch:
        from sensors import converter

        return converter.of_board(board, ch, built)
    from sensors import hx711

    gain = {128: hx711.A128, 32: hx711.B32, 64: hx711.A64}[ch["gain"]]
    return hx711.HX711(board.hal, board.pin_out(ch["sck"]), board.pin_in(ch["dout"]), gain)


def _weight(board, report, ch, built):
    from sensors.weight import Weight

    chip = _converter(board, ch, built)
    cal = calibration(ch["calibration"])
    pace = 1000 * report["sample_s"]
    least = report["weight_kg"]
    weight = Weight(ch["id"], chip, cal, ch["e_kg"], ch["max_kg"], least, pace, board.hal)
    if "converter" in ch:
        weight.about = {"converter": ch["converter"]}  # for the birth message
    thermometer = built.get(ch.get("temperature"))
    if thermometer:
        weight.thermometer = thermometer
        thermometer.followers.append(weight.warm)
    return weight


def _fill(board, report, ch, thermometer):
    from sensors.fill import Fill
    from sensors.ultrasonic import Ultrasonic

    trig, echo = board.pin_out(ch["trig"]), board.pin_in(ch["echo"])
    sensor = Ultrasonic(board.hal, trig, echo, ch["blind_mm"], ch["empty_mm"] + 500)
    least = report["fill"]
    return Fill(ch["id"], sensor, ch["empty_mm"], ch["full_mm"], least, thermometer, board.hal)

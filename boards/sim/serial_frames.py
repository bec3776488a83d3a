"""What weighing instruments send, as their manuals say: bytes from what a scale shows.

Sources: as in firmware/sensors/xk3190.py, toledo.py, stgs.py, a12.py, reversed.py and modbus.py;
nothing of these is used here."""


def _hex(x):
    return "0123456789ABCDEF"[x]


def _xor(raw):
    x = 0
    for b in raw:
        x ^= b
    return (_hex(x >> 4) + _hex(x & 15)).encode()


def xk3190(scale):
    """tF=0: what is shown, whatever that is."""
    shown = scale.digits(scale.gross() - scale.tare)
    body = "%s%06d%d" % ("-" if shown < 0 else "+", abs(shown), scale.decimals)
    return b"\x02" + body.encode() + _xor(body.encode()) + b"\x03"


def xk3190_answer(address):
    """tF=1: commands A to D of this address."""

    def answer(scale, raw):
        if len(raw) != 6 or raw[0] != 2 or raw[1] != ord(address) or raw[3:5] != _xor(raw[1:3]):
            return None
        kg = {
            b"B": scale.gross(),
            b"C": scale.tare,
            b"D": scale.gross() - scale.tare,
        }.get(raw[2:3])
        body = raw[1:3]
        if kg is not None:
            v = scale.digits(kg)
            body += b"%s%06d%d" % (b"-" if v < 0 else b"+", abs(v), scale.decimals)
        return b"\x02" + body + _xor(body) + b"\x03"

    return answer


def toledo(checksum):
    """The continuous output, with or without its checksum."""

    def frame(scale):
        net = bool(scale.tare)
        shown = scale.digits(scale.gross() - scale.tare)
        a = 0x20 | 0x08 | (scale.decimals + 2)
        b = 0x20 | net | (shown < 0) << 1 | scale.over() << 2 | (not scale.still()) << 3
        b |= 0 if scale.pound else 0x10
        text = "%06d%06d\r" % (abs(shown) % 1000000, scale.digits(scale.tare))
        raw = bytes((2, a, b, 0x20)) + text.encode()
        return raw + bytes((-sum(raw) & 127,)) if checksum else raw

    return frame


def stgs(scale):
    """ST,GS,+00012.34kg"""
    v = scale.digits(scale.gross() - scale.tare)
    mode, unit = "NT" if scale.tare else "GS", "lb" if scale.pound else "kg"
    if scale.over():
        return ("OL,%s,+        %s\r\n" % (mode, unit)).encode()
    ten = 10**scale.decimals
    number = "%0*d.%0*d" % (7 - scale.decimals, abs(v) // ten, scale.decimals, abs(v) % ten)
    state = "ST" if scale.still() else "US"
    return ("%s,%s,%s%s%s\r\n" % (state, mode, "-" if v < 0 else "+", number, unit)).encode()


def stgs_answer(question):
    """The same on demand."""
    return lambda scale, raw: stgs(scale) if raw == question else None


def _padded(shown, decimals, width):
    """A whole number with its decimals as digits with a point, so many characters."""
    ten = 10**decimals
    sign = "-" if shown < 0 else ""
    whole = "%0*d" % (width - len(sign) - (decimals + 1 if decimals else 0), abs(shown) // ten)
    return sign + whole + (".%0*d" % (decimals, abs(shown) % ten) if decimals else "")


def a12(scale):
    """ww0012.34kg"""
    v = scale.digits(scale.gross() - scale.tare)
    mode, unit = "n" if scale.tare else "w", "lb" if scale.pound else "kg"
    return ("w%s%s%s\r\n" % (mode, _padded(v, scale.decimals, 7), unit)).encode()


def reversed_digits(scale):
    """=43.21000"""
    text = _padded(scale.digits(scale.gross() - scale.tare), scale.decimals, 8)
    return b"=" + bytes([ord(text[7 - i]) for i in range(8)])


def crc16(raw):
    """CRC-16 of Modbus, bit by bit as its guide has it; two bytes, low first."""
    crc = 0xFFFF
    for b in raw:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return bytes((crc & 255, crc >> 8))


def transmitter(unit, fc, first, registers):
    """A Modbus slave: registers(scale) gives its block of registers from `first` on."""

    def answer(scale, raw):
        if len(raw) != 8 or raw[0] != unit or crc16(raw[:6]) != raw[6:]:
            return None
        at, n = raw[2] << 8 | raw[3], raw[4] << 8 | raw[5]
        block = registers(scale)
        if raw[1] != fc:
            body = bytes((unit, raw[1] | 0x80, 1))
        elif at < first or at + n > first + len(block) or not 1 <= n <= 125:
            body = bytes((unit, fc | 0x80, 2))
        else:
            words = block[at - first : at - first + n]
            body = bytes((unit, fc, 2 * n)) + bytes([x >> s & 255 for x in words for s in (8, 0)])
        return body + crc16(body)

    return answer


def dini_registers(scale):
    """Dini Argeo DGT: gross and net without sign, status (input registers 30001 to 30007)."""
    gross, net = scale.digits(scale.gross()), scale.digits(scale.gross() - scale.tare)
    status = (net < 0) | (gross < 0) << 1 | scale.still() << 2 | scale.over() << 4
    status |= bool(scale.tare) << 5 | (gross == 0) << 7
    g, n = abs(gross), abs(net)
    return [g >> 16, g & 0xFFFF, n >> 16, n & 0xFFFF, status, 0, 0]

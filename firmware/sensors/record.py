"""A reading as bytes in the queue, and as JSON on the wire.

Body: 3 bytes a channel, big-endian, offset so that no sign is needed (weights
in g, fill in permille, temperature in 0.01 degC, contacts 0/1, ids of cards; 0 = no value),
then one byte (channel index << 4 | quality code) for each channel not good.
"""

from micropython import const

from sensors.quality import WORDS

ABSENT = None
_BIAS = const(0x800000)
# What a channel counts in on the wire is 1 of so many, by the kind its name begins with; or 1.
_SCALE = {"w": 1000, "f": 1000, "c": 100}


def pack(values, qualities):
    """The body of a reading: values as ints (None where absent), codes from quality."""
    n = len(values)
    bad = 0
    for q in qualities:
        if q:
            bad += 1
    body = bytearray(3 * n + bad)
    at = 3 * n
    for i in range(n):
        v = values[i]
        v = 0 if v is None else min(max(v + _BIAS, 1), 0xFFFFFF)
        body[3 * i] = v >> 16
        body[3 * i + 1] = (v >> 8) & 0xFF
        body[3 * i + 2] = v & 0xFF
        if qualities[i]:
            body[at] = i << 4 | qualities[i]
            at += 1
    return bytes(body)


def value(body, i):
    """Channel i of a body as an int, or None."""
    v = body[3 * i] << 16 | body[3 * i + 1] << 8 | body[3 * i + 2]
    return v - _BIAS if v else None


def text(v, scale):
    """An integer in 1/scale units as a decimal number without trailing zeros."""
    if scale == 1:
        return str(v)
    sign = "-" if v < 0 else ""
    v = abs(v)
    part = v % scale
    if not part:
        return "%s%d" % (sign, v // scale)
    digits = str(scale + part)[1:].rstrip("0")
    return "%s%d.%s" % (sign, v // scale, digits)


def fields(body, names):
    """The channels of a body as the inside of a JSON object: '"w1":83.42,"q":{...}'."""
    out = []
    for i in range(len(names)):
        v = value(body, i)
        if v is not None:
            out.append('"%s":%s' % (names[i], text(v, _SCALE.get(names[i][0], 1))))
    start = 3 * len(names)
    if len(body) > start:
        words = WORDS.split(" ")
        marks = []
        for b in body[start:]:
            marks.append('"%s":"%s"' % (names[b >> 4], words[b & 15]))
        out.append('"q":{%s}' % ",".join(marks))
    return ",".join(out)


def to_json(life, seq, boot, dated, seconds, body, names):
    """One reading as JSON text: `t` is Unix seconds, or `up` seconds since its boot."""
    return '{"life":"%s","seq":%d,"boot":%d,"%s":%d%s%s}' % (
        life,
        seq,
        boot,
        "t" if dated else "up",
        seconds,
        "," if body else "",
        fields(body, names),
    )


def compose(buf, recs):
    """Write as many of recs as fit into buf, as a JSON object or array; (how many, bytes)."""
    at = 1
    n = 0
    for life, seq, boot, dated, seconds, body, names in recs:
        text = to_json(life, seq, boot, dated, seconds, body, names).encode()
        if n and at + len(text) + 2 > len(buf):
            break
        if n:
            buf[at] = 44  # ,
            at += 1
        buf[at : at + len(text)] = text
        at += len(text)
        n += 1
    if n == 1:
        buf[0] = 32  # a blank before a single object
        return n, at
    buf[0] = 91  # [
    buf[at] = 93  # ]
    return n, at + 1

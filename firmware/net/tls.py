"""TLS for one connection: the broker's chain, name and dates are verified, and the board
shows a certificate of its own.

Mbed TLS checks the dates against the system clock, which net.clock sets; so no
connection is tried before the time is known. Files are DER: no PEM decoder, less RAM.

The context is one piece of 3 KB: it is made early and kept, for after a long outage the
heap may have no hole of that size. This module is not needed again then."""

import gc
import ssl


def context(folder, tls):
    """The context of a configuration. folder: where the paths in it begin.

    OSError names a file that cannot be read."""
    gc.collect()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.verify_mode = ssl.CERT_REQUIRED
    _trust(made, _read(folder, tls["ca"]))
    if tls.get("cert"):
        made.load_cert_chain(_read(folder, tls["cert"]), _read(folder, tls["key"]))
    return made


def _trust(context, ca):
    """Each certificate of the file: Mbed TLS itself looks at the first one only."""
    while ca:
        size = 4 + (ca[2] << 8 | ca[3]) if ca[:2] == b"\x30\x82" else len(ca)
        context.load_verify_locations(cadata=ca[:size])
        ca = ca[size:]


def _read(folder, name):
    path = folder + "/" + name
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        raise OSError("tls: %s cannot be read (%s)" % (path, e))

"""TLS for one connection: the broker's chain, name and dates are verified, and the board
shows a certificate of its own.

Mbed TLS checks the dates against the system clock, which net.clock sets; so no
connection is tried before the time is known. Files are DER: no PEM decoder, less RAM.

The context is one piece of 3 KB: it is made early and kept, for after a long outage the
heap may have no hole of that size."""

import gc
import ssl

_made = None  # (the configuration it is for, the context)


def wrap(sock, folder, tls, host):
    """sock, non-blocking, as a TLS socket whose handshake comes with its first use.

    folder: where the paths of the configuration begin; host: the broker's name where
    tls["name"] does not say another. OSError names a file that cannot be read."""
    return context_of(folder, tls).wrap_socket(
        sock, server_hostname=tls.get("name") or host, do_handshake_on_connect=False
    )


def context_of(folder, tls):
    """The context of this configuration, made at the first call."""
    global _made
    if _made and _made[0] is tls:
        return _made[1]
    _made = None
    gc.collect()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, _read(folder, tls["ca"]))
    if tls.get("cert"):
        context.load_cert_chain(_read(folder, tls["cert"]), _read(folder, tls["key"]))
    _made = (tls, context)
    return context


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

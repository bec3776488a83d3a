"""Why a session ended and what to do, for a person; loaded when one has."""

import errno

# MQTT 3.1.1, table 3.1
_REFUSED = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not take this client id",
    3: "it is not available",
    4: "wrong user or password",
    5: "not authorised",
    128: "it does not allow this subscription",
}
_ALERT = -30592  # MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE
# Of Mbed TLS: MPI, SSL, X509 and PK could not allocate; MPI's as MicroPython gives it, too.
_NO_MEMORY = (16, 0x7F00, 0x2880, 0x3F80)
_NO_WAY = (errno.EHOSTUNREACH, 101)  # Linux: ENETUNREACH
# MBEDTLS_ERR_SSL_CONN_EOF, EPIPE
_CLOSED = (-29312, 32, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN)


def text(e, starting):
    """What umqtt.simple, TLS or a socket has raised, in words; starting: within a handshake
    of TLS, or before the first answer after it."""
    kind = type(e).__name__
    if kind == "MQTTException":
        code = e.args[0] if e.args else None
        return "the broker refuses: %s" % _REFUSED.get(code, "code %s" % code)
    if kind == "ValueError":  # Mbed TLS: what is wrong with the certificate
        return "tls: %s" % str(e).strip()
    code = e.args[0] if kind == "OSError" and e.args else None
    if kind == "MemoryError":
        code = errno.ENOMEM
    if isinstance(code, int):
        return _of_code(code, e, starting)
    if kind in ("AssertionError", "IndexError"):
        return "the broker's answer is not MQTT"
    return str(e)  # a text already


def _of_code(code, e, starting):
    tls = "tls: " if starting or code < 0 else ""
    if abs(code) in _NO_MEMORY or abs(code) > 0x1000 and abs(code) & 0x7F == 16:
        from net.mqtt import NO_MEMORY

        return "tls: " + NO_MEMORY
    if code in (errno.ENOMEM, errno.ENOBUFS):
        from net.mqtt import NO_MEMORY

        found = isinstance(e, OSError) and len(e.args) > 1  # by mqtt.py, with what it had hidden
        return e.args[1] if found else NO_MEMORY
    if code == errno.ECONNREFUSED:
        return "nobody listens at the broker's address and port: start it, or mend host or port"
    if code == errno.ETIMEDOUT:
        return tls + "the broker does not answer: is it up, and is there a way to it?"
    if code in _NO_WAY:
        return "no way to the broker's address: mend the network, or mqtt.host"
    if code == _ALERT:
        return "tls: the broker refuses this board's certificate, or how it encrypts"
    if code in _CLOSED and starting:
        return "tls: closed by the broker, which may not accept this board's certificate"
    if code in _CLOSED:
        return "the broker has closed the connection"
    return "tls: %s" % (e.args[-1],) if code < 0 else str(e)

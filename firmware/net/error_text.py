"""Why a session ended, for a person; loaded when one has."""

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
_REFUSED_TCP = 111  # ECONNREFUSED
_CLOSED = (-29312, 32, 104)  # MBEDTLS_ERR_SSL_CONN_EOF, EPIPE, ECONNRESET


def text(e):
    """What umqtt.simple or TLS has raised, in words."""
    kind = type(e).__name__
    if kind == "MQTTException":
        code = e.args[0] if e.args else None
        return "the broker refuses: %s" % _REFUSED.get(code, "code %s" % code)
    if kind == "ValueError":  # Mbed TLS: what is wrong with the certificate
        return "tls: %s" % str(e).strip()
    if kind == "OSError":
        code = abs(e.args[0])
        if code in _NO_MEMORY or code > 0x1000 and code & 0x7F == 16:
            return "tls: not enough memory: fewer channels, or a module with PSRAM"
        if code == _REFUSED_TCP:
            return "nobody listens at the broker's address and port"
        if e.args[0] == _ALERT:
            return "tls: the broker refuses this board's certificate, or how it encrypts"
        if e.args[0] in _CLOSED:
            return "tls: closed by the broker, which may not accept this board's certificate"
        return "%s" % e if e.args[0] > 0 else "tls: %s" % (e.args[-1],)
    return "the broker's answer is not MQTT"

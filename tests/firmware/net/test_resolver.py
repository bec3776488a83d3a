"""The resolver and a real name server, dnsmasq."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from interpreter import RunMicroPython

NO_DNSMASQ = "dnsmasq is missing; as root run: apt-get install dnsmasq-base"
LONG = "a-name-that-is-as-long-as-names-are-where-a-platform-makes-them.iot.example.org"
ALONE = (
    *("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"),
    *("--user=", "--pid-file="),
)
# A record for each kind of answer; --host-record may name IPv4 and IPv6 addresses.
RECORDS = (
    "--host-record=mqtt.example.org,10.1.2.3,fd00::3",
    "--host-record=six.example.org,fd00::6",
    "--cname=broker.example.org,alias.example.org",
    "--cname=alias.example.org,mqtt.example.org",
    f"--host-record={LONG},10.1.2.4",
    *(f"--host-record=pool.example.org,10.9.9.{n}" for n in range(1, 21)),
)


def free_udp_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def name_server() -> Iterator[int]:
    """Its port."""
    program = shutil.which("dnsmasq", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.fail(NO_DNSMASQ, pytrace=False)
    port = free_udp_port()
    where = (f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces")
    process = subprocess.Popen([program, *ALONE, *where, *RECORDS], stderr=subprocess.PIPE)
    try:
        while True:  # it listens with TCP too, and that can be seen
            assert process.poll() is None, process.stderr and process.stderr.read()
            with closing(socket.socket()) as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("bits", [64, 32])
def test_what_a_name_server_answers(
    run_micropython: RunMicroPython, needs_32_bits: None, name_server: int, bits: int
) -> None:
    expected = {
        "mqtt.example.org": "10.1.2.3",
        "MQTT.Example.ORG": "10.1.2.3",
        "broker.example.org": "10.1.2.3",  # by two aliases
        LONG: "10.1.2.4",
        "six.example.org": "dns: no address for six.example.org: no name server knows it",
        "none.invalid": "dns: no address for none.invalid: no name server knows it",
        "10.0.0.9": "10.0.0.9",
    }
    script = "tests/firmware/net/run_resolver.py"
    done = run_micropython(script, str(name_server), *expected, "pool.example.org", bits=bits)
    *said, pool = done.stdout.splitlines()
    assert dict(zip(expected, said, strict=True)) == expected, done.stderr
    assert pool in [f"10.9.9.{n}" for n in range(1, 21)]

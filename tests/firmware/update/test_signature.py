"""The board's check of a signature in plain code, against the `cryptography` library."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from broker import Broker
from cryptography.hazmat.primitives.asymmetric import rsa
from interpreter import RunMicroPython
from ota import Ota

from host.update import KEY_SIZES, keys

INFO = bytes.fromhex("3031300d060960864801650304020105000420")


@pytest.mark.alone
@pytest.mark.parametrize("bits", KEY_SIZES)
def test_only_the_right_signature_is_one(
    bits: int, tmp_path: Path, run_micropython: RunMicroPython, figure: Callable[[str], None]
) -> None:
    key = rsa.generate_private_key(65537, bits)
    private = key.private_numbers()
    n, k = private.public_numbers.n, bits // 8
    digest = hashlib.sha256(b"a firmware").digest()
    good = keys.sign(key, b"a firmware")

    def raw(block: bytes) -> bytes:
        """Whatever block, signed by the key itself."""
        return pow(int.from_bytes(block, "big"), private.d, n).to_bytes(k, "big")

    def padded(tail: bytes, filler: int = 0, kind: bytes = b"\0\1", ff: bytes = b"\xff") -> bytes:
        return kind + ff * (k - 3 - len(tail) - filler) + b"\0" + tail + bytes(filler)

    assert raw(padded(INFO + digest)) == good
    s = int.from_bytes(good, "big")
    bad = [
        good[:-1] + bytes([good[-1] ^ 1]),
        bytes([good[0] ^ 1]) + good[1:],
        good[1:],
        good + b"\0",
        b"",
        bytes(k),
        (1).to_bytes(k, "big"),
        (n - 1).to_bytes(k, "big"),
        (n - s).to_bytes(k, "big"),
        b"\xff" * k,
        raw(padded(INFO + digest, filler=20)),  # what stands behind is not looked at: forgeable
        raw(padded(INFO + digest, kind=b"\0\2")),
        raw(padded(INFO + digest, kind=b"\0\0")),
        raw(padded(INFO + digest, ff=b"\xfe")),
        raw(padded(INFO.replace(b"\x05\x00", b"", 1) + digest)),
        raw(padded(digest)),
        raw(padded(INFO + hashlib.sha256(b"another").digest())),
    ]
    if s + n < 1 << bits:
        bad.append((s + n).to_bytes(k, "big"))
    modulus = n.to_bytes(k, "big").hex()
    lines = [f"{modulus} {x.hex() or '00'} {digest.hex()}" for x in (good, *bad)]
    (tmp_path / "cases").write_text("\n".join(lines) + "\n")
    done = run_micropython("tests/firmware/update/run_signature.py", tmp_path / "cases")
    assert done.returncode == 0, done.stderr
    found, times = done.stdout.splitlines()
    assert found == "1" + "0" * len(bad)
    check, loop = map(float, times.split())
    figure(
        f"RSA {bits} verified on the unix port in {check:.2f} ms, "
        f"{check / loop:.1f} × 10,000 turns of an empty loop there"
    )


@pytest.mark.alone
@pytest.mark.usefixtures("needs_mosquitto")
def test_no_step_is_long(tmp_path: Path, broker: Broker, figure: Callable[[str], None]) -> None:
    """Between two steps the board samples: each is timed by the machine's own clock. All of it in
    a heap of 216 KB, of which the simulator has some 50: in less the board may do the update alone,
    by what is free when the command comes."""
    ota = Ota(tmp_path)
    timed = """        import time
        t = time.ticks_us()
        more = self.update.poll()
        t = time.ticks_diff(time.ticks_us(), t)
        self.longest = max(getattr(self, "longest", 0), t)
        self.steps = getattr(self, "steps", 0) + 1
        if self.update.restart:
            self.log.info("%d steps, longest %d us" % (self.steps, self.longest))
        return more
"""
    ota.install(("update/updater.py", "        return self.update.poll()\n", timed))
    new = ota.newer()
    with ota.running(broker, heap="216k") as board:
        assert board.update(new)["ok"]
        line = re.compile(r"(\d+) steps, longest (\d+) us")
        end = time.monotonic() + 180
        while not (found := line.search(ota.site.log())):
            assert time.monotonic() < end, ota.site.log()[-2000:]
            time.sleep(0.05)
    assert "MemoryError" not in ota.site.log()[: found.start()]
    figure(
        f"update in {found[1]} steps, the longest {int(found[2]) / 1000:.1f} ms (unix port, "
        "heap of 216 KB)"
    )
    assert int(found[2]) < 1_000_000

"""deploy where the broker wants a certificate of everybody."""

from __future__ import annotations

import shutil
from pathlib import Path

from broker import Broker
from cable import DEVICE, Cable
from pty_board import PtyBoard

from host.provision.certificates import make

NAME = "mqtt.example.org"
OPERATOR = "qingyun-operator"


def test_with_the_operators_certificate(tmp_path: Path) -> None:
    """What qingyun provision leaves: a folder of the fleet, one in it for each device."""
    made = tmp_path / "certificates"
    make(made, NAME, [DEVICE, OPERATOR])
    with Broker(tmp_path / "broker", certificates=made) as broker:
        with PtyBoard(tmp_path / "board", speed=4) as board:
            c = Cable(tmp_path, broker, board, None)
            key = {"cert": f"{DEVICE}.der", "key": f"{DEVICE}.key.der"}
            tls = {"ca": "ca.der", "name": NAME, **key}
            c.configure(mqtt={"host": "127.0.0.1", "port": broker.port, "tls": tls})
            lacks = c.deploy()
            for name in ("ca.der", f"{DEVICE}.der", f"{DEVICE}.key.der"):
                shutil.copy(made / name, c.fleet / name)
            alone = c.deploy()
            for name in (f"{OPERATOR}.pem", f"{OPERATOR}.key"):
                shutil.copy(made / name, tmp_path / name)
            assert board.starts == ["power_on"]  # nothing was touched so far
            done = c.good()
    assert "mqtt.tls.ca: ca.der is not in that folder" in lacks.error
    assert f"{OPERATOR}.pem: not there, but the broker wants a certificate" in alone.error
    assert f"publishing: {DEVICE}" in done.out

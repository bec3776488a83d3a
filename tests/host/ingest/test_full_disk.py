"""A disk without space: nothing is acknowledged, it says so, and goes on by itself."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import killing
import pytest
from bench_host import load
from broker import Broker
from host_job import Ingester
from stored import seqs

# A file system of 3 MB that only the ingester sees; mounting needs no right of the machine.
MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'


@pytest.mark.usefixtures("needs_mosquitto")
def test_a_full_disk_is_waited_for(tmp_path: Path, broker: Broker) -> None:
    load.write_registry(tmp_path / "registry")
    disk = tmp_path / "disk"
    disk.mkdir()
    what = killing.messages(32_000, 9)
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    ingester = Ingester(
        *(disk / "q.db", tmp_path / "registry", broker.address, "--max-ahead-days", "10000"),
        beside=tmp_path / "q",
        inside=(*unshare, "sh", "-c", MOUNT, str(disk)),
    )
    log = tmp_path / "q.ingest.log"
    with ingester:
        ingester.wait_subscribed(60)
        seen = Path(f"/proc/{ingester.pid}/root{disk}")
        filler = seen / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(4096))
        load.publish(broker.host, broker.port, iter(what))
        assert killing.until(lambda: "disk is full" in log.read_text(), 60)
        time.sleep(1.5)
        taken = ingester.stats()["messages"]
        assert taken < len(what)
        filler.unlink()
        assert killing.until(lambda: ingester.stats()["messages"] >= len(what), 60)
        assert "can be written again" in log.read_text()
        for part in seen.glob("q.db*"):  # SQLite would look for the file on our own disk
            shutil.copy(part, tmp_path)
        assert set(seqs(tmp_path / "q.db")) == killing.names(what)
        assert ingester.stats()["stored"] == len(killing.names(what))

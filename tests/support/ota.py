"""A board that can be updated over the air: its keys, bundles, broker topics and flash."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from broker import Broker
from listener import Listener
from rig_board import RigRun
from sim_board import ROOT, BoardRun, micropython
from simple_site import FILL, SimpleSite

from host.common import project
from host.update import bundle as bundles
from host.update import keys
from host.update.air import chunk_messages
from host.update.bundle import Bundle, Terms

FOREVER = 86_400 * 60
# One process plays every start: what a start leaves behind in the heap a real board does not have.
HEAP = "384k"
Patch = tuple[str, str, str]  # module, text, what stands there instead
VERSION = project.version()
NEWER: Patch = ("identity.py", f'VERSION = "{VERSION}"', 'VERSION = "9.1.0"')
_READ = """
import sys, vfs
from flash import Flash
vfs.mount(vfs.VfsLfs2(Flash(sys.argv[1])), "/flash")
try:
    print(open("/flash/" + sys.argv[2]).read(), end="")
except OSError:
    pass
"""


@cache
def firmware() -> Mapping[str, bytes]:
    """The repository's firmware, compiled for boards/sim."""
    return bundles.compile_firmware("sim")


def patched(folder: Path, *patches: Patch) -> dict[str, bytes]:
    """That firmware with changes in its sources."""
    root = folder / "source"
    shutil.rmtree(root, ignore_errors=True)
    files = dict(firmware())
    for module, old, new in patches:
        path = root / "firmware" / module
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            shutil.copy(ROOT / "firmware" / module, path)
        text = path.read_text()
        assert text.count(old) == 1, (module, old)
        path.write_text(text.replace(old, new))
    board = root / "boards" / "sim"
    board.mkdir(parents=True)
    shutil.copy(ROOT / "boards" / "sim" / "board.py", board)
    return files | bundles.compile_firmware("sim", root)


def command(bundle: Bundle, /, id_: str = "u1", **other: Any) -> dict[str, Any]:
    """What makes a board take the bundle."""
    told = {"bundle": bundle.id, "size": len(bundle.raw), "sha256": bundle.sha256}
    return {"id": id_, "do": "update", "version": bundle.version, **(told | other)}


def raw_bundle(raw: bytes, like: Bundle) -> Bundle:
    """Bytes that say they are such a bundle."""
    return replace(like, raw=raw)


@dataclass
class Ota:
    """Everything of one board is in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.site = SimpleSite(self.folder)
        self.files = self.folder / "files"
        self.files.mkdir()
        key = self.folder / "update.key"
        shutil.copy(keys.make(key, 2048), self.files)
        self.key = keys.load(key)
        self.installed = self.folder / "installed"
        self.install()
        self.configure()
        self.site.trace([(0, "w1", 5), (FOREVER, "w1", 5)])

    def install(self, *patches: Patch) -> None:
        """What the board runs at first."""
        files = patched(self.folder, *patches) if patches else firmware()
        self.first = bundles.pack(files, VERSION, "sim", self.key)
        shutil.rmtree(self.installed, ignore_errors=True)
        bundles.unpack(self.first, self.installed)

    def configure(self, **more: Any) -> None:
        plain: dict[str, Any] = {"report": {"every_s": 30}, "update": {"key": "update.pub"}}
        self.site.configure(**(plain | more))

    def cycle(self) -> None:
        """A board that sleeps; it has no scale."""
        power = {"mode": "cycle", "wake_s": 60, "send_every": 8}
        self.configure(channels=[FILL], power=power)
        self.site.trace([(0, "f1", 500), (FOREVER, "f1", 500)])

    def newer(self, *patches: Patch, **head: Any) -> Bundle:
        """A bundle of version 9.1.0, with such changes in its sources."""
        files = patched(self.folder, NEWER, *patches)
        terms = head.get("terms", Terms())
        named = head.get("board", "sim"), head.get("key", self.key)
        return bundles.pack(files, "9.1.0", *named, terms)

    def board(self, broker: Broker, through: str = "", **more: Any) -> BoardRun:
        """through: the address of a proxy before the broker."""
        more = {"files": self.files, "install": self.installed, "heap": HEAP} | more
        return self.site.board(through or broker.address, **more)

    def named(self, broker: Broker, device: str, site: str) -> RigRun:
        """One of several boards, ten times as fast as real ones."""
        config = self.folder / f"{device}.json"
        plain = json.loads((self.folder / "board.json").read_text())
        config.write_text(json.dumps(plain | {"device": device, "site": site}))
        return RigRun(
            *(config, self.folder / "trace.csv", self.folder / f"{device}.img"),
            *(self.folder / f"{device}.report.json", broker.address),
            heap=HEAP,
            files=self.files,
            install=self.installed,
            speed=10,
        )

    @contextmanager
    def running(
        self, broker: Broker, rig: dict[str, Any] | None = None, **more: Any
    ) -> Iterator[Running]:
        """The board at work, and somebody who listens. rig: speed or patience, see
        boards/sim/rig.py."""
        with Listener(broker) as heard:
            board = self.board(broker, **more)
            process = (RigRun(**vars(board), **rig) if rig else board).launch()
            try:
                yield Running(self, heard, process)
            finally:
                process.kill()
                process.wait()

    def on_flash(self, name: str) -> str:
        """A text file on the board's flash, "" where there is none; the board is off."""
        env = os.environ | {"MICROPYPATH": f"{ROOT / 'boards/sim'}:.frozen"}
        args = [micropython(), "-c", _READ, str(self.folder / "flash.img"), name]
        done = subprocess.run(args, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    def attempts(self) -> list[tuple[str, str]]:
        """State and reason of each line in update.log."""
        lines = [json.loads(x) for x in self.on_flash("update.log").splitlines()]
        return [(x["state"], x.get("why", "")) for x in lines]


@dataclass
class Running:
    """A board at work."""

    ota: Ota
    heard: Listener
    process: subprocess.Popen[bytes]

    def publish(self, bundle: Bundle) -> None:
        """Its chunks, retained."""
        self.heard.publish_all(chunk_messages(bundle))

    def update(self, bundle: Bundle, /, **other: Any) -> dict[str, Any]:
        """Publish a bundle and send the command; the first reply."""
        self.publish(bundle)
        self.heard.wait("reading")
        return self.heard.ask(command(bundle, **other))

    def birth(self, what: Callable[[dict[str, Any]], bool], seconds: float = 180) -> dict[str, Any]:
        """The latest birth message once it is such a one."""
        end = time.monotonic() + seconds
        while not (births := self.heard.json("birth")) or not what(births[-1]):
            assert time.monotonic() < end, f"{births[-1:]}\n{self.ota.site.log()[-3000:]}"
            assert self.process.poll() is None, self.ota.site.log()[-3000:]
            time.sleep(0.02)
        return births[-1]

    def outcome(self, bundle: Bundle, seconds: float = 180) -> dict[str, Any]:
        """The birth message that says what became of an update."""

        def ended(birth: dict[str, Any]) -> bool:
            told = birth.get("update", {})
            return told.get("bundle") == bundle.id and told["state"] in ("good", "failed")

        return self.birth(ended, seconds)

    def still_publishes(self, bundle: Bundle) -> None:
        """It runs this firmware, says so, and readings come."""
        self.heard.wait("reading", len(self.heard.of("reading")) + 3)
        birth = self.heard.json("birth")[-1]
        assert (birth["version"], birth["sha256"]) == (bundle.version, bundle.firmware)
        assert self.process.poll() is None


def resigned(bundle: Bundle, ota: Ota, change: Callable[[bytes], bytes]) -> Bundle:
    """A bundle whose body was changed by somebody who has the key."""
    body = change(bundle.raw[:-256])
    return raw_bundle(body + keys.sign(ota.key, body), bundle)


def sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

"""A real MQTT broker of one's own on loopback: mosquitto, or the embedded amqtt."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from run_folder import end

_FIRST, _CLIENTS = 10_000, 32_768  # Linux gives its clients 32768 and up
_SBIN = "/usr/sbin:/usr/local/sbin"
_TEMPLATE = Path(__file__).resolve().parents[1] / "boards" / "mosquitto"


def find_mosquitto() -> str | None:
    """Path of a system mosquitto, or None."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_SBIN}")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on; below those that the system gives to
    clients, so that a broker that was killed finds it free when it starts again."""
    while True:
        port = secrets.randbelow(_CLIENTS - _FIRST) + _FIRST
        with socket.socket() as s, suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


class Broker:
    """Starts in `folder`, on a free port, and stops with the `with` block.

    persistence keeps sessions and messages across kill() and start(); mosquitto writes all of
    them to disk again after save_every changes. in_flight: messages that mosquitto sends to a
    client before it acknowledges some. embedded: amqtt in any case. certificates is a
    folder with ca, broker and crl of host.provision: then it is mosquitto as boards/mosquitto
    has it, or as the folder's own mosquitto.conf and acl do."""

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        *,
        persistence: bool = False,
        save_every: int = 1,
        in_flight: int = 4000,
        embedded: bool = False,
        certificates: Path | None = None,
    ) -> None:
        self.certificates = certificates
        self.folder = folder
        self.port = free_port()
        self.persistence = persistence
        self._save_every = save_every
        self._in_flight = in_flight
        self._mosquitto = None if embedded else find_mosquitto()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def name(self) -> str:
        """Which broker this is."""
        return "mosquitto" if self._mosquitto else "amqtt"

    def start(self) -> None:
        """Start (again) on the same port; returns once it accepts connections."""
        if self._mosquitto:
            config = self.folder / "mosquitto.conf"
            config.write_text(self._config())
            command = [self._mosquitto, "-c", str(config)]
        elif self.persistence:
            raise RuntimeError(
                "a broker that keeps its memory needs mosquitto; run: apt-get install mosquitto"
            )
        else:
            config = self.folder / "amqtt.yaml"
            config.write_text(f"listeners:\n  default:\n    type: tcp\n    bind: {self.address}\n")
            command = [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self._wait()
        except BaseException:  # __exit__ does not run when __enter__ fails
            self.kill()
            raise

    def _config(self) -> str:
        if self.certificates:
            return self._with_tls(self.certificates)
        lines = [
            f"listener {self.port} {self.host}",
            "allow_anonymous true",
            "max_queued_messages 0",
            f"max_inflight_messages {self._in_flight}",
            "set_tcp_nodelay true",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it could not write below a folder of root
        if self.persistence:
            lines += [
                "persistence true",
                f"persistence_location {self.folder}/",
                f"autosave_interval {self._save_every}",
                "autosave_on_changes true",
            ]
        return "\n".join(lines) + "\n"

    def _with_tls(self, certificates: Path) -> str:
        """mosquitto.conf of the fleet, or of boards/mosquitto, with the places of this run."""
        own = (certificates / "mosquitto.conf").exists()
        template = certificates if own else _TEMPLATE
        text = (template / "mosquitto.conf").read_text()
        text = text.replace("listener 8883", f"listener {self.port} {self.host}")
        text = text.replace("/etc/mosquitto/acl", str(template / "acl"))
        text = text.replace("/etc/mosquitto/certs", str(certificates))
        text = text.replace("/var/lib/mosquitto", str(self.folder))
        return text + ("user root\n" if os.geteuid() == 0 else "")

    def _wait(self) -> None:
        for _ in range(1200):  # a minute, where the machine is slow
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with socket.create_connection((self.host, self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the broker did not start; see {self.folder / 'broker.log'}")

    def kill(self) -> None:
        """SIGKILL: whatever it had not written is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP: mosquitto reads its configuration and ACL again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def ended(self) -> bool:
        """By itself."""
        return self._process is not None and self._process.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, how)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

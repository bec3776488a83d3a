"""The folder of a fleet: its authority, certificates, revocation list and log."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import re
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from ..common.local_days import LOCAL
from . import ProvisionError, acl, files, update_key
from .certificates import UTC, Authority, Identity, load, names_of, revoked_in
from .pins import BOARDS
from .plan import ANCHOR, HAZARD, HOST, LORAWAN, OPERATOR, ROLLUP, SERVE

OURS = (HOST, SERVE, HAZARD, ROLLUP, ANCHOR, LORAWAN, OPERATOR)  # clients that are no boards
_LOOPBACK = ("localhost", "127.0.0.1")  # the host job beside the broker reaches it so
_LOG = "provision.log"
_BEGUN = {"ca.key", "ca.pem", "update.key", "update.pub"}  # of a run cut short
_LINE = re.compile(
    r"^\S+ (?P<done>\w+) (?P<name>\S+) serial=(?P<serial>[0-9a-f]+) by=.*$", re.MULTILINE
)


class Fleet:
    """The files of the folder. written: names of the shared files that are new or changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[str] = []
        identity = load(folder, "ca", "pem")
        if identity is None:
            if (folder / "broker.pem").exists() or (folder / _LOG).exists():
                raise ProvisionError(
                    f"{folder}: ca.key and ca.pem are missing or do not belong together; "
                    f"put them back: without them every board needs a new certificate"
                )
            self.authority = Authority()
        else:
            self.authority = Authority(identity=identity)
        self._new = identity is None
        self._last = {name: done for done, name, _ in self._logged()}
        self.revoked, self._number = self._revoked()

    def create(self, broker: str) -> None:
        """Authority, list, broker, services, operator, update key: what is there already stays."""
        if self._new:
            self._unused()
        files.folder(self.folder)
        files.write(self.folder / ".gitignore", b"*\n", files.PUBLIC)
        if self._new:
            self.authority.identity.save_pem(self.folder, "ca")
            self._append("issued", "ca", self.authority.identity.certificate.serial_number)
            self.written.append("ca.pem")
        if not (self.folder / "crl.pem").exists():
            self._write_list()
        if self.identity("broker") is None:
            names = tuple(dict.fromkeys((broker, *_LOOPBACK)))
            self._issue("broker", self.authority.sign(broker, names=names))
            self.written += ("broker.pem", "broker.key")
        for name in OURS:
            self.ensure(name)
        conf = self.folder / "mosquitto.conf"
        if not conf.exists():  # else it may have been edited
            self._shared("mosquitto.conf", (BOARDS / "mosquitto" / "mosquitto.conf").read_bytes())
        self._shared("update.pub", update_key.ensure(self.folder))

    def _unused(self) -> None:
        """ProvisionError when a new fleet would come among somebody's files."""
        there = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        if files.read(self.folder / ".gitignore") == b"*\n":
            there.discard(".gitignore")
        if strange := sorted(there - _BEGUN):
            raise ProvisionError(
                f"{self.folder}: holds {strange[0]}; expected a new folder, or one of "
                "qingyun provision"
            )

    def check_broker(self, broker: str) -> None:
        """ProvisionError unless the broker's certificate has the name that boards will use."""
        identity = self.identity("broker")
        if identity and broker not in (names := names_of(identity.certificate)):
            expected = " or ".join(sorted(names - set(_LOOPBACK)) or sorted(names))
            raise ProvisionError(
                f"--broker: expected {expected} as in {self.folder}/broker.pem, found {broker!r}; "
                f"without broker.pem and broker.key the next run makes new ones"
            )

    def identity(self, name: str) -> Identity | None:
        """The certificate of this authority with its key, revoked or not; None: there is none."""
        device = name not in (*OURS, "broker")
        loaded = load(self.folder / name, name, "der") if device else load(self.folder, name, "pem")
        return loaded if loaded and self.authority.signed(loaded.certificate) else None

    def knows(self, name: str) -> bool:
        """Whether a device, service or person of this name ever had a certificate."""
        return name in self.devices() or (name in self._last and name not in ("ca", "broker"))

    def is_revoked(self, name: str) -> bool:
        """Whether the certificate of a name is revoked, also if its files were removed since."""
        if held := self.identity(name):
            return held.certificate.serial_number in self.revoked
        return self._last.get(name) == "revoked"

    def ensure(self, name: str) -> bool:
        """Make a client's key and certificate if there are none; whether they were made."""
        if self.identity(name):
            return False
        self._issue(name, self.authority.sign(name))
        return True

    def put(self, device: str, name: str, content: bytes, mode: int) -> bool:
        """Write a file of the board's flash; False where it is there already."""
        files.folder(self.folder / device)
        return files.write(self.folder / device / name, content, mode)

    def der_of_authority(self) -> bytes:
        return self.authority.identity.certificate.public_bytes(Encoding.DER)

    def devices(self) -> dict[str, str]:
        """Every provisioned device and the site in its configuration."""
        sites = {}
        for path in sorted(self.folder.glob("*/config.json")):
            try:
                config = json.loads(path.read_bytes())
                if config["device"] == path.parent.name:  # otherwise it is a copy
                    sites[path.parent.name] = str(config["site"])
            except (ValueError, KeyError, TypeError):
                raise ProvisionError(f"{path}: expected a configuration; remove it") from None
        return sites

    def ends(self) -> dict[str, dt.date | None]:
        """Name → local day on which its certificate ends, None where it is revoked: of authority,
        broker, services and boards."""
        found: dict[str, dt.date | None] = {"ca": _end(self.authority.identity)}
        for name in ("broker", *OURS, *self.devices()):
            held = self.identity(name)
            if held or self.is_revoked(name):
                found[name] = None if not held or self.is_revoked(name) else _end(held)
        return found

    def write_acl(self) -> None:
        """Write the ACL of all boards that are not revoked. A board that was moved may also
        publish below its former site; otherwise mosquitto would acknowledge and drop its
        readings."""
        before = acl.places(files.read(self.folder / "acl") or b"")
        places = {}
        for device, site in self.devices().items():
            if not self.is_revoked(device):
                places[device] = [site, *(s for s in before.get(device, ()) if s != site)]
        self._shared("acl", acl.text(places))

    def revoke(self, name: str) -> list[int]:
        """Revoke every certificate of a name; the serial numbers that were not revoked before."""
        serials = {s for done, n, s in self._logged() if (done, n) == ("issued", name)}
        if held := self.identity(name):
            serials.add(held.certificate.serial_number)
        fresh = sorted(serials - set(self.revoked))
        if fresh:
            now = dt.datetime.now(UTC).replace(microsecond=0)
            self.revoked |= dict.fromkeys(fresh, now)
            self._write_list()
            for serial in fresh:
                self._append("revoked", name, serial)
        return fresh

    def replace(self, name: str) -> None:
        """Make a new key and certificate for a name."""
        self._issue(name, self.authority.sign(name))

    def _append(self, done: str, name: str, serial: int) -> None:
        """Add a line to provision.log, whose lines are never changed."""
        self._last[name] = done
        time = dt.datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with (self.folder / _LOG).open("a", encoding="utf-8") as file:
            file.write(f"{time} {done} {name} serial={serial:x} by={_user()}\n")

    def _logged(self) -> list[tuple[str, str, int]]:
        text = (files.read(self.folder / _LOG) or b"").decode(errors="replace")
        lines = _LINE.finditer(text)  # one that was cut off is none
        return [(m["done"], m["name"], int(m["serial"], 16)) for m in lines]

    def _issue(self, name: str, identity: Identity) -> None:
        # Logged first, so that every issued certificate can be revoked.
        self._append("issued", name, identity.certificate.serial_number)
        if name in (*OURS, "broker"):
            identity.save_pem(self.folder, name)
        else:
            identity.save_der(self.folder / name, name)

    def _revoked(self) -> tuple[dict[int, dt.datetime], int]:
        pem = files.read(self.folder / "crl.pem")
        try:
            revoked, number = revoked_in(pem) if pem else ({}, 0)
        except ValueError:
            raise ProvisionError(
                f"{self.folder}/crl.pem: expected a list of revoked certificates"
            ) from None
        now = dt.datetime.now(UTC).replace(microsecond=0)
        for done, _, serial in self._logged():  # a list that was lost is made again
            if done == "revoked":
                revoked.setdefault(serial, now)
        return revoked, number

    def _write_list(self) -> None:
        self._number += 1
        self._shared("crl.pem", self.authority.revoke(self.revoked, self._number))

    def _shared(self, name: str, content: bytes) -> None:
        if files.write(self.folder / name, content, files.PUBLIC):
            self.written.append(name)


def _end(identity: Identity) -> dt.date:
    return identity.certificate.not_valid_after_utc.astimezone(LOCAL).date()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        return str(os.getuid())

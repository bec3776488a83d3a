"""Certificates for a scheduler of Dask, its workers, and who gives them work.

Dask asks of a certificate only that its authority has signed it, not whose it is: who has one may
run anything on every worker. So the engine has an authority of its own, and never that of the
boards (findings/dask-any-certificate.sh)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from . import ProvisionError, files
from .certificates import Authority, load

AUTHORITY = "engine-ca"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?")


def make(folder: Path, names: Sequence[str]) -> list[str]:
    """Write NAME.pem and NAME.key for machines (host names or addresses), and the authority where
    there is none; the names that are new, the others stay as they are."""
    for name in names:
        if not _NAME.fullmatch(name) or name == AUTHORITY:
            raise ProvisionError(f"expected a host name or an address, found {name!r}")
    files.folder(folder)
    with files.locked(folder):
        held = load(folder, AUTHORITY, "pem")
        if held is None and any((folder / f"{AUTHORITY}.{end}").exists() for end in ("pem", "key")):
            raise ProvisionError(f"{folder}: expected {AUTHORITY}.pem and {AUTHORITY}.key together")
        authority = Authority("qingyun engine authority", identity=held)
        if held is None:
            authority.identity.save_pem(folder, AUTHORITY)
        new = [name for name in names if load(folder, name, "pem") is None]
        for name in new:
            authority.sign(name, names=(name,), calls=True).save_pem(folder, name)
    return new

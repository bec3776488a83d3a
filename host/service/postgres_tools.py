"""pg_dump and pg_restore, which are not told a password where others can read it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ..common.errors import OutsideError
from ..common.store_address import hidden, whole, without_pieces


def without_password(address: str) -> tuple[str, dict[str, str]]:
    """What a command line, which every user can read, may hold of an address, and its password
    for the environment, which only the same user can read."""
    try:
        known = conninfo_to_dict(whole(address))
    except ProgrammingError as error:
        text = without_pieces(str(error).strip(), whole(address))
        raise OutsideError(f"{hidden(whole(address))}: {text}") from None
    password = known.pop("password", None)
    if known.pop("sslpassword", None) is not None:
        text = "expected a key without sslpassword: pg_dump takes it in its command line only"
        raise OutsideError(f"{hidden(whole(address))}: {text}")
    rest = make_conninfo(**{name: str(value) for name, value in known.items()})
    return rest, {} if password is None else {"PGPASSWORD": str(password)}


def _program(name: str, *args: str, more: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            [name, *args], env=os.environ | more, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise OutsideError(f"{name} is missing; it comes with postgresql-client") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        raise OutsideError(f"{name}: {said[-1]}")


def dump(address: str, path: Path) -> None:
    """Write a database into a file; OutsideError where that fails."""
    where, more = without_password(address)
    _program("pg_dump", "--format=custom", f"--file={path}", f"--dbname={where}", more=more)


def load(address: str, path: Path) -> None:
    """Read a file of dump() into an empty database, all or nothing."""
    where, more = without_password(address)
    options = ("--exit-on-error", "--single-transaction", "--no-owner")
    _program("pg_restore", *options, f"--dbname={where}", str(path), more=more)

"""What is the same on every machine that makes figures: whatever figures depend on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from .. import __version__
from ..registry import Registry
from ..store import VERSION

_HERE = Path(__file__).parents[1]
# Whose files decide what is computed and written.
_PARTS = ("common", "engine", "events", "metrology", "readings", "rollup", "store", "registry.py")
_SUFFIXES = ".py", ".sql", ".csv"


class Software(msgspec.Struct, frozen=True):
    """What is installed. schema: of the store. build: of the files. packing: of zlib, whose bytes
    are compared with those that are stored. dask: its version."""

    version: str
    schema: int
    build: str
    packing: str
    dask: str

    def differs(self, other: Software) -> str:
        """How another machine's differs from this one, and what to do; "" for not at all."""
        if self.version != other.version or self.schema != other.schema:
            found = f"qingyun {other.version} (schema {other.schema})"
            expected = f"{self.version} (schema {self.schema}) as here"
            return f"has {found}, expected {expected}: install it there and start the worker again"
        if self.build != other.build:
            return (
                f"has other files of qingyun {self.version} than here: install the same there and "
                "start the worker again"
            )
        if self.dask != other.dask:
            return (
                f"has distributed {other.dask}, expected {self.dask} as here: install it there "
                "and start the worker again"
            )
        if self.packing != other.packing:
            return (
                "has a zlib that packs otherwise than that of here: install the same Python there"
            )
        return ""


@cache
def software() -> Software:
    """What is installed here."""
    build = hashlib.sha256()
    for file in _files():
        build.update(f"{file.relative_to(_HERE)}\n".encode() + file.read_bytes())
    sample = b"".join(n.to_bytes(3, "big") + b"qingyun" * (n % 5) for n in range(0, 60_000, 7))
    packed = hashlib.sha256(b"".join(zlib.compress(sample, level) for level in (1, 6)))
    of_dask = version("distributed")
    return Software(__version__, VERSION, _short(build), _short(packed), of_dask)


def of_registry(registry: Registry) -> str:
    """The same for the same registry, wherever its files stand."""
    return _short(hashlib.sha256(msgspec.json.encode(registry)))


def _files() -> Iterator[Path]:
    for part in _PARTS:
        path = _HERE / part
        files = (path,) if path.is_file() else path.rglob("*")
        yield from sorted(file for file in files if file.suffix in _SUFFIXES)


def _short(digest: hashlib._Hash) -> str:
    return digest.hexdigest()[:16]

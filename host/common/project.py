"""Where the files of the project lie that commands read beside those of the host job."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import UserError

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = _PACKAGE / "project"
# With firmware/, boards/ and registry/: inside an installed wheel, or the checkout itself.
ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def version(root: Path = ROOT) -> str:
    """VERSION in firmware/identity.py, three numbers; UserError where it is not there."""
    path = root / "firmware" / "identity.py"
    try:
        found = re.search(r'^VERSION = "(\d+\.\d+\.\d+)"$', path.read_text("utf-8"), re.MULTILINE)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    if not found:
        raise UserError(f"{path}: expected a VERSION of three numbers")
    return found[1]

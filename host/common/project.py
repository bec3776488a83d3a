"""Where the files of the project lie that commands read beside those of the host job."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = _PACKAGE / "project"
# With firmware/, boards/ and registry/: inside an installed wheel, or the checkout itself.
ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent

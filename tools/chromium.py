"""The browser of tests and of `make pictures`: Chromium without its windows where that is there.

That opens a page with a third of the CPU time (Debian 12, version 156: 0.3 s instead of 1.1 s)."""

from __future__ import annotations

from pathlib import Path

_SHELL = Path("/usr/bin/chromium-headless-shell")
SOFTWARE_GL = "--use-angle=swiftshader"  # WebGL without a graphics card
CHROMIUM = str(_SHELL) if _SHELL.exists() else "/usr/bin/chromium"

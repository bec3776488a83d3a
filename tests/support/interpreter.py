"""What the fixture run_micropython gives."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

RunMicroPython = Callable[..., subprocess.CompletedProcess[str]]

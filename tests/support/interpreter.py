"""What the fixtures run_micropython and play_faults give."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

RunMicroPython = Callable[..., subprocess.CompletedProcess[str]]
PlayFaults = Callable[..., dict[str, Any]]

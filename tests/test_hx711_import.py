"""The driver loads on a real MicroPython and does no I/O while it does."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_driver_imports_under_micropython() -> None:
    code = "import sys; sys.path.insert(0, 'firmware'); import sensors.hx711 as h; print(h.A128)"
    out = subprocess.run(
        [ROOT / ".venv/bin/micropython", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert out.stdout.strip() == "1", out.stderr

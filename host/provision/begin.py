"""The registry of a new fleet: no site, board or store yet."""

from __future__ import annotations

from pathlib import Path

from ..common import project
from . import ProvisionError, files

EXAMPLE = project.ROOT / "registry"
# These files hold for the whole district; the others begin with their header only.
WHOLE = ("towns.csv", "rules.csv", "incompatible.csv", "filings.csv", "duties.csv")


def texts() -> dict[str, str]:
    """Name of each file of a registry → its text; ProvisionError without the example."""
    texts = {}
    for path in sorted(EXAMPLE.glob("*.csv")):
        text = path.read_bytes().decode()
        texts[path.name] = text if path.name in WHOLE else text[: text.index("\n") + 1]
    if not texts:
        raise ProvisionError(f"{EXAMPLE}: no registry to begin with; expected that of the project")
    return texts


def folder(path: Path | str) -> None:
    """Make a new registry in a folder that does not exist yet."""
    Path(path).mkdir(parents=True)
    for name, text in texts().items():
        files.write(Path(path) / name, text.encode(), files.PUBLIC)

"""The registry that a fleet of one's own begins with: no site, board or store yet."""

from __future__ import annotations

from pathlib import Path

from host.provision import ProvisionError, files

EXAMPLE = Path(__file__).resolve().parents[2] / "registry"
# What holds for the whole district; of the other files only the header is taken.
WHOLE = ("towns.csv", "rules.csv", "incompatible.csv")


def texts() -> dict[str, str]:
    """Name of each file of a registry → its text."""
    texts = {}
    for path in sorted(EXAMPLE.glob("*.csv")):
        text = path.read_bytes().decode()
        texts[path.name] = text if path.name in WHOLE else text[: text.index("\n") + 1]
    if not texts:
        raise ProvisionError(f"{EXAMPLE}: no registry to begin with; expected that of the project")
    return texts


def folder(path: Path | str) -> None:
    """Make it there, where no file of it is yet."""
    Path(path).mkdir(parents=True)
    for name, text in texts().items():
        files.write(Path(path) / name, text.encode(), files.PUBLIC)

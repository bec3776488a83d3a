"""Which file is the configuration: --config, QINGYUN_CONFIG, ./qingyun.toml,
/etc/qingyun/qingyun.toml.

The first that exists counts, alone. An empty QINGYUN_CONFIG means none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "QINGYUN_CONFIG"
HERE = Path("qingyun.toml")
SYSTEM = Path("/etc/qingyun/qingyun.toml")


@dataclass(frozen=True)
class Place:
    """The file, if there is one, and the other places with the reason why they do not count."""

    file: Path | None
    absent: tuple[str, ...] = ()


def find(argv: Sequence[str], environment: Mapping[str, str]) -> Place:
    """The configuration file. A file that somebody named counts even if it cannot be read."""
    named = option(argv, "--config")
    if named is None:
        named = environment.get(VARIABLE)
    if named is not None:
        return Place(Path(named)) if named else Place(None, (f"{VARIABLE} (set to nothing)",))
    absent: list[str] = []
    for file in (HERE, SYSTEM):
        if (why := _unreadable(file)) is None:
            return Place(file, tuple(absent))
        absent.append(f"{file} ({why})")
    return Place(None, tuple(absent))


def _unreadable(file: Path) -> str | None:
    """Why a file cannot be read, None if it can: a service's file may be readable by its user
    alone."""
    try:
        file.open("rb").close()
    except FileNotFoundError:
        return "not there"
    except OSError as error:
        return (error.strerror or "cannot be read").lower()
    return None


def option(argv: Sequence[str], name: str) -> str | None:
    """The value of an option before the command; None without it."""
    for i, word in enumerate(argv):
        if not word.startswith("-"):
            if i == 0 or argv[i - 1] not in ("--config", "--log"):
                return None
        elif word == name and i + 1 < len(argv):
            return argv[i + 1]
        elif word.startswith(name + "="):
            return word.partition("=")[2]
    return None

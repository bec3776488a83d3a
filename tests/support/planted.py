"""Somebody's files, and whether each of them is as it was."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

Tree = dict[str, tuple[str, int]]


def tree(place: Path) -> Tree:
    """What a folder holds: name → content, or where a link leads, and mode."""
    found: Tree = {}
    for at, folders, files in os.walk(place):
        for name in (*folders, *files):
            path = Path(at) / name
            mode = path.lstat().st_mode
            if path.is_symlink():
                what = f"to {path.readlink()}"
            elif path.is_file():
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                what = "folder"
            found[str(path.relative_to(place))] = what, mode
    return found


def plant(place: Path) -> None:
    """A home with what a person has in it."""
    write = {
        "thesis.docx": b"PK\x03\x04 years of work",
        ".profile": b"export A=1\n",
        "empty": b"",
        "docs/letter.txt": b"Dear all\n",
        "docs/daily.csv": b"date,kg\n2026-03-03,4\n",
        "docs/deep/er/photo.png": b"\x89PNG....",
        "my data/site.csv": b"t,channel,value\n1772496000,w1,12.4\n1772496060,w1,12.4\n",
        "project/.git/HEAD": b"ref: refs/heads/main\n",
        "project/Makefile": b"all:\n",
        "fleet/.gitignore": b"mine\n",
        "fleet/ca.key": b"-----BEGIN PRIVATE KEY-----\n",
        "key/update.key": b"-----BEGIN PRIVATE KEY-----\n",
    }
    for name, content in write.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (place / "to-docs").symlink_to("docs")
    (place / "to-letter").symlink_to("docs/letter.txt")
    (place / "round").symlink_to("round")

"""Places outside the database where anchors are left, and found again (see hazard.anchors)."""

from __future__ import annotations

import email
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..common.errors import UserError
from ..hazard import anchors
from ..hazard.anchors import Anchor
from ..mqtt.broker import Broker
from ..mqtt.session import Session

TOPIC = "qingyun/1/anchor"
READ = (".json", ".html", ".xlsx", ".txt", ".eml", ".log")  # in a folder; a file that is named: any
_RETAINED_S = 2.0  # a broker sends what it retains right after it has taken the subscription


class AnchorError(UserError):
    """There is no anchor where one is expected; one line."""


def in_files(path: Path) -> list[tuple[str, Anchor]]:
    """(place, anchor) of a backup, report, workbook or letter, or of all those below a folder.

    AnchorError where a file has none or cannot be read; a folder may have none."""
    if not path.exists():
        raise AnchorError(f"{path}: no such file or folder; expected one with anchors in it")
    files = _below(path) if path.is_dir() else [path]
    found = [(str(file), anchor) for file in files for anchor in _in_file(file)]
    if not found and not path.is_dir():
        raise AnchorError(f"{path}: expected an anchor (QY1-…) in it, found none")
    return found


def _below(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.suffix in READ and p.is_file())


def _in_file(path: Path) -> list[Anchor]:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as parts:
                texts = [parts.read(name) for name in parts.namelist() if name.endswith(".xml")]
        else:
            texts = [path.read_bytes()]
            if path.suffix == ".eml":  # its text may be in base64
                letter = email.message_from_bytes(texts[0])
                bodies = [part.get_payload(decode=True) for part in letter.walk()]
                texts = [body for body in bodies if isinstance(body, bytes)]
    except (OSError, zipfile.BadZipFile) as error:
        raise AnchorError(f"{path}: cannot be read: {error}") from None
    return list(dict.fromkeys(a for t in texts for a in anchors.found_in(t.decode("latin-1"))))


def retained(broker: Broker) -> list[tuple[str, Anchor]]:
    """(place, anchor) of what the topic retains: one, or none. SessionError without a broker."""
    told: list[bytes] = []
    came = threading.Event()

    def heard(_: str, payload: bytes, is_retained: bool) -> None:
        if is_retained:
            told.append(payload)
            came.set()

    with Session(broker, [(TOPIC, 1)], on_message=heard):
        came.wait(_RETAINED_S)
    return [
        (f"{TOPIC} at {broker}", anchor)
        for text in told
        for anchor in anchors.found_in(text.decode("latin-1"))
    ]


def retain(broker: Broker, anchor: Anchor, now: int) -> None:
    """Leave an anchor in the topic, in the place of the last; now: Unix seconds."""
    with Session(broker) as session:
        session.publish([(TOPIC, message(anchor, now))], retain=True)


def message(anchor: Anchor, now: int) -> str:
    """The payload of the topic."""
    return json.dumps({"t": now, "anchor": str(anchor)})

"""What the page at the platform is sent: the newest reading of each board of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mqtt.board_state import is_channel, word
from .live_status import marks_of

if TYPE_CHECKING:
    from .live import Live


def platforms_now(hub: Live, site: str, now: float) -> dict[str, Any]:
    """Board → its status, and its newest reading since this server listens: life and seq, when it
    was taken, gross g of each weight channel and why one is not good. at: Unix seconds."""
    boards = {}
    for device in hub.devices_of.get(site, ()):
        board = hub.boards.get((site, device))
        if board is None:
            continue
        said = {"status": "twin" if board.has_twin(now) else board.status or "unknown"}
        boards[device] = said | _reading(board.reading)
    return {"at": round(now, 2), "boards": boards}


def _reading(said: dict[str, Any]) -> dict[str, Any]:
    if not said:
        return {}
    weights = {
        name: round(1000 * value)
        for name, value in said.items()
        if name[0] == "w"
        and is_channel(name)
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
    }
    bad = {name: word(mark) for name, mark in marks_of(said).items() if name[:1] == "w"}
    return {
        "life": word(said.get("life")),
        "seq": said.get("seq"),
        "t": said.get("t"),
        "grams": weights,
        "bad": bad,
    }

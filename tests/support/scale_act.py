"""A store with one platform on which drums are put: its registry, its board, and acts of people."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drums import DrumBoard
from sim_board import ROOT

from host.hazard import ledger, ledger_posting, register
from host.hazard.entry import Entry
from host.hazard.label import acts, issue
from host.hazard.label.acts import Act, Done
from host.hazard.platform_step import Shown
from host.hazard.register import Register
from host.store import Store

STORE, PLATFORM, STANDS, DRUM, TARE_G = "hw-01-a", "hw-01-p1", "xq-oil-01", "xq-drum", 18_000


def registry(folder: Path) -> Path:
    """The example registry, with drums (18 kg empty) that have no scale of their own."""
    shutil.copytree(ROOT / "registry", folder)
    row = f"{DRUM},{STORE},废油区,,2021,900-214-08,废润滑油桶,液态,200L铁桶,18,可燃物,,,200\n"
    with (folder / "containers.csv").open("a", encoding="utf-8") as file:
        file.write(row)
    return folder


@dataclass
class Scale:
    """The platform of a store, and who works there."""

    store: Store
    register: Register
    board: DrumBoard
    journal: Path
    using: issue.Issuer = field(init=False)

    def __post_init__(self) -> None:
        self.using = issue.issuer(self.store, self.register, self.journal)
        self.board._say()
        self.send()

    def send(self) -> None:
        """What the board says reaches the store."""
        self.board.store(self.store)

    def put(self, grams: int, after: int = 30, *, send: bool = True) -> Shown:
        """Put so much on, or take it off; what the page shows once the scale is at rest."""
        self.board.step(self.board.t + after, "w1", grams)
        shown = self.shown()
        if send:
            self.send()
        return shown

    def shown(self) -> Shown:
        return Shown(self.board.life, self.board.seq - 1, self.board.values["w1"])

    def rest(self, seconds: int = 600) -> None:
        """Nothing happens for so long, and a reading is said at the end."""
        self.board.until(self.board.t + seconds)
        self.board._say()
        self.send()

    def act(self, shown: Shown | None = None, **more: Any) -> Act:
        values = {"do": acts.IN, "waste": DRUM, "platform": PLATFORM} | more
        at = values.pop("at", self.board.t)
        return Act(
            values.pop("id", secrets.token_hex(16)), store=STORE, at=at, shown=shown, **values
        )

    def book(self, act: Act, by: str = "li") -> Done:
        return acts.book(self.using, act, by, self.board.t)

    def update(self) -> list[Entry]:
        """What the scale alone posts by now."""
        bins = self.register.platforms(STORE)
        seen = [ledger_posting.see(self.store, self.register, b, self.board.t + 1) for b in bins]
        return ledger_posting.update(self.store, self.register, seen, self.board.t).added

    def live(self) -> list[Entry]:
        return ledger.live(ledger.read(self.store))

    def booked(self) -> list[tuple[str, str, int]]:
        """(table, container, g) of each live entry."""
        return [(e.table, e.container, e.grams) for e in self.live()]


def scale(store: Store, folder: Path, t: int = 1_790_000_000) -> Scale:
    """An empty platform from Unix time t on."""
    known = register.load(registry(folder / "registry"))
    board = DrumBoard("qy-hw01", "hw-01", t, {"w1": 0, "w2": 0})
    return Scale(store, known, board, folder / "codes")

"""What has to be done to a board: pure, from what is on it and what shall be.

docs/operations.md says how the flash is laid out. The order in which a plan is carried out
(boards/serial/finish.py) is what makes a deploy safe to cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from board.errors import BoardError
from board.files import BOARDS, Files, sha256

_OLDEST = (1, 26)
_ROOM = 64 * 1024  # bytes that stay free for the queue
Slots = dict[str, Any]


@dataclass
class State:
    """What look.py has told of a board."""

    kind: str = ""
    version: tuple[int, ...] = ()
    mpy: int = 0
    slots: Slots | None = None
    umqtt: bool = True  # in the image
    free: int = 0
    files: dict[str, str] = field(default_factory=dict)  # path → SHA-256
    watched: bool = False  # a watchdog may be running
    complete: bool = False
    chip: str = ""  # as the image calls it

    @property
    def good(self) -> str:
        good = (self.slots or {}).get("good")
        return good if good in ("a", "b") else "a"

    def of(self, slot: str) -> dict[str, str]:
        """Name → SHA-256 of an application folder."""
        start = f"/{slot}/"
        return {p.removeprefix(start): h for p, h in self.files.items() if p.startswith(start)}

    def runs(self, slot: str) -> bool:
        """Whether there is anything to start."""
        return bool({"main.py", "main.mpy"} & self.of(slot).keys())


def state(told: list[list[Any]], port: str) -> State:
    """From the lines of look.py; BoardError when it is no board for this firmware."""
    s = State()
    for what, *values in told:
        if what == "board":
            s.kind, version, s.mpy, s.chip = values
            s.version = tuple(version)
        elif what == "state":
            s.slots, s.umqtt, s.free, s.watched = values
        elif what == "file":
            s.files[values[0]] = values[1]
        elif what == "end":
            s.complete = True
    if s.kind not in BOARDS:
        raise BoardError(f"{port}: expected an ESP32 with MicroPython, found {s.kind or 'nothing'}")
    if s.version < _OLDEST:
        found = ".".join(map(str, s.version))
        raise BoardError(
            f"{port}: expected MicroPython v1.26 or later, found v{found}; make flash puts an "
            "image on the board"
        )
    if not s.complete:
        raise BoardError(f"{port}: the board did not tell all that is on it; try again")
    return s


@dataclass
class Wanted:
    """What shall be on the board."""

    firmware: Files
    manifest: bytes
    loader: bytes
    lib: Files
    data: Files


@dataclass
class Plan:
    """What to do; see the scripts of boards/serial for the meaning."""

    running: str = ""  # the folder that runs afterwards
    target: str | None = None  # the folder that is written; None: it is there already
    slots_before: Slots | None = None
    slots_after: Slots | None = None
    copies: list[tuple[bytes, str]] = field(default_factory=list)  # over the cable
    on_board: list[tuple[str, str]] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    lib: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    loader: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)  # of the flat layout, to be removed
    migrates: bool = False
    watched: bool = False

    @property
    def folders(self) -> list[str]:
        paths = [p for _, p in self.copies] + [p for _, p in self.on_board]
        parents = {str(q) for p in paths for q in PurePosixPath(p).parents}
        return sorted(parents - {"/"})

    @property
    def size(self) -> int:
        return sum(len(content) for content, _ in self.copies)

    def put(self, content: bytes, path: str) -> None:
        """Beside the file that it replaces later."""
        self.copies.append((content, path + ".new"))
        self.extra[path + ".new"] = sha256(content)


def plan(s: State, want: Wanted) -> Plan:
    """What leads from one to the other."""
    p = Plan(watched=s.watched)
    flat = _flat(s, want)
    p.loader = s.files.get("/main.py") != sha256(want.loader)
    p.migrates = p.loader and "/main.py" in s.files and len(flat) > 2
    if p.migrates:
        _migrate(s, want, p, flat)
    else:
        _choose(s, want, p)
    p.leftovers = [path for path in flat if path != "/main.py"]
    if p.target:
        _fill(s, want, p)
    if p.loader:
        p.put(want.loader, "/main.py")
    for name, content in want.lib.items():
        path = "/lib/" + name
        if s.files.get(path) != sha256(content):
            p.put(content, path)
            p.lib.append(path)
    for name, content in want.data.items():
        if s.files.get("/" + name) != sha256(content):
            p.put(content, "/" + name)
            p.data.append(name)
    need = p.size + _ROOM
    if p.copies and s.free < need:
        raise BoardError(f"the board has {s.free} bytes free; expected {need}")
    return p


def _flat(s: State, want: Wanted) -> list[str]:
    """Modules of the layout in which everything lay in /."""
    stems = {name.rpartition(".")[0] for name in want.firmware}
    found = [path for path in s.files if path[1:].rpartition(".")[0] in stems]
    return sorted(path for path in found if path.endswith((".py", ".mpy")))


def _migrate(s: State, want: Wanted, p: Plan, flat: list[str]) -> None:
    """The old firmware becomes /b, to which the board goes back if the new one fails; it
    runs from / until the loader takes the place of its main.py."""
    p.target = p.running = "a"
    for path in flat:
        if s.files.get("/b" + path) != s.files[path]:
            p.on_board.append((path, "/b" + path))
    p.remove += [f"/b/{name}" for name in s.of("b") if f"/{name}" not in flat]
    p.slots_after = {"good": "b", "trial": "a"}


def _choose(s: State, want: Wanted, p: Plan) -> None:
    """Which folder is written, and which runs afterwards."""
    good = s.good
    other = "b" if good == "a" else "a"
    trial = (s.slots or {}).get("trial")
    if _is(s, want, good):
        p.running = good
        p.slots_after = {"good": good} if trial else None
    elif not s.runs(good):
        p.running = other if _is(s, want, other) else good
        p.target = None if p.running == other else good
        p.slots_after = {"good": p.running}
    else:
        p.running = other
        p.slots_after = {"good": good, "trial": other}
        if not _is(s, want, other):
            p.target = other
            p.slots_before = {"good": good} if trial else None


def _is(s: State, want: Wanted, slot: str) -> bool:
    """Whether a folder is exactly what is wanted, and whole: its manifest is there. (One
    that an update over the air has written may have its lines in another order.)"""
    names = s.of(slot)
    whole = names.pop("manifest.json", None)
    return bool(whole and names == {n: sha256(content) for n, content in want.firmware.items()})


def _fill(s: State, want: Wanted, p: Plan) -> None:
    """The target folder: what is right stays, what is elsewhere on the board is copied
    there, and only the rest comes over the cable."""
    start = f"/{p.target}/"
    elsewhere = {h: path for path, h in s.files.items() if not path.startswith(start)}
    have = s.of(str(p.target))
    for name, content in want.firmware.items():
        h = sha256(content)
        if have.pop(name, None) == h:
            continue
        if h in elsewhere:
            p.on_board.append((elsewhere[h], start + name))
        else:
            p.copies.append((content, start + name))
    have.pop("manifest.json", None)
    p.remove += [start + name for name in have]

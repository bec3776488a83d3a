"""What a run of several processes needs around it: a folder of its own, an end on SIGTERM.

python3 tools/run_folder.py FOLDER ...      removes folders that runs have made
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

MARK = ".qingyun-run"  # JSON: the folder, and all that its run wrote, null until its end
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite puts beside a file, and takes away again
_ELSEWHERE = "nothing was removed; expected a new or empty folder, or one of an earlier run"


class FolderError(RuntimeError):
    """A folder that a run may not have; nothing in it was touched. One line."""


@contextmanager
def fresh_folder(folder: Path, *needed: Path) -> Iterator[Path]:
    """The folder, absolute and empty but for its mark, for one run.

    What the run before wrote there is removed: its mark names it. FolderError, before anything
    is removed, when there is something else in the folder, or one of the needed files."""
    place = _emptied(folder, needed)
    try:
        place.mkdir(parents=True, exist_ok=True)
        mark = (place / MARK).open("x")
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written: {error.strerror}") from None
    with mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        _write(mark, place, None)
        try:
            yield place
        finally:
            with suppress(OSError):  # somebody has removed it meanwhile
                _write(mark, place, _contents(place))


def unused(*files: Path) -> None:
    """FolderError when one of these files is there already."""
    for path in files:
        if path.exists() or path.is_symlink():
            raise FolderError(f"{path}: is there already; expected a folder without it")


def remove(folder: Path) -> bool:
    """Remove a folder that a run made; False when there is none."""
    if not folder.exists():
        return False
    place = _emptied(folder, ())
    place.rmdir()
    return True


def _write(mark: IO[str], place: Path, names: list[str] | None) -> None:
    mark.seek(0)
    mark.truncate()
    json.dump({"folder": str(place), "names": names}, mark, indent=0)
    mark.flush()


def _emptied(folder: Path, needed: Sequence[Path]) -> Path:
    """The folder, absolute, with nothing in it if it is there."""
    try:
        place = folder.resolve()
        for path in needed:
            if path.resolve().is_relative_to(place):
                raise FolderError(
                    f"{path}: lies in {folder}, which is emptied first; move it, "
                    "or name another folder"
                )
        if not place.exists():
            return place
        if not place.is_dir():
            raise FolderError(f"{folder}: expected a folder, found a file")
        first = min((path.name for path in place.iterdir() if path.name != MARK), default=None)
        mark = place / MARK
        if mark.is_file() and not mark.is_symlink():
            found = _contents(place)
            _check(folder, place, found)
            _remove(place, found)
        elif first is not None:
            raise FolderError(f"{folder}: holds {first}, which no run wrote; {_ELSEWHERE}")
    except FolderError:
        raise
    except (OSError, ValueError, RuntimeError) as error:  # a link to itself is the last
        why = error.strerror if isinstance(error, OSError) else error
        raise FolderError(f"{folder}: cannot be emptied: {why}") from None
    return place


def _check(folder: Path, place: Path, found: Sequence[str]) -> None:
    """FolderError unless a run wrote all of this."""
    by_hand = f"look into it, then: rm -r {shlex.quote(str(folder))}"
    with (place / MARK).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(f"{folder}: another run is writing into it; wait for it") from None
        try:
            told = json.load(file)
            made, names = str(told["folder"]), told["names"]
        except (ValueError, KeyError, TypeError):
            raise FolderError(f"{folder}: its {MARK} cannot be read; {by_hand}") from None
    if made != str(place):
        raise FolderError(f"{folder}: is a copy of {made}, no run made it; {_ELSEWHERE}")
    if names is None:
        raise FolderError(f"{folder}: its run was killed, so what it wrote is not known; {by_hand}")
    known = set(names)
    known |= {name + end for name in names for end in _BESIDE}
    for name in found:
        if name not in known:
            raise FolderError(f"{folder}: holds {name}, which no run wrote; {_ELSEWHERE}")


def _contents(place: Path) -> list[str]:
    """Every name below the folder but the mark's; of folders with / at the end, and after
    what is in them."""
    found = []

    def fail(error: OSError) -> None:
        raise error

    for at, folders, files in os.walk(place, topdown=False, onerror=fail):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        found += [str((Path(at) / name).relative_to(place)) for name in (*files, *links)]
        if Path(at) != place:
            found.append(f"{Path(at).relative_to(place)}/")
    return [name for name in found if name != MARK]


def _remove(place: Path, found: Sequence[str]) -> None:
    for name in found:
        if name.endswith("/"):
            (place / name).rmdir()  # fails where something has come into it since
        else:
            (place / name).unlink()
    (place / MARK).unlink()


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM, and the end of the terminal, end the block as Ctrl-C does, so that `with`
    blocks stop what they started."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float = 30) -> None:
    """Send a signal and wait; SIGKILL when the process takes longer than this."""
    process.send_signal(how)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(folders: Sequence[str]) -> int:
    code = 0
    for name in folders:
        try:
            if remove(Path(name)):
                print(f"{name}: removed")
        except FolderError as error:
            print(f"clean: error: {error}", file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

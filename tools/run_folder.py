"""What a run of several processes needs around it: a folder to write into, an end on SIGTERM."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_MARK = ".qingyun-run"  # says that everything in the folder was written by such a run


def fresh_folder(folder: Path) -> Path:
    """The folder, absolute and empty but for its mark; what an earlier run left is removed.

    RuntimeError when it holds files that no such run has written: they are not ours to remove.
    """
    folder = folder.resolve()
    mark = folder / _MARK
    if folder.exists() and not folder.is_dir():
        raise RuntimeError(f"{folder}: expected a folder, found a file")
    if folder.is_dir() and any(folder.iterdir()) and not mark.exists():
        raise RuntimeError(f"{folder}: expected a new folder or one of an earlier run")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()
    return folder


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that `with` blocks stop what they started."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end(process: subprocess.Popen[bytes], how: signal.Signals, seconds: float = 30) -> None:
    """Send a signal and wait; SIGKILL when the process takes longer than this."""
    process.send_signal(how)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

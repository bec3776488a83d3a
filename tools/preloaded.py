"""Starts `qingyun` as a fork of a process that has loaded its modules: what a test waits for is the
command, not the imports, which take most of a short one.

    python3 tools/preloaded.py      reads requests from stdin, a JSON line each; see Preloaded
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import select
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

# What a process reads of its environment before its first line runs: it needs one of its own.
_AT_START = ("PYTHON", "LC_", "LANG", "TZ")
_LOADED = ("rich.table", "rich.progress", "msgspec", "zoneinfo")


def _at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in env.items() if k.startswith(_AT_START)}


class Preloaded:
    """The process that forks, of one user; ends with it. A request is [arguments, folder,
    environment], with the files of output and errors as its descriptors; the answers are the
    number of the process and, when it has ended, its exit code."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = _at_start(env)
        self._lock = threading.Lock()
        self._server: subprocess.Popen[str] | None = None

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether a process with this environment may be a fork."""
        return _at_start(env) == self._env

    def run(
        self, args: Sequence[str], env: Mapping[str, str], timeout: float | None
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run(); TimeoutExpired after so many seconds."""
        with self._lock, TemporaryFile() as out, TemporaryFile() as err:
            server = self._started(env)
            assert server.stdin is not None and server.stdout is not None
            place = [f"/proc/{os.getpid()}/fd/{f.fileno()}" for f in (out, err)]
            server.stdin.write(json.dumps([list(args), str(Path.cwd()), dict(env), place]) + "\n")
            server.stdin.flush()
            pid = int(server.stdout.readline())
            end = None if timeout is None else time.monotonic() + timeout
            while end is not None and not select.select([server.stdout], [], [], 0.05)[0]:
                if time.monotonic() > end:
                    os.kill(pid, 9)
                    server.stdout.readline()
                    raise subprocess.TimeoutExpired(list(args), timeout or 0)
            code = int(server.stdout.readline())
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="backslashreplace"))
        return subprocess.CompletedProcess(list(args), code, texts[0], texts[1])

    def _started(self, env: Mapping[str, str]) -> subprocess.Popen[str]:
        if self._server is None or self._server.poll() is not None:
            self._server = subprocess.Popen(
                [sys.executable, __file__],
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            atexit.register(self._server.kill)
        return self._server


def _load() -> None:
    import host.cli  # noqa: PLC0415
    import host.commands.run as runs  # noqa: PLC0415

    for name in _LOADED:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(runs.__path__):
        importlib.import_module(f"{runs.__name__}.{module.name}")
    assert host.cli


def _be(args: list[str], folder: str, env: dict[str, str], place: list[str]) -> int:
    """The fork: the command from its first line to its last; the exit code."""
    from host import cli  # noqa: PLC0415

    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, path in zip((1, 2), place, strict=True):
        os.dup2(os.open(path, os.O_WRONLY), number)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = ["qingyun", *args]
    try:
        code = cli.main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    """Fork for each request, one after the other, until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    _load()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(_be(*json.loads(line)))
        print(pid, file=answers, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


if __name__ == "__main__":
    main()

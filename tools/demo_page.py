"""The page of `qingyun serve` on the database of a run, with a user who is made for it.

    python tools/demo_page.py [--out build/demo]

shows the day of the last demo until Ctrl-C.
"""

from __future__ import annotations

import argparse
import csv
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from broker import free_port
from run_folder import end, sigterm_as_interrupt
from sim_board import ROOT

from host.common.errors import UserError
from host.store import Store

USER = "demo"
DEMO = Path("build/demo")
_STARTS_S = 60.0
_BY = "make"


def passwd(db: Path, name: str = USER) -> str:
    """Make the user, an admin, or give it another password; the password."""
    accounts = _accounts()
    password = secrets.token_hex(8)
    store = Store(db)
    try:
        if accounts.find(store, name):
            accounts.change(store, name, _BY, role="admin", password=password)
        else:
            accounts.add(store, name, "admin", password, _BY)
    finally:
        store.close()
    return password


def token(db: Path, name: str) -> str:
    """Make a user for a program that looks at the page; what it has to show."""
    store = Store(db)
    try:
        return str(_accounts().add_token(store, name, "viewer", _BY))
    finally:
        store.close()


def _accounts() -> Any:
    try:
        from host.serve import accounts  # noqa: PLC0415  it needs what only the page needs
    except ModuleNotFoundError as error:
        text = f"the page needs {error.name}; run: .venv/bin/pip install -e '.[serve]'"
        raise RuntimeError(text) from None
    return accounts


class Page:
    """`qingyun serve` on a free port of this machine, until the `with` block ends."""

    def __init__(self, db: Path, registry: Path, log: Path, *more: str) -> None:
        self.port = free_port()
        self.log = log
        self._command = [sys.executable, "-m", "host.cli", "serve", "--db", str(db)]
        self._command += ["--registry", str(registry), "--listen", f"127.0.0.1:{self.port}", *more]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=ROOT)

    def wait(self) -> None:
        """Until it answers; RuntimeError when it does not."""
        until = time.monotonic() + _STARTS_S
        while self.process is not None and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/signin", timeout=5):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > until:
                    break
                time.sleep(0.1)
        tail = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the page did not start; see {self.log}: {' '.join(tail)}")

    def ended(self) -> bool:
        """By itself."""
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            end(process, signal.SIGTERM)

    def __enter__(self) -> Page:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def open_browser(url: str) -> None:
    """Where a person sits at a desktop."""
    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    opener = shutil.which("xdg-open")
    if desktop and opener and sys.stdout.isatty():
        quiet = subprocess.DEVNULL
        # A session of its own: Ctrl-C here is not meant for the browser.
        subprocess.Popen([opener, url], stdout=quiet, stderr=quiet, start_new_session=True)


def days(out: Path) -> list[tuple[str, str]]:
    """(site, date) of what a finished demo in this folder has figures of; none without one."""
    try:
        with (out / "daily.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["site"], row["date"]) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(rows)) if (out / "qingyun.db").exists() else []


def show(out: Path) -> None:
    """Serve the demo in `out` until somebody ends it."""
    found = days(out)
    if not found:
        raise RuntimeError(f"{out}: expected the files of a finished demo; run: make demo")
    db = out / "qingyun.db"
    password = passwd(db)
    log = out.with_name(f"{out.name}-page.log")  # the next demo empties the folder
    with Page(db, ROOT / "registry", log) as page:
        page.wait()
        addresses = [f"{page.url}/sites/{site}?date={date}" for site, date in found]
        print(f"page: {addresses[0]}")
        for address in addresses[1:]:
            print(f"      {address}")
        print(f"      user {USER}, password {password}; Ctrl-C ends it", flush=True)
        open_browser(addresses[0])
        assert page.process is not None
        page.process.wait()
        raise RuntimeError(f"the page has ended by itself; see {page.log}")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=DEMO, help="of the demo")
    text = "only see whether a finished demo is there; exit code 1 when there is none"
    parser.add_argument("--ready", action="store_true", help=text)
    args = parser.parse_args(argv)
    if args.ready:
        return 0 if days(args.out) else 1
    try:
        with sigterm_as_interrupt():
            show(args.out)
    except (RuntimeError, UserError) as error:
        print(f"page: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\npage: ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())

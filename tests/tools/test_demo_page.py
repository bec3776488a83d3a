"""`make demo PAGE=1`: the page on the demo's day, for a user who is made for it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sim_board import ROOT

from host.store import Store

SCRIPT = str(ROOT / "tools" / "demo_page.py")


def finished(folder: Path) -> Path:
    """What a demo leaves, as far as the page looks for it."""
    Store(folder / "qingyun.db", create=True).close()
    rows = "date,site\n2026-03-03,fs-01\n2026-03-03,fs-01\n2026-03-03,hw-01\n"
    (folder / "daily.csv").write_text(rows)
    return folder


@contextmanager
def shown(folder: Path) -> Iterator[tuple[list[str], str]]:
    """The addresses that it prints and the password; then Ctrl-C."""
    command = [sys.executable, SCRIPT, "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    lines = ""
    try:
        while not (found := re.search(r"user demo, password (\w+); Ctrl-C ends it", lines)):
            line = process.stdout.readline()
            assert line, lines
            lines += line
        yield re.findall(r"http://\S+", lines), found[1]
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().endswith("page: ended\n")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_the_day_of_the_demo(tmp_path: Path) -> None:
    """Each time another password; the one before no longer counts."""
    folder = finished(tmp_path)
    old = ""
    for _ in range(2):
        with shown(folder) as (addresses, password):
            paths = [a.partition("/sites/")[2] for a in addresses]
            assert paths == ["fs-01?date=2026-03-03", "hw-01?date=2026-03-03"]
            with httpx.Client(timeout=60, follow_redirects=True) as client:
                signin = client.get(addresses[0])
                assert signin.url.path == "/signin"
                back = signin.url.params["next"]
                data = {"name": "demo", "password": old or "not-the-password", "next": back}
                assert client.post(signin.url.copy_with(query=None), data=data).status_code == 401
                page = client.post(
                    signin.url.copy_with(query=None), data=data | {"password": password}
                )
                assert page.url == addresses[0] and 'value="2026-03-03"' in page.text
                assert client.get(addresses[0].partition("/sites")[0] + "/users").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(addresses[0])
        old = password


def test_without_a_finished_demo(tmp_path: Path) -> None:
    """An unfinished one has no daily.csv yet."""
    Store(tmp_path / "qingyun.db", create=True).close()
    command = [sys.executable, SCRIPT, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    expected = f"{tmp_path}: expected the files of a finished demo; run: make demo"
    assert done.stderr == f"page: error: {expected}\n"
    ready = subprocess.run([*command, "--ready"], cwd=ROOT, check=False)
    assert ready.returncode == 1
    finished(tmp_path)
    assert subprocess.run([*command, "--ready"], cwd=ROOT, check=False).returncode == 0

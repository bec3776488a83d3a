"""tools/micropython_32.sh, where it is refused what it needs: one line, and nothing half done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sim_board import MICROPYTHON_32, ROOT

APT = """\
#!/bin/sh
# An apt of one source that does not answer, or answers with another archive.
case " $* " in
    *" indextargets "*) echo http://127.0.0.1:9/debian/ ;;
    *" update "*) exit {update} ;;
    *" download "*) {download} ;;
esac
"""


def fetch(
    folder: Path, update: int = 0, download: str = "exit 100"
) -> subprocess.CompletedProcess[str]:
    """Run it with such an apt into folder/out."""
    apt = folder / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text(APT.format(update=update, download=download))
    apt.chmod(0o755)
    env = os.environ | {"PATH": f"{apt.parent}:{os.environ['PATH']}"}
    command = [ROOT / "tools" / "micropython_32.sh", folder / "out"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("update", "download", "expected"),
    [
        (100, "", "no source of this machine's apt has Debian trixie, or none answers"),
        (0, "exit 100", "the packages of version 1.25.0+ds-1 could not be fetched"),
        (0, "echo other >micropython_1_i386.deb", "expected an archive with SHA-256 a72799821c"),
    ],
    ids=["no network", "another version", "another archive"],
)
def test_what_cannot_be_had_is_one_line_and_leaves_no_interpreter(
    update: int, download: str, expected: str, tmp_path: Path
) -> None:
    done = fetch(tmp_path, update, download)
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1, done.stderr
    assert lines[0].startswith("environment: error: 32-bit MicroPython: ") and expected in lines[0]
    assert not (tmp_path / "out" / "micropython").exists()
    assert not (tmp_path / "out" / "apt").exists()


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "micropython").symlink_to("/bin/true")
    done = fetch(tmp_path, 100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_its_integers_are_those_of_an_esp32(needs_32_bits: None) -> None:
    script = "import sys, time; print(sys.maxsize, time.ticks_add(1 << 29, (1 << 29) - 1) + 1)"
    said = subprocess.run(
        [MICROPYTHON_32, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == [str(2**31 - 1), str(2**30)]

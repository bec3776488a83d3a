"""The wheel of `make wheel`, installed into an environment that has nothing else of the project."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from broker import free_port
from fleet_sheet import EXAMPLE
from served_page import PASSWORD
from sim_board import ROOT

IN_WHEEL = {"host": "qingyun"} | {
    name: f"qingyun/project/{name}" for name in ("firmware", "boards", "registry")
}
Done = subprocess.CompletedProcess[str]


def run(*line: str | Path, cwd: Path = ROOT) -> Done:
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "QINGYUN_CONFIG")}
    return subprocess.run(
        list(map(str, line)), cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@dataclass(frozen=True)
class Installed:
    """wheel: the file; packages: site-packages of the environment; work: an empty folder."""

    wheel: Path
    packages: Path
    command: Path
    work: Path

    def qingyun(self, *args: str | Path) -> str:
        done = run(self.command, *args, cwd=self.work)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    done = run("make", "-s", "wheel", f"OUT={folder}")
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    place = folder / "environment"
    venv.create(place)
    python = place / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps")
    done = run(*pip, "--disable-pip-version-check", wheel)
    assert done.returncode == 0, done.stderr
    (packages,) = place.glob("lib/python3*/site-packages")
    # Libraries are those of the tests; its own checkout is not among them.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    work = folder / "work"
    work.mkdir()
    return Installed(wheel, packages, place / "bin" / "qingyun", work)


def test_one_package_is_installed(installed: Installed) -> None:
    found = {p.name for p in installed.packages.iterdir()} - {"libraries.pth"}
    info = installed.wheel.name.partition("-py3")[0] + ".dist-info"
    assert found == {"qingyun", info}
    python = installed.command.with_name("python")
    assert run(python, "-c", "import qingyun", cwd=installed.work).returncode == 0
    done = run(python, "-c", "import host", cwd=installed.work)
    assert "No module named 'host'" in done.stderr


def test_every_file_is_in_it_and_nothing_else(installed: Installed) -> None:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", *IN_WHEEL)
    charts = (ROOT / "host/serve/static-built").iterdir()
    files = [f for f in listed.stdout.splitlines() if (ROOT / f).exists()]
    files += [str(f.relative_to(ROOT)) for f in charts]
    assert len(files) > 300
    tops = {f: f.partition("/")[0] for f in files}
    expected = {IN_WHEEL[top] + f.removeprefix(top) for f, top in tops.items()}
    with ZipFile(installed.wheel) as opened:
        assert {n for n in opened.namelist() if ".dist-info/" not in n} == expected


def test_a_fleet_is_made_and_checked(installed: Installed) -> None:
    """With the registry, boards and firmware that lie in the wheel."""
    version = installed.wheel.name.split("-")[1]
    assert installed.qingyun("--version") == f"qingyun {version}\n"
    places = ("--fleet", "fleet", "--broker", "mqtt.example.org")
    installed.qingyun("provision", EXAMPLE, *places)
    assert "2 sites, 3 devices" in installed.qingyun("check", "--registry", "fleet/registry")
    made = installed.qingyun("bundle", "--key", "fleet/update.key", "--out", "x.bundle")
    assert f"version {version} for esp32" in made


def test_a_page_is_served(installed: Installed) -> None:
    password = installed.work / "password"
    password.write_text(PASSWORD + "\n")
    user = ("user", "add", "li", "--role", "viewer", "--password-file", password)
    installed.qingyun(*user, "--db", "q.db")
    port, log = free_port(), installed.work / "log"
    options = ("--db", "q.db", "--registry", ROOT / "registry", "--listen", f"127.0.0.1:{port}")
    with log.open("wb") as file:
        process = subprocess.Popen(
            [installed.command, "serve", *options], cwd=installed.work, stderr=file
        )
    try:
        end = time.monotonic() + 120
        while "startup complete" not in log.read_text():
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            form = {"name": "li", "password": PASSWORD}
            assert client.post("/signin", data=form).status_code == 303
            page = client.get("/?lang=zh", follow_redirects=True)
            assert page.status_code == 200 and "清运" in page.text
            assert client.get("/static/built/uPlot.iife.min.js").status_code == 200
    finally:
        process.terminate()
        process.wait(20)

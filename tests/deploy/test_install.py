"""`make install` into a folder that stands for a machine: what systemd and people find there.
Packages are those of this environment: nothing is fetched, nothing outside is written."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import shutil
import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest
from fleet_sheet import EXAMPLE
from sim_board import ROOT

from host.delivery.channels import SECTIONS

SERVICES = {f"qingyun-{s}.service" for s in ("ingest", "hazard", "deliver", "serve")}
# pip takes what is beside it, and builds without fetching setuptools: 0 is how pip says that.
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("QINGYUN_")},
    "PYTHONPATH": sysconfig.get_path("purelib"),
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
}
Done = subprocess.CompletedProcess[str]


def make(target: str, root: Path | str, more: str = "", **environment: str) -> Done:
    line = ["make", "-s", target, f"DESTDIR={root}", *shlex.split(more)]
    env = ENVIRONMENT | environment
    return subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True)


def run(*line: str | Path) -> Done:
    return subprocess.run(list(map(str, line)), capture_output=True, text=True)


class Machine:
    """The root folder of a machine on which make install was run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.units = root / "usr/local/lib/systemd/system"
        self.lib = root / "usr/local/lib/qingyun"
        self.etc = root / "etc/qingyun"

    def folders(self) -> None:
        """What systemd-tmpfiles does at the installation and at each start; a user of the
        tests cannot give files away, so every owner is that user."""
        text = (self.root / "usr/local/lib/tmpfiles.d/qingyun.conf").read_text()
        me = getpass.getuser()
        mine = self.root / "tmpfiles.conf"
        mine.write_text(re.sub(r":(root|qingyun)\b", f":{me}", text))
        done = run("systemd-tmpfiles", "--create", f"--root={self.root}", mine)
        assert (done.returncode, done.stderr) == (0, "")

    def qingyun(self, *args: str | Path, cwd: Path) -> Done:
        """The installed command, with its paths below the root folder."""
        script = (self.root / "usr/local/bin/qingyun").read_text()
        script = re.sub(r"(?<=[ =])/(usr|etc)/", rf"{self.root}/\1/", script)
        env = ENVIRONMENT | {
            "QINGYUN_STORE_REGISTRY": str(self.etc / "registry"),
            "QINGYUN_STORE_DB": str(self.root / "var/lib/qingyun/qingyun.db"),
        }
        line = ["sh", "-c", script, "qingyun", *map(str, args)]
        return subprocess.run(line, cwd=cwd, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd is missing; as root run: apt-get install systemd", pytrace=False)
    root = tmp_path_factory.mktemp("machine")
    done = make("install", root)
    assert done.returncode == 0, done.stderr
    made = Machine(root)
    made.folders()
    return made


def test_systemd_reads_the_units_where_they_were_put(machine: Machine) -> None:
    names = sorted(p.name for p in machine.units.iterdir())
    assert set(names) >= SERVICES
    shutil.copytree("/usr/lib/systemd/system", machine.root / "usr/lib/systemd/system", True)
    (machine.root / "usr/bin").mkdir()
    shutil.copy(shutil.which("grep") or "", machine.root / "usr/bin/grep")
    verify = ["systemd-analyze", "verify", "--man=no", f"--root={machine.root}", *names]
    done = run(*verify)
    assert (done.returncode, done.stderr) == (0, "")
    command = machine.root / "usr/local/bin/qingyun"
    command.chmod(0o644)
    assert "/usr/local/bin/qingyun is not executable" in run(*verify).stderr
    command.chmod(0o755)


def test_systemd_makes_the_user(machine: Machine) -> None:
    conf = machine.root / "usr/local/lib/sysusers.d/qingyun.conf"
    done = run("systemd-sysusers", "--dry-run", f"--root={machine.root}", conf)
    assert done.returncode == 0 and "Creating user 'qingyun'" in done.stdout + done.stderr


def test_folders_and_configuration_are_there_and_stay_as_somebody_made_them(
    machine: Machine,
) -> None:
    owners = {"etc/qingyun": "root", "var/lib/qingyun": "qingyun", "var/backups/qingyun": "qingyun"}
    text = (ROOT / "deploy/tmpfiles.conf").read_text()
    assert dict(re.findall(r"^d /(\S+) +:0750 +:(\S+) +:qingyun$", text, re.M)) == owners
    for name in owners:
        assert stat.S_IMODE((machine.root / name).stat().st_mode) == 0o750, name
    files = machine.etc / "qingyun.toml", machine.etc / "registry" / "sites.csv"
    before = [f.read_bytes() for f in files]
    places = [machine.etc, *files]
    for f in files:
        f.write_text("somebody's own\n")
    for place in places:
        place.chmod(0o700)
    machine.folders()
    assert [f.read_text() for f in files] == ["somebody's own\n"] * 2
    assert [stat.S_IMODE(place.stat().st_mode) for place in places] == [0o700] * 3
    for f, text_before in zip(files, before, strict=True):
        f.write_bytes(text_before)


def test_the_command_finds_configuration_and_all_it_needs(machine: Machine, tmp_path: Path) -> None:
    """From a folder with another `qingyun` in it."""
    (tmp_path / "qingyun").mkdir()
    (tmp_path / "qingyun" / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    # What stands for the machine has its /etc elsewhere.
    configured = ("--config", machine.etc / "qingyun.toml")
    done = machine.qingyun(*configured, "check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{machine.etc}/qingyun.toml: " in done.stdout
    rules = len((ROOT / "registry" / "rules.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert "0 sites, 0 devices" in done.stdout and f", {rules} rules" in done.stdout
    places = ("--broker", "mqtt.example.org", "--fleet", machine.etc / "fleet")
    done = machine.qingyun(*configured, "provision", EXAMPLE, *places, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 sites, 3 devices" in machine.qingyun(*configured, "check", cwd=tmp_path).stdout
    key = machine.etc / "fleet" / "update.key"
    done = machine.qingyun("bundle", "--key", key, "--out", "x.bundle", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_delivery_starts_only_where_there_is_somebody_to_tell(tmp_path: Path) -> None:
    text = (ROOT / "deploy/systemd/qingyun-deliver.service").read_text()
    line = re.search(r"^ExecCondition=(.*)$", text, re.M)
    assert line is not None
    example = (ROOT / "deploy/qingyun.example.toml").read_text()
    told = [(example.replace(f"# [{name}]", f"[{name}]"), 0) for name in SECTIONS]
    file = tmp_path / "qingyun.toml"
    for said, code in ((example, 1), *told, ("[rollup]\nout='[email]'\n", 1)):
        file.write_text(said)
        assert run(*shlex.split(line[1])[:-1], file).returncode == code


def test_an_installation_that_fails_leaves_the_one_before(machine: Machine) -> None:
    before = machine.lib.stat().st_ino
    done = make("install", machine.root, PYTHONPATH="")
    assert done.returncode == 2
    assert "install: error: pip could not install the host job; nothing is changed" in done.stderr
    assert machine.lib.stat().st_ino == before
    assert [p.name for p in machine.lib.parent.glob("qingyun*")] == ["qingyun"]


@pytest.mark.parametrize("target", ["install", "uninstall"])
def test_what_cannot_be_is_refused(target: str, tmp_path: Path) -> None:
    done = make(target, tmp_path, "PREFIX=/opt/qingyun")
    assert done.returncode == 2
    assert "install: error: PREFIX: expected /usr/local or /usr, found '/opt/q" in done.stderr
    done = make(target, "here")
    assert done.returncode == 2
    assert "install: error: DESTDIR: expected a path from /, found 'here'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_uninstall_leaves_what_somebody_may_want(machine: Machine, tmp_path: Path) -> None:
    root = tmp_path / "machine"
    shutil.copytree(
        machine.root, root, symlinks=True, ignore=shutil.ignore_patterns("site-packages")
    )
    other = root / "usr/local/bin/other"
    other.write_text("not ours\n")
    done = make("uninstall", root)
    assert done.returncode == 0, done.stderr
    left = {str(p.relative_to(root)) for p in root.rglob("*qingyun*")}
    kept = {"etc/qingyun", "etc/qingyun/qingyun.toml", "var/lib/qingyun", "var/backups/qingyun"}
    assert {n for n in left if "fleet" not in n} == kept
    assert other.exists()

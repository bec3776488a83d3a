"""`qingyun provision` and `revoke`: what is written, and what a second run leaves alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from board import deploy
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from fleet_sheet import BROKER, EXAMPLE, FILL, PLATFORM, WIFI, FleetFolder, board
from host_job import qingyun
from interpreter import RunMicroPython
from sim_board import ROOT

from host import cli, registry
from host.common.local_days import LOCAL
from host.points import certificates
from host.provision.certificates import Authority, revoked_in
from host.provision.fleet import OURS

KEPT = {"acl", "crl.pem", "provision.log"}
# Loads each configuration with the firmware's own check.
LOAD = """
import sys
from settings import config
for path in open(sys.argv[1]).read().split():
    config.load(path)
    print("ok", path)
"""


@pytest.fixture
def fleet(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path)


def test_a_board_gets_what_its_flash_needs(fleet: FleetFolder) -> None:
    said = fleet.made([PLATFORM, FILL])
    assert "1 boards: 1 new, 0 changed" in said
    device = fleet.fleet / "qy-a1"
    names = {"config.json", "ca.der", "qy-a1.der", "qy-a1.key.der", "update.pub"}
    assert {p.name for p in device.iterdir()} == names
    config = json.loads((device / "config.json").read_text())
    tls = {"ca": "ca.der", "cert": "qy-a1.der", "key": "qy-a1.key.der", "name": BROKER}
    assert config["mqtt"] == {"host": BROKER, "port": 8883, "tls": tls}
    assert config["wifi"] == {"ssid": "net", "password": WIFI}
    w1, f1 = config["channels"]
    assert (w1["dout"], w1["sck"], f1["trig"], f1["echo"]) == (34, 25, 16, 18)
    assert w1["calibration"]["counts_per_kg"] == pytest.approx(21000, rel=0.03)
    certificate = x509.load_der_x509_certificate((device / "qy-a1.der").read_bytes())
    authority = x509.load_der_x509_certificate((device / "ca.der").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert certificate.subject.rfc4514_string() == "CN=qy-a1"
    key = load_der_private_key((device / "qy-a1.key.der").read_bytes(), None)
    assert key.public_key() == certificate.public_key()
    host = (fleet.fleet / "qingyun-host.pem").read_bytes()
    assert x509.load_pem_x509_certificate(host).subject.rfc4514_string() == "CN=qingyun-host"


def test_the_registry_knows_it_and_every_other_row_is_as_before(fleet: FleetFolder) -> None:
    before = {p.name: p.read_bytes() for p in fleet.registry.iterdir()}
    fleet.made([PLATFORM, FILL])
    known = registry.load(fleet.registry)
    assert known.devices["qy-a1"].site == "a-1"
    assert known.sites["a-1"].town == "方松街道"
    bin_ = next(b for b in known.bins if b.bin == "a-1-1")
    assert (bin_.device, bin_.channel, bin_.fill_channel, bin_.tare_g) == (
        *("qy-a1", "w1", "f1"),
        12400,
    )
    for name, old in before.items():
        assert (fleet.registry / name).read_bytes().startswith(old)


def test_the_registry_has_the_day_on_which_each_certificate_ends(fleet: FleetFolder) -> None:
    """Of authority, broker, services and boards; rows of other fleets stay."""
    path = fleet.registry / certificates.FILE
    path.write_text("certificate,until\nother,2030-01-01\n")
    fleet.made([PLATFORM, FILL])
    found = certificates.load(fleet.registry)
    assert {*found} == {"other", "ca", "broker", "qy-a1", *OURS}
    raw = (fleet.fleet / "qy-a1" / "qy-a1.der").read_bytes()
    ends = x509.load_der_x509_certificate(raw).not_valid_after_utc
    assert found["qy-a1"] == ends.astimezone(LOCAL).date()
    broker = x509.load_pem_x509_certificate((fleet.fleet / "broker.pem").read_bytes())
    assert found["broker"] == broker.not_valid_after_utc.astimezone(LOCAL).date()
    path.write_text("certificate,until\nqy-a1,soon\n")
    wrong = qingyun("check", "--registry", fleet.registry)
    assert wrong.returncode == 2
    assert "certificates.csv:2: until: expected YYYY-MM-DD or nothing" in wrong.stderr


def test_files_of_a_spreadsheet_keep_their_marks(fleet: FleetFolder) -> None:
    """Byte order mark, CRLF, quotes, columns of others, no newline at the end."""
    sites = (fleet.registry / "sites.csv").read_text().splitlines()
    rows = ["owner," + sites[0], *(f'"Li, ""old"" {i}",{r}' for i, r in enumerate(sites[1:]))]
    text = "\r\n".join(rows)
    (fleet.registry / "sites.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    fleet.write([PLATFORM, FILL], encoding="utf-8-sig")
    assert fleet.provision().returncode == 0
    after = (fleet.registry / "sites.csv").read_bytes()
    added = ",a-1,一号点,方松街道,collection,\r\n"
    assert after == b"\xef\xbb\xbf" + (text + "\r\n" + added).encode()
    fleet.write([PLATFORM | {"site_name": "另一点"}, FILL])
    assert fleet.provision().returncode == 0
    again = (fleet.registry / "sites.csv").read_bytes().decode()
    assert again == after.decode().replace("一号点", "另一点")


def test_a_second_run_touches_nothing(fleet: FleetFolder) -> None:
    first = fleet.made([PLATFORM, FILL, *board("qy-b1")])
    names = "ca.pem, crl.pem, broker.pem, broker.key, mosquitto.conf, acl"
    assert f"{names} new or changed: copy to the broker, restart mosquitto" in first
    before = fleet.state()
    said = fleet.made([PLATFORM, FILL, *board("qy-b1")])
    assert fleet.changed(before) == set()
    assert "0 new, 0 changed" in said and "copy" not in said


def test_a_new_board_adds_only_itself(fleet: FleetFolder) -> None:
    """Also from a sheet of its own: the others stay."""
    fleet.made([PLATFORM, FILL])
    before = fleet.state()
    fleet.made(board("qy-b1"))
    new = {f"fleet/qy-b1/{n}" for n in ("config.json", "ca.der", "qy-b1.der", "update.pub")}
    new |= {"fleet/qy-b1/qy-b1.key.der", "fleet/acl", "fleet/provision.log"}
    rows = {f"registry/{n}.csv" for n in ("devices", "bins", "certificates")}
    assert fleet.changed(before) == new | rows
    acl = (fleet.fleet / "acl").read_text()
    assert "user qy-a1\n" in acl and "user qy-b1\n" in acl


def test_a_changed_row_changes_only_that_board(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    before = fleet.state()
    fleet.made([PLATFORM, FILL | {"empty_mm": "1100"}, *board("qy-b1")])
    assert fleet.changed(before) == {"fleet/qy-a1/config.json"}
    fleet.made([PLATFORM | {"tare_kg": "13"}, FILL | {"empty_mm": "1100"}, *board("qy-b1")])
    assert fleet.changed(before) == {"fleet/qy-a1/config.json", "registry/bins.csv"}


def test_a_bin_taken_off_becomes_a_spare(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    fleet.made([PLATFORM | {"bin": "a-1-9"}])
    known = registry.load(fleet.registry)
    assert [b.bin for b in known.bins if b.device == "qy-a1"] == ["a-1-9"]
    assert "a-1-1" in [b.bin for b in known.spares("a-1")]


def test_the_example_changes_nothing_of_the_example_district_but_adds_a_board(
    fleet: FleetFolder,
) -> None:
    before = fleet.state()
    assert fleet.provision(EXAMPLE).returncode == 0
    assert {n for n in fleet.changed(before) if n.startswith("registry")} == {
        *("registry/devices.csv", "registry/certificates.csv")
    }
    config = json.loads((fleet.fleet / "qy-fs01" / "config.json").read_text())
    example = json.loads((ROOT / "boards" / "esp32" / "config.example.json").read_text())
    for ch in (*config["channels"], *example["channels"]):
        ch.pop("calibration", None)
    assert config["channels"] == example["channels"]


def test_configurations_are_right_by_the_firmwares_own_check(
    fleet: FleetFolder, run_micropython: RunMicroPython
) -> None:
    """Every limit of the sheet, at both ends, read by config.py under MicroPython."""
    assert fleet.provision(EXAMPLE).returncode == 0
    rows = [PLATFORM, FILL | {"temperature": "c1"}]
    rows += [{"device": "qy-a1", "channel": "c1", "kind": "temperature"}]
    rows += [{"device": "qy-a1", "channel": "c2", "kind": "temperature", "pin": "13"}]
    rows += [{"device": "qy-a1", "channel": "d1", "kind": "contact"}]
    wide = {"max_kg": "8000", "e_kg": "10", "tare_kg": "500", "gain": "32", "every_s": "3600"}
    rows += board("qy-b1", **wide, password="0" * 64, ntp="10.0.0.1;ntp.example.org:123")
    low = {"max_kg": "1", "e_kg": "0.001", "tare_kg": "0", "gain": "64", "every_s": "10"}
    rows += board("qy-b2", **low, ssid="网" * 10, temperature="")
    cycle = FILL | {"device": "qy-c1", "site": "a-1", "ssid": "n", "password": "12345678"}
    cycle |= {"bin": "", "mode": "cycle"}
    rows += board("qy-open", **{"password": "open"})
    rows += [cycle | {"wake_s": "60", "send_every": "64", "empty_mm": "8000", "full_mm": "7999"}]
    rows += [
        cycle | {"device": "Qy_c.2", "wake_s": "86400", "send_every": "1", "blind_mm": "0"},
        FILL | {"device": "Qy_c.2", "channel": "f99", "bin": "", "trig": "5", "echo": "39"},
    ]
    most = [(26, 4), (27, 13), (14, 15), (32, 21)]
    fills = [
        {"channel": f"f{n}", "trig": str(t), "echo": str(e)} for n, (t, e) in enumerate(most, 2)
    ]
    rows += [
        cycle | {"device": "x" * 64},
        *(FILL | {"device": "x" * 64, "bin": ""} | f for f in fills),
    ]
    fleet.made(rows)
    paths = sorted(str(p) for p in fleet.fleet.glob("*/config.json"))
    assert len(paths) == 10
    config = json.loads((fleet.fleet / "qy-open" / "config.json").read_text())
    assert config["wifi"]["password"] == ""
    (fleet.folder / "list").write_text("\n".join(paths))
    (fleet.folder / "load.py").write_text(LOAD)
    done = run_micropython(fleet.folder / "load.py", fleet.folder / "list")
    assert done.stdout.split("\n")[:-1] == [f"ok {p}" for p in paths], done.stdout + done.stderr


def test_secrets_are_for_their_owner_alone_at_every_moment(tmp_path: Path) -> None:
    """Watched while it runs, with a umask that hides nothing."""
    folder = FleetFolder(tmp_path)
    rows = [r for n in range(40) for r in board(f"qy-{n}")]
    folder.write([PLATFORM, FILL, *rows])
    seen: dict[str, int] = {}
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for root, _, names in os.walk(folder.fleet):
                for name in names:
                    try:
                        mode = (Path(root) / name).stat().st_mode & 0o777
                    except FileNotFoundError:
                        continue
                    seen[name] = seen.get(name, 0) | mode

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert folder.provision().returncode == 0
        folder.revoke("qy-3", "--replace")
        time.sleep(0.3)
    finally:
        os.umask(before)
        stop.set()
        watcher.join()
    secret = {n: m for n, m in seen.items() if ".key" in n or "config.json" in n}
    assert len(secret) >= 41 + 4
    assert set(secret.values()) == {0o600}


def test_nothing_secret_is_printed_or_written_down(fleet: FleetFolder) -> None:
    fleet.write([PLATFORM, FILL])
    good = fleet.provision()
    fleet.write([PLATFORM, FILL | {"password": "another-one"}])
    bad = fleet.provision()
    assert bad.returncode == 2 and "fleet.csv:3: password: " in bad.stderr
    fleet.write([PLATFORM | {"password": "hush"}, FILL])
    short = fleet.provision()
    assert "found a text of 4 characters" in short.stderr
    revoked = fleet.revoke("qy-a1", "--replace")
    said = "".join(d.stdout + d.stderr for d in (good, bad, short, revoked))
    said += (fleet.fleet / "provision.log").read_text() + (fleet.fleet / "acl").read_text()
    for secret in (WIFI, "another-one", "hush", "PRIVATE KEY"):
        assert secret not in said


def test_a_fleet_has_a_registry_of_its_own_unless_another_is_named(fleet: FleetFolder) -> None:
    """It begins with the towns and rules of the project, without its sites."""
    fleet.write([PLATFORM, FILL])
    line = ("provision", fleet.csv, "--fleet", fleet.fleet, "--broker", BROKER)
    done = qingyun(*line)
    assert done.returncode == 0, done.stderr
    own = fleet.fleet / "registry"
    assert (
        f"sites.csv, stores.csv, towns.csv written; the host job reads them by --registry {own}"
        in (done.stdout)
    )
    known = registry.load(own)
    assert [*known.sites] == ["a-1"] and [*known.devices] == ["qy-a1"]
    assert known.towns == registry.load(ROOT / "registry").towns
    rules = len((ROOT / "registry" / "rules.csv").read_text(encoding="utf-8").splitlines()) - 1
    told = f"0 stores, 0 containers, {rules} rules"
    assert told in qingyun("check", "--registry", own).stdout
    (own / "rules.csv").unlink()  # as if it had been cut there
    before = fleet.state()
    assert qingyun(*line).returncode == 0
    assert fleet.changed(before) == {"fleet/registry/rules.csv"}
    wrong = qingyun(*line, "--registry", fleet.folder / "typo")
    assert wrong.returncode == 2 and "typo/towns.csv: " in wrong.stderr
    assert not (fleet.folder / "typo").exists()
    fleet.write([PLATFORM | {"device": "registry"}])
    assert "expected a name that does not mean something else to" in qingyun(*line).stderr


def test_deploy_looks_where_provision_writes() -> None:
    fleet = cli._parser().parse_args(["provision", "f.csv", "--broker", "b"]).fleet
    asked = deploy.arguments(["--port", "x", "--device", "qy-a1"])
    assert asked.folder == ROOT / fleet / "qy-a1"


def test_revoked_stays_revoked_until_it_is_replaced(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    before = fleet.state()
    assert "1 certificates revoked" in fleet.revoke("qy-a1").stdout
    own = "registry/certificates.csv"
    assert fleet.changed(before) == {own, *(f"fleet/{n}" for n in KEPT)}
    assert "qy-a1" not in certificates.load(fleet.registry)
    acl = (fleet.fleet / "acl").read_text()
    assert "qy-a1" not in acl and "user qy-b1\n" in acl
    assert len(revoked_in((fleet.fleet / "crl.pem").read_bytes())[0]) == 1

    before = fleet.state()
    said = fleet.made([PLATFORM, FILL, *board("qy-b1")])
    assert "qy-a1: revoked, left alone" in said
    assert fleet.changed(before) == set()
    assert "0 certificates revoked" in fleet.revoke("qy-a1").stdout
    assert fleet.changed(before) == set()

    assert "1 made" in fleet.revoke("qy-a1", "--replace").stdout
    own_files = {own, *(f"fleet/qy-a1/{n}" for n in ("qy-a1.der", "qy-a1.key.der"))}
    assert fleet.changed(before) == own_files | {"fleet/acl", "fleet/provision.log"}
    assert "qy-a1" in certificates.load(fleet.registry)
    before = fleet.state()
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    assert fleet.changed(before) == set()
    log = [line.split()[1:3] for line in (fleet.fleet / "provision.log").read_text().splitlines()]
    assert log[-3:] == [["issued", "qy-b1"], ["revoked", "qy-a1"], ["issued", "qy-a1"]]


def test_a_revoked_board_does_not_come_back_when_its_folder_goes(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    fleet.revoke("qy-a1")
    shutil.rmtree(fleet.fleet / "qy-a1")
    assert "qy-a1: revoked, left alone" in fleet.made([PLATFORM, FILL])
    assert not (fleet.fleet / "qy-a1").exists()
    fleet.revoke("qy-a1", "--replace")
    fleet.made([PLATFORM, FILL])
    assert len(list((fleet.fleet / "qy-a1").iterdir())) == 5


def test_a_copy_of_a_folder_is_no_board(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    shutil.copytree(fleet.fleet / "qy-a1", fleet.fleet / "qy-a1.old")
    before = fleet.state()
    fleet.made([PLATFORM, FILL])
    assert fleet.changed(before) == set()


def test_every_certificate_of_a_name_is_revoked(fleet: FleetFolder) -> None:
    """Also one whose folder was deleted."""
    fleet.made([PLATFORM, FILL])
    for path in (fleet.fleet / "qy-a1").iterdir():
        path.unlink()
    fleet.made([PLATFORM, FILL])
    assert "2 certificates revoked" in fleet.revoke("qy-a1").stdout


def test_a_lost_list_is_made_again(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    fleet.revoke("qy-a1")
    (before, _) = revoked_in((fleet.fleet / "crl.pem").read_bytes())
    (fleet.fleet / "crl.pem").unlink()
    assert "revoked, left alone" in fleet.made([PLATFORM, FILL])
    (after, _) = revoked_in((fleet.fleet / "crl.pem").read_bytes())
    assert set(after) == set(before)


@pytest.mark.parametrize("missing", ["ca.key", "ca.pem"])
def test_without_its_authority_nothing_is_issued(fleet: FleetFolder, missing: str) -> None:
    fleet.made([PLATFORM, FILL])
    (fleet.fleet / missing).unlink()
    before = fleet.state()
    done = fleet.provision()
    assert done.returncode == 2
    assert "ca.key and ca.pem are missing or do not belong together" in done.stderr
    assert fleet.changed(before) == set()


def test_a_pair_that_was_cut_in_two_is_made_anew(fleet: FleetFolder) -> None:
    """A power cut between key and certificate."""
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    folder = fleet.fleet / "qy-a1"
    other = (fleet.fleet / "qy-b1" / "qy-b1.key.der").read_bytes()
    (folder / "qy-a1.key.der").write_bytes(other)
    assert "1 new" in fleet.made([PLATFORM, FILL, *board("qy-b1")])
    key = load_der_private_key((folder / "qy-a1.key.der").read_bytes(), None)
    certificate = x509.load_der_x509_certificate((folder / "qy-a1.der").read_bytes())
    assert key.public_key() == certificate.public_key()


def test_a_certificate_of_another_authority_is_made_anew(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    Authority("other").sign("qy-a1").save_der(fleet.fleet / "qy-a1", "qy-a1")
    assert "1 new" in fleet.made([PLATFORM, FILL, *board("qy-b1")])
    authority = x509.load_pem_x509_certificate((fleet.fleet / "ca.pem").read_bytes())
    made = x509.load_der_x509_certificate((fleet.fleet / "qy-a1" / "qy-a1.der").read_bytes())
    made.verify_directly_issued_by(authority)


def test_a_run_that_was_killed_is_finished_by_the_next(fleet: FleetFolder) -> None:
    rows = [r for n in range(200) for r in board(f"qy-{n}", site_name="点")]
    fleet.write(rows)
    places = ["--fleet", fleet.fleet, "--registry", fleet.registry, "--broker", BROKER]
    command = [sys.executable, "-m", "host.cli", "provision", fleet.csv, *places]
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
    while not (fleet.fleet / "qy-20").exists():
        assert process.poll() is None
        time.sleep(0.001)
    busy = fleet.provision()
    process.kill()
    process.wait()
    assert "another run is under way here" in busy.stderr or "200 boards" in busy.stdout
    fleet.made(rows)
    before = fleet.state()
    fleet.made(rows)
    assert fleet.changed(before) == set()
    certificates = {p.parent.name for p in fleet.fleet.glob("*/*.key.der")}
    assert certificates == {f"qy-{n}" for n in range(200)}


def test_another_broker_is_not_slipped_in(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    before = fleet.state()
    done = fleet.provision(broker="other.example.org")
    assert done.returncode == 2
    assert "--broker: expected mqtt.example.org as in" in done.stderr
    assert fleet.changed(before) == set()
    for name in ("broker.pem", "broker.key"):
        (fleet.fleet / name).unlink()
    assert fleet.provision(broker="other.example.org:8884").returncode == 0
    config = json.loads((fleet.fleet / "qy-a1" / "config.json").read_text())
    assert (config["mqtt"]["host"], config["mqtt"]["port"]) == ("other.example.org", 8884)


def test_a_key_for_updates_that_is_there_is_used(fleet: FleetFolder) -> None:
    (fleet.fleet / "update.pub").unlink()
    fleet.made([PLATFORM, FILL])
    key = load_pem_private_key((fleet.fleet / "update.key").read_bytes(), None)
    assert key.key_size == 3072  # type: ignore[union-attr]
    modulus = f"{key.public_key().public_numbers().n:x}\n"  # type: ignore[union-attr]
    assert (fleet.fleet / "qy-a1" / "update.pub").read_text() == modulus
    assert (fleet.fleet / "update.key").stat().st_mode & 0o777 == 0o600
    (fleet.fleet / "update.key").unlink()  # kept elsewhere
    before = fleet.state()
    fleet.made([PLATFORM, FILL])
    assert fleet.changed(before) == set()


def test_the_acl_of_boards_mosquitto_gives_a_board_the_same(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    ours = (fleet.fleet / "acl").read_text().split("user qy-a1\n")[1].splitlines()
    theirs = (ROOT / "boards" / "mosquitto" / "acl").read_text().splitlines()
    patterns = [x.removeprefix("pattern ") for x in theirs if x.startswith("pattern ")]
    named = [p.replace("/+/%u/", "/a-1/qy-a1/") for p in patterns]
    assert {x.removeprefix("topic ") for x in ours} == set(named)
    people = {x for x in theirs if x.startswith(("user", "topic"))}
    assert people <= set((fleet.fleet / "acl").read_text().splitlines())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("crl.pem", b"x", "crl.pem: expected a list of revoked certificates"),
        ("qy-a1/config.json", b"{", "config.json: expected a configuration; remove it"),
        ("update.pub", None, "update.key: expected an RSA key"),
    ],
)
def test_a_damaged_file_is_one_line(
    fleet: FleetFolder, name: str, content: bytes | None, said: str
) -> None:
    fleet.made([PLATFORM, FILL])
    if content is None:
        (fleet.fleet / name).unlink()
        (fleet.fleet / "update.key").write_bytes(b"x")
        (fleet.fleet / "update.key").chmod(0o600)
    else:
        (fleet.fleet / name).write_bytes(content)
    fleet.write(board("qy-b1"))
    done = fleet.provision()
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line


def test_a_folder_that_cannot_be_written_is_one_line(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    shutil.rmtree(fleet.fleet / "qy-a1")
    (fleet.fleet / "qy-a1").write_text("a file in the way")
    done = fleet.provision()
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "fleet/qy-a1" in done.stderr


def test_what_cannot_be_revoked(fleet: FleetFolder) -> None:
    fleet.made([PLATFORM, FILL])
    for name, said in (("qy-zz", "qy-zz: no such device in"), ("ca", "ca: no such device in")):
        done = qingyun("revoke", name, "--fleet", fleet.fleet)
        assert done.returncode == 2 and said in done.stderr
    done = qingyun("revoke", "qy-a1", "--fleet", fleet.folder / "none")
    assert done.returncode == 2 and "no such folder" in done.stderr
    assert not (fleet.folder / "none").exists()


@pytest.mark.alone
def test_a_thousand_boards(fleet: FleetFolder, figure: Callable[[str], None]) -> None:
    """Sites of four boards each, a platform and an eye a board."""
    rows = []
    for n in range(1000):
        site = {"site": f"s-{n // 4}", "site_name": f"点 {n // 4}"}
        rows += board(f"qy-{n:04}", **site)
    fleet.write(rows)
    began = time.monotonic()
    done = fleet.provision()
    first = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    before = fleet.state()
    began = time.monotonic()
    assert fleet.provision().returncode == 0
    again = time.monotonic() - began
    assert fleet.changed(before) == set()
    with (fleet.registry / "devices.csv").open(encoding="utf-8") as file:
        assert sum(r["device"].startswith("qy-") for r in csv.DictReader(file)) == 1003
    figure(
        f"provisioning 1,000 boards from a CSV of {len(rows)} rows, EC P-256: {first:.1f} s, "
        f"{len(before)} files; the same again: {again:.1f} s, no file touched"
    )
    assert first < 60

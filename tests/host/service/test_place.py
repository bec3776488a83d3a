"""Which configuration counts, and that nobody has to type what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sim_board import ROOT

from host.cli import main
from host.service import place
from host.store import Store

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """A command in an empty folder of a machine without a service; code, stdout, stderr."""
    monkeypatch.delenv(place.VARIABLE)
    monkeypatch.setattr(place, "SYSTEM", tmp_path / "etc" / "qingyun.toml")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*args: str) -> tuple[int, str, str]:
        code = main(args)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def configured(folder: Path, name: str) -> Path:
    """A configuration and the database beside it that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "qingyun.toml"
    file.write_text(f'[store]\ndb = "{name}.db"\nregistry = "{ROOT}/registry"\n')
    Store(folder / f"{name}.db", create=True).close()
    return file


def db_of(error: str) -> str:
    """The database of `…: no such database …`."""
    return Path(error.removeprefix("qingyun: error: ").partition(":")[0]).name


def test_the_first_that_there_is(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is found only while none of those before it is there."""
    for place_, name in (("etc", "system"), ("here", "folder"), ("v", "variable"), ("o", "option")):
        configured(tmp_path / place_, name)
        (tmp_path / place_ / f"{name}.db").unlink()  # that it is missing says which one counts
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "v" / "qingyun.toml"))
    code, _, error = say("--config", str(tmp_path / "o" / "qingyun.toml"), "status")
    assert (code, db_of(error)) == (2, "option.db")
    assert db_of(say("status")[2]) == "variable.db"
    monkeypatch.delenv(place.VARIABLE)
    assert say("status")[2] == (
        "qingyun: error: folder.db: no such database; expected one made by qingyun ingest "
        "(qingyun.toml:2 names it)\n"
    )
    Path("qingyun.toml").unlink()
    assert db_of(say("status")[2]) == "system.db"
    monkeypatch.setenv(place.VARIABLE, "")
    assert "no database is named" in say("status")[2]
    assert not list(tmp_path.rglob("*.db"))  # none of them made one


def test_paths_are_as_seen_from_the_file(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configured(tmp_path / "demo", "q")
    (tmp_path / "demo" / "pass").write_text("x")
    (tmp_path / "demo" / "pass").chmod(0o600)
    with file.open("a") as more:
        more.write('[broker]\nusername = "u"\npassword_file = "pass"\n[rollup]\nout = "reports"\n')
    monkeypatch.setenv(place.VARIABLE, "../demo/qingyun.toml")
    code, out, error = say("status")
    assert (code, error) == (0, "")
    assert "0 readings stored" in out
    assert say("check")[0] == 0  # opens the file of the password
    assert say("rollup", "--date", "2026-03-03")[0] == 0
    assert (tmp_path / "demo" / "reports" / "daily.csv").exists()
    monkeypatch.setenv("QINGYUN_STORE_DB", "of-here.db")  # as the shell would see it
    assert say("status")[2].startswith("qingyun: error: of-here.db: no such database")
    assert "(QINGYUN_STORE_DB names it)" in say("status")[2]
    monkeypatch.setenv("QINGYUN_STORE_DB", "postgresql://nobody@127.0.0.1:1/none")
    assert "postgresql://127.0.0.1:1/none: connection failed" in say("status")[2]


def test_where_nothing_is_named_it_says_where_it_looked(say: Say, tmp_path: Path) -> None:
    system = tmp_path / "etc" / "qingyun.toml"
    code, _, error = say("status")
    assert code == 2
    assert error == (
        "qingyun: error: no database is named; looked at --db, QINGYUN_STORE_DB, qingyun.toml "
        f"(not there), {system} (not there); expected --db FILE, or [store] db = 'FILE' in "
        "qingyun.toml\n"
    )
    for command in (
        ("import-figures", "x.csv"), ("restore", "x"), ("user", "list"), ("ledger", "verify"),
    ):  # fmt: skip
        assert say(*command)[::2] == (2, error)
    system.parent.mkdir()
    system.write_text("[log]\nformat = 'plain'\n")
    assert f"{system} (no [store] db in it)" in say("status")[2]
    assert list(Path().iterdir()) == []


def test_a_service_may_keep_its_configuration_to_itself(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may not read it still runs what says its database."""
    monkeypatch.setattr(place, "SYSTEM", tmp_path / "here")  # a folder cannot be read either
    Store(Path("q.db"), create=True).close()
    assert say("status", "--db", "q.db")[0] == 0
    assert f"{tmp_path / 'here'} (is a directory)" in say("status")[2]


def test_the_broker_of_boards_is_not_that_of_this_machine(say: Say) -> None:
    Path("qingyun.toml").write_text("[broker]\naddress = '127.0.0.1:1883'\n")
    with pytest.raises(SystemExit):
        say("provision", "fleet.csv")
    Path("qingyun.toml").write_text("[provision]\nbroker = 'mqtt.example.org'\n")
    assert "fleet.csv: cannot be read" in say("provision", "fleet.csv")[2]


def test_by_cable_where_a_broker_is_configured(say: Say, tmp_path: Path) -> None:
    file = configured(Path(), "q")
    file.write_text(file.read_text() + "[broker]\naddress = '127.0.0.1:1883'\n")
    told = ("--device", "qy-fs01", "--channel", "w1", "--by", "李")
    absent = str(tmp_path / "no-port")
    assert "no-port" in say("calibrate", "--port", absent, *told)[2]
    code, _, error = say("calibrate", "--port", absent, "--broker", "127.0.0.1:1", *told)
    assert (code, "expected either --broker or --port" in error) == (2, True)


def test_whoever_makes_a_database_says_so(
    say: Say, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "pw").write_text("correct horse battery\n")
    add = ("user", "add", "li", "--role", "operator", "--password-file", str(tmp_path / "pw"))
    say(*add, "--db", "q.db")
    assert caplog.messages == ["q.db: a new database"]
    say("user", "add", "wu", "--password-file", str(tmp_path / "pw"), "--db", "q.db")
    assert caplog.messages == ["q.db: a new database"]

"""One configuration: what is wrong in it is found before anything starts, with its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from host_job import qingyun
from sim_board import ROOT

from host.cli import _parser
from host.service import config, keys, logs
from host.service.config import ConfigError, load
from host.store import VERSION, Store

REGISTRY = ROOT / "registry"


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "qingyun.toml"
    file.write_text(text)
    return file


def wrong(tmp_path: Path, text: str, **environment: str) -> list[str]:
    """What is said of a configuration, without the name of the file."""
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file, environment, _parser())
    return [line.replace(str(file), "F") for line in str(caught.value).splitlines()]


def test_a_file_the_environment_over_it_and_options_over_both(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[store]\ndb = "a.db"\nregistry = "r"\n[broker]\naddress = "h:1883"\nusername = "u"\n'
        '[ingest]\nmax_ahead_days = 2\nclient_id = "x"\n[alarms]\npublish = true\n'
        '[rollup]\nout = "o"\n[email]\nto = ["a@b.c", "d@e.f"]\n',
    )
    parser = _parser()
    environment = {"QINGYUN_STORE_REGISTRY": "elsewhere", "QINGYUN_INGEST_STATS": "s.json"}
    found = load(file, environment | {"QINGYUN_EMAIL_PORT": "2525"}, parser)
    config.apply(found, parser)
    args = parser.parse_args(["ingest", "--db", "b.db"])
    assert (str(args.db), str(args.registry), args.broker) == ("b.db", "elsewhere", "h:1883")
    assert (args.max_ahead_days, args.client_id, str(args.stats)) == (2.0, "x", "s.json")
    assert args.username == "u"
    assert found.get("email.port") == 2525
    assert found.get("email.to") == ["a@b.c", "d@e.f"]
    args = parser.parse_args(["alarms", "update"])
    assert args.db == tmp_path / "a.db"  # as seen from the file
    assert (args.broker, args.client_id) == ("h:1883", "qingyun-alarms")
    args = parser.parse_args(["rollup", "--date", "2026-03-03"])
    assert (args.broker, args.out) == (None, tmp_path / "o")  # not asked to publish


MISTAKES = [
    ("[store]\ndbb = 'x'", "F:2: store.dbb: expected a key that there is (perhaps db), found 'x'"),
    ("\n[stor]\ndb = 1", "F:3: stor.db: expected a section that there is (perhaps store), found 1"),
    ("[store]\ndb = 3", "F:2: store.db: expected a path, or postgresql://…, found 3"),
    ("[ingest]\nshard = '3/2'", "F:2: ingest.shard: expected I/N with I from 1 to N, found '3/2'"),
    ("[ingest]\nmax_ahead_days = 'x'", "F:2: ingest.max_ahead_days: expected a number, found 'x'"),
    ("[broker]\naddress = 'h'", "F:2: broker.address: expected HOST:PORT, found 'h'"),
    ("[alarms]\nevery = 1.5", "F:2: alarms.every: expected a number, found 1.5"),
    ("[status]\njson = 'yes'", "F:2: status.json: expected true or false, found 'yes'"),
    ("[email]\nport = 0", "F:2: email.port: expected a whole number from 1 to 65535, found 0"),
    ("[email]\nto = ['x']", "F:2: email.to: expected mail addresses, found ['x']"),
    ("[email]\nquiet = '9-10'", "F:2: email.quiet: expected HH:MM-HH:MM, found '9-10'"),
    ("[email]\nlevel = 'high'", "F:2: email.level: expected one of 提示, 告警, found 'high'"),
    ("[email]\npassword_file = 12345", "F:2: email.password_file: expected a path"),
    ("[log]\nformat = 'xml'", "F:2: log.format: expected one of plain, json, found 'xml'"),
    ("db = 'x'", "F:1: db: expected it below a [section]"),
    ("[store]\ndb = \n[x]", "F: expected TOML: Invalid value (at line 2, column 6)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_has_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert wrong(tmp_path, text) == [said]


def test_every_mistake_is_told_at_once_those_of_the_environment_too(tmp_path: Path) -> None:
    said = wrong(
        tmp_path, "[store]\ndb = 3\n[email]\nport = -1\n",
        QINGYUN_EMAIL_TLS="perhaps", QINGYUN_STORE_DBB="x", QINGYUN_CONFIG="y", HOME="z",
    )  # fmt: skip
    assert said == [
        "QINGYUN_STORE_DBB: expected QINGYUN_SECTION_KEY of a key that there is",
        "F:2: store.db: expected a path, or postgresql://…, found 3",
        "F:4: email.port: expected a whole number from 1 to 65535, found -1",
        "QINGYUN_EMAIL_TLS: email.tls: expected one of starttls, tls, none, found 'perhaps'",
    ]


def test_check_finds_what_would_fail_later(tmp_path: Path) -> None:
    later = tmp_path / "later.db"
    store = Store(later, create=True)
    store.database.many("UPDATE schema_version SET version=?", [(99,)])
    store.close()
    (tmp_path / "short").write_text("abc")
    (tmp_path / "open").write_text("a long enough secret")
    (tmp_path / "open").chmod(0o644)
    file = write(
        tmp_path,
        f'[store]\ndb = "{later}"\nregistry = "{REGISTRY}"\n'
        f'[broker]\ncertfile = "{tmp_path}/none.pem"\n'
        "[alarms]\npublish = true\n"
        f'[email]\nhost = "mail.example.org"\ntls = "none"\npassword_file = "{tmp_path}/open"\n'
        f'[webhook]\nurl = "http://example.org/x"\nsecret_file = "{tmp_path}/short"\n',
    )
    done = qingyun("--config", file, "check")
    assert done.returncode == 2
    said = done.stderr.replace(f"qingyun: error: {file}", "F").splitlines()
    for line in (
        f"F:5: broker.certfile: expected a file that can be read, found '{tmp_path}/none.pem': "
        "No such file or directory",
        f"F:11: email.password_file: expected a file that not everybody can read (chmod 0640), "
        f"found '{tmp_path}/open'",
        "F:7: alarms.publish: expected address in [broker] for it, found True",
        "F: email.from: expected a value",
        "F: email.to: expected a value",
        "F:10: email.tls: expected starttls or tls beyond this machine, found 'none'",
        "F:13: webhook.url: expected https beyond this machine, found 'http'",
    ):
        assert line in said, said
    assert f"F:2: store.db: expected schema {VERSION} or earlier, found 99" in said
    assert any("webhook.secret_file: expected 16 characters or more" in line for line in said)
    assert "a long enough secret" not in done.stderr


def test_check_finds_a_map_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc")
    (tmp_path / "key").chmod(0o640)
    tiles = '["http://127.0.0.1/{z}/{x}/{y}?k={key}", "http://a.example/{z}/{x}/{y}", "https://a/"]'
    store = f'[store]\nregistry = "{REGISTRY}"\n'
    file = write(tmp_path, f"{store}[map]\ntiles = {tiles}\n")
    said = qingyun("--config", file, "check").stderr.replace(f"qingyun: error: {file}", "F")
    assert said.splitlines() == [
        "F: map.attribution: expected a value",
        "F:4: map.tiles: expected https beyond this machine, found 'http://a.example/{z}/{x}/{y}'",
        "F:4: map.tiles: expected https://HOST/… with {x}, {y}, {z}, found 'https://a/'",
        "F: map.key_file: expected a file with what stands for {key}",
    ]
    tiles = '"https://a.example/{z}/{x}/{y}"'
    rest = 'attribution = "a"\nkey_file = "key"\ncoordinates = "BD-09"'
    file = write(tmp_path, f"{store}[map]\ntiles = {tiles}\n{rest}\n")
    said = qingyun("--config", file, "check").stderr.replace(f"qingyun: error: {file}", "F")
    assert "map.coordinates: expected one of WGS-84, GCJ-02, found 'BD-09'" in said
    write(tmp_path, file.read_text().replace("BD-09", "GCJ-02"))
    said = qingyun("--config", file, "check").stderr.replace(f"qingyun: error: {file}", "F")
    assert said == "F:4: map.tiles: expected {key} where the key of key_file goes\n"
    write(tmp_path, file.read_text().replace("{z}", "{z}/{key}"))
    assert qingyun("--config", file, "check").returncode == 0


def test_a_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database at all")
    file = write(tmp_path, f'[store]\ndb = "{tmp_path}/x.db"\nregistry = "{REGISTRY}"\n')
    done = qingyun("--config", file, "check")
    assert done.returncode == 2
    assert f"{file}:2: store.db: expected a store" in done.stderr


def test_the_example_is_right(tmp_path: Path) -> None:
    """Every key of it, those that are commented out too."""
    text = (ROOT / "deploy" / "qingyun.example.toml").read_text()
    load(write(tmp_path, text), {}, _parser())
    lines = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
             for line in text.splitlines()]  # fmt: skip
    found = load(write(tmp_path, "\n".join(lines)), {}, _parser())
    assert {"email.quiet", "webhook.secret_file", "broker.cafile"} <= set(found.values)
    sections = {name.partition(".")[0] for name in found.values}
    assert set(keys.SHARED) <= sections


def test_by_option_or_by_environment(tmp_path: Path) -> None:
    file = write(tmp_path, f'[store]\nregistry = "{REGISTRY}"\n')
    for args, env in ((["--config", str(file)], {}), ([], {"QINGYUN_CONFIG": str(file)})):
        done = subprocess.run(
            [sys.executable, "-m", "host.cli", *args, "check"],
            env=os.environ | env, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert f"{file}: 1 values, each as expected" in done.stdout
        assert "3 sites" in done.stdout
    absent = qingyun("--config", tmp_path / "absent.toml", "check")
    assert absent.stderr == (
        f"qingyun: error: {tmp_path}/absent.toml: cannot be read: No such file or directory\n"
    )


def test_logs_are_json_and_have_no_secret() -> None:
    import logging  # noqa: PLC0415

    logs.keep_out("hunter-2-hunter")
    line = logs.Json().format(
        logging.LogRecord(
            "qingyun.x", logging.WARNING, "f", 1,
            "to postgresql://u:%s@h/d and hunter-2-hunter, password=abc 清运\nnext", ("pw",), None,
        )
    )  # fmt: skip
    found = json.loads(line)
    assert found["text"] == "to postgresql://u:***@h/d and ***, password=*** 清运\nnext"
    assert found["level"] == "warning" and found["from"] == "qingyun.x"
    assert "\n" not in line and "清运" in line
    assert found["t"].endswith("Z")

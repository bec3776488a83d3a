"""Every command that README and the pages print is run as it stands there.

Each page has a folder of its own that looks like a checkout after `make demo`: the demo's
database in build/demo, and as qingyun.db beside a qingyun.toml; the files that pages speak of
(FILES); a network of its own, in which a broker listens at 127.0.0.1:1883. Within a sentence
`qingyun rollup` is a name: that there is such a command is looked up."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import catalogue_files
import demo_like
import pytest
import yaml
from doc_commands import Command, commands
from sim_board import ROOT

from host.cli import _parser
from host.hazard import catalogue

PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("boards/**/*.md")]
PAGES = sorted([*PAGES, *ROOT.glob("adapters/**/*.md"), *ROOT.glob("deploy/**/*.md")])
FOUND = {page: commands(page, ROOT) for page in PAGES}
ALL = [command for found in FOUND.values() for command in found if not command.names_only]

MACHINE = r"(apt-get|systemctl|journalctl|useradd|runuser|sudo|install|cp|git|make (un)?install)\b"
# Not run here: why, and what runs it instead.
ELSEWHERE = [
    (r"make live", "a person at its prompt", "tests/e2e/test_live.py"),
    (r"make demo", "minutes of simulated boards", "tests/e2e/test_day.py"),
    (r"make test", "runs this", "tests/docs/test_printed_commands.py"),
    (r"pytest ", "runs in make test", "Makefile"),
    (r"make bench-accuracy", "minutes to hours", "tests/tools/accuracy/test_accuracy.py"),
    (r"(make|python -m) bench.(host|worst)", "minutes to hours", "tools/bench_host/run.py"),
    (r"make bench-alarms", "minutes", "tests/tools/test_bench_alarms.py"),
    (r"make bench-forecast", "minutes", "tests/host/forecast/test_forecast.py"),
    (r"make bench-reconcile", "minutes", "tests/host/reconcile/test_matching.py"),
    (r"make bench-engine", "minutes", "tests/tools/test_bench_engine.py"),
    (r"make bench-versus", "minutes", "tests/tools/test_bench_versus.py"),
    (r"make bench-standing", "minutes", "tests/tools/test_bench_standing.py"),
    (r"make soak", "an hour", "tests/soak/test_a_month.py"),
    (r"make charts", "fetches from a registry", "tests/host/serve/test_pages.py"),
    (r"make flash ", "a board at a cable", "tests/tools/board/test_flash.py"),
    (r"make deploy ", "a board at a cable", "tests/tools/board/test_deploy.py"),
    (r"make monitor ", "a board at a cable", "tests/tools/board/test_monitor.py"),
    (r"qingyun export .*jsonld", "positions of sites", "tests/host/reports/test_ngsi.py"),
    (r"qingyun calibrate ", "a board and weights", "tests/host/calibration/test_calibrate.py"),
    (r"qingyun update ", "boards that take it", "tests/host/update/test_fleet.py"),
    (
        r"qingyun label (code|print|void|resume) ",
        "entries, codes and printers of its own",
        "tests/host/hazard/label/test_labels.py",
    ),
    (r"qingyun reconcile (pin|cut) ", "a match", "tests/host/reconcile/test_reconcile_command.py"),
    (r"qingyun user add hauler ", "a contractor", "tests/host/serve/test_lift_api.py"),
    (r"curl .*/api/1/lifts", "a server and a token", "tests/host/serve/test_lift_api.py"),
    (r"qingyun transfers take-back ", "an import", "tests/host/hazard/test_transfers.py"),
    (r"python tools/energy.py", "minutes of simulated boards", "tests/e2e/test_power_modes.py"),
    (r".*tools/(trace_icrisat|icrisat_replay)\.py", "its data", "tests/e2e/test_icrisat.py"),
    (r"tools/env.sh node-red", "fetches and compiles for minutes", "tools/bench_host/run.py"),
    (r".*pip install ./qingyun-", "what make wheel makes", "tests/tools/test_wheel.py"),
    (rf"{MACHINE}|.* /etc/", "root, and the machine itself", "tests/deploy/test_units.py"),
]  # fmt: skip
# Run for ever: what they say once they do their work. Then comes Ctrl-C.
FOREVER = [
    (r"qingyun ingest", r"connected to"),
    (r"qingyun serve", r"running on http"),
    (r"qingyun watch(?!.*--once)(?!.*--for)", r"qy-fs01"),
    (r"qingyun alarms (update|deliver) .*--every", r"again every|alarms go to"),
    (r"mosquitto_sub ", r"qingyun/1/"),
    (r"python tools/pty_board.py ", r"/dev/pts/\d+"),
]
# Exit code 1 says that something was found, and here something is.
FINDS = (
    r"qingyun (alarms update|alarms show|law (diff|due|duties)|quarantine|transfers|"
    r"ledger verify|watch)"
)
ANSWERS = [
    (
        r"qingyun user (add|password) (?!.*--token)",
        [("(?i)word: ", "long-enough-pw\n"), ("again: ", "long-enough-pw\n")],
    ),
    (r"qingyun close-month (?!.*--yes)", [(r"Type 2026-03 to close it: ", "2026-03\n")]),
]
# In a block, they hold for the commands after them.
KEPT = re.compile(r"(cd|export|unset|\.) ")

MANIFESTS = """\
联单编号,移出单位,废物代码,移出量,单位,移出时间,接收单位
20263101170001,新桥精密机械有限公司,900-214-08,61.2,kg,2026-03-03 16:00,某危险废物处置有限公司
"""
LIFTS = """\
车牌号,称重时间,净重,单位,点位,品类
沪A12345,2026-03-03 10:00:20,41.5,kg,fs-01,湿垃圾
"""
TICKETS = """\
磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位,车牌号
B1,湿垃圾厂,2026-03-03 11:00,湿垃圾,9040,9000,40,kg,沪A12345
"""
MORE = "table,time,kg,container\n产生,2026-03-03 10:00,3.5,xq-sludge-01\n"
TRACE = "t,channel,value\n1772467200,w1,12.4\n1772467800,w1,15.4\n1772469000,w1,15.4\n"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make demo` leaves, but for what its boards do."""
    out = tmp_path_factory.mktemp("demo")
    demo_like.make(out)
    return out


def checkout(folder: Path, day: Path) -> None:
    """As somebody has it in front of him who reads the pages."""
    for name in (
        "tools",
        "host",
        "boards",
        "firmware",
        "adapters",
        "deploy",
        "docs",
        "locks",
        "tests",
    ):
        (folder / name).symlink_to(ROOT / name)
    for name in (".venv", "Makefile", "pyproject.toml", "setup.py"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "registry", folder / "registry")
    shutil.copytree(day, folder / "build" / "demo")
    shutil.copy(day / "qingyun.db", folder)
    (folder / "qingyun.toml").write_text(
        '[store]\ndb = "qingyun.db"\n[broker]\naddress = "127.0.0.1:1883"\n'
        '[webhook]\nurl = "http://127.0.0.1:9999/"\nsecret_file = "webhook.secret"\n'
    )
    files = {
        "webhook.secret": "sixteen characters and more\n",
        "fleet.csv": (ROOT / "boards/esp32/fleet.example.csv").read_text(encoding="utf-8"),
        "board.json": (ROOT / "boards/sim/demo/qy-fs01.json").read_text(),
        "site.csv": TRACE,
        "bin.csv": TRACE,
        "more.csv": MORE,
        "manifests.csv": MANIFESTS,
        "lifts.csv": LIFTS,
        "tickets.csv": TICKETS,
        "figures-2025.csv": figures(),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "webhook.secret").chmod(0o600)
    of_2021 = catalogue_files.rows(list(catalogue.load().of("2021").values()))
    more = [[*of_2021[-1][:2], f"261-90{n}-50", "虚构的废物", "T"] for n in range(3)]
    catalogue_files.write_xlsx(folder / "table.xlsx", [*of_2021, *more])


def figures() -> str:
    """The example that docs/indicators.md prints."""
    page = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(figure,period,.*?)```", page, re.S)
    assert found
    return found[1]


def spoken() -> list[tuple[str, str, bool]]:
    """What is heard at the broker: the examples of docs/asyncapi.yaml, for qy-fs01 at fs-01."""
    said = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))
    example = {
        name: message["examples"][0]["payload"]
        for name, message in said["components"]["messages"].items()
        if "examples" in message
    }
    board = "qingyun/1/fs-01/qy-fs01"
    topics = {
        "status": (board, True), "birth": (board, True), "state": (board, True),
        "daily": ("qingyun/1/fs-01", True), "event": ("qingyun/1/hw-01", False),
    }  # fmt: skip
    return [
        (f"{topic}/{name}", payload if isinstance(payload, str) else json.dumps(payload), retain)
        for name, (topic, retain) in topics.items()
        for payload in [example[name]]
    ]


def matching(table: Sequence[tuple[str, Any]], command: Command) -> Any:
    """What a table has for a command; None where it has nothing."""
    text = command.text.removeprefix(".venv/bin/")
    return next((row[1] for row in table if re.match(row[0], text)), None)


def told(found: Sequence[Command]) -> list[dict[str, Any]]:
    """What doc_run.py is to do."""
    before: list[str] = []
    out = []
    for command in found:
        if KEPT.match(command.text) and not command.inline:
            before.append(command.text)
        ready = matching(FOREVER, command)
        script = "\n".join((*before, ("exec " if ready else "") + command.text))
        answers = matching(ANSWERS, command) or []
        out.append({"script": script, "ready": ready, "answers": answers})
    return out


def run_here(page: Path) -> list[Command]:
    """Those that no row of ELSEWHERE excuses."""
    excused = [(pattern, True) for pattern, _, _ in ELSEWHERE]
    return [c for c in FOUND[page] if not c.names_only and not matching(excused, c)]


@pytest.mark.usefixtures("needs_mosquitto")
@pytest.mark.parametrize(
    "page", [page for page in PAGES if run_here(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_commands_of_a_page(page: Path, day: Path, tmp_path: Path) -> None:
    found = run_here(page)
    if any(c.text.startswith("mosquitto_") for c in found):
        assert shutil.which("mosquitto_sub"), "as root run: apt-get install mosquitto-clients"
    checkout(tmp_path, day)
    file = tmp_path / "commands.json"
    file.write_text(
        json.dumps({"folder": str(tmp_path), "messages": spoken(), "commands": told(found)})
    )
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "-r", "--net"]
    script = ROOT / "tests" / "support" / "doc_run.py"
    env = {k: v for k, v in os.environ.items() if not k.startswith("QINGYUN_")}
    env |= {"PATH": f"{ROOT}/.venv/bin:{env['PATH']}", "PYTHONPATH": f"{ROOT}/tools"}
    run = subprocess.run(
        [*unshare, sys.executable, script, file], env=env, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    wrong = []
    for command, done in zip(found, json.loads(run.stdout), strict=True):
        fine = {0, 1} if matching([(FINDS, True)], command) else {0}
        fine |= {-2, 130} if matching(FOREVER, command) else set()
        absent = [name for name in written(command) if not (tmp_path / name).exists()]
        if done["code"] not in fine or "Traceback" in done["output"] or absent:
            end = "\n    ".join(done["output"].strip().splitlines()[-6:])
            wrong.append(f"{command}\n  exit code {done['code']}, not there: {absent}\n    {end}")
    said = {plain(line) for done in json.loads(run.stdout) for line in done["output"].splitlines()}
    wrong += [f"no command has printed: {line}" for line in printed(page) if line not in said]
    assert not wrong, "\n".join(wrong)


def plain(line: str) -> str:
    """Without what the width of a terminal decides."""
    return " ".join(line.split())


def printed(page: Path) -> list[str]:
    """The lines of ```output blocks that are the same on every day: heads and messages without
    a figure."""
    blocks = re.findall(
        r"^ *```output\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.M | re.S
    )
    lines = [plain(line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if not re.search(r"\d|^[─…]*$", line)]


def written(command: Command) -> list[str]:
    """The files that a command says it writes."""
    words = shlex.split(command.text, comments=True)
    return [b for a, b in pairwise(words) if a in ("--out", "--xlsx", "--csv")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_of_a_page(page: Path) -> None:
    """`qingyun ledger verify`, `make demo`, a file: there is such a thing."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in FOUND[page]:
        tool, *words = command.text.removeprefix(".venv/bin/").split()
        if tool == "make":
            goals = [w for w in words[: words.index("#") if "#" in words else None] if "=" not in w]
            assert set(goals) <= targets, str(command)
        elif tool == "qingyun" and command.names_only:
            assert is_command(_parser(), words), str(command)
        elif tool.startswith("tools/"):
            assert (ROOT / tool).exists(), str(command)


def is_command(parser: argparse.ArgumentParser, words: Sequence[str]) -> bool:
    """Whether these words lead to a command, or a part of one."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and words:
            return words[0] in action.choices and is_command(action.choices[words[0]], words[1:])
        if not action.option_strings and action.choices and words:
            return words[0] in action.choices
    return not words


def test_the_table_has_nothing_that_no_page_prints() -> None:
    """And whoever runs it instead is there."""
    texts = [command.text.removeprefix(".venv/bin/") for command in ALL]
    for pattern, _, instead in ELSEWHERE:
        assert any(re.match(pattern, text) for text in texts), pattern
        assert (ROOT / instead).exists(), instead
    for pattern, _ in FOREVER:
        assert any(re.match(pattern, text) for text in texts), pattern

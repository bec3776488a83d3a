"""Known weights through the real firmware: `qingyun calibrate` and `recalibrate` end to end."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stored
from bench import DATE, DEVICE, SITE, Bench, run
from broker import Broker
from host_job import qingyun
from listener import Listener
from played import wait_stored
from rig_board import RigRun
from sim_board import ROOT
from simple_site import MIDNIGHT
from soak import in_part

from host.store import Store

ZERO, SCALE, MAX = 84213, 21000, 150
FULL_SCALE = 0.001 * MAX  # 0.1 % of it, kg


def configuration(**calibration: Any) -> dict[str, Any]:
    scale = {"id": "w1", "kind": "weight", "dout": 34, "sck": 25, "temperature": "c1"}
    scale["calibration"] = {
        **{"id": "c", "date": "2026-01-05", "zero": ZERO, "counts_per_kg": SCALE},
        **calibration,
    }
    return {"channels": [scale, {"id": "c1", "kind": "temperature", "pin": 4}]}


class Technician:
    """A board under his hands: what he puts on the platform stands in a file that the
    simulated world looks at."""

    def __init__(self, folder: Path, address: str, physics: str, seed: int) -> None:
        self.bench = Bench(folder)
        self.address = address
        self.bench.configure(sample_s=1, **configuration())
        self.hand = folder / "hand"
        self.true = {"w1": 0.0, "c1": 20.0}
        self._put()
        rows = [(0.0, "w1", 0.0), (0.0, "c1", 20.0), (40 * 86400.0, "d9", 0.0)]
        self.board: RigRun = self.bench.board(
            address, rows, physics=physics, seed=seed, hand=self.hand
        )

    def put(self, **what: float) -> None:
        self.true |= what
        self._put()

    def _put(self) -> None:
        part = self.hand.with_suffix(".part")
        part.write_text("".join(f"{c} {v}\n" for c, v in self.true.items()))
        part.replace(self.hand)

    def calibrate(
        self, *options: str, true: Sequence[float] = (0, 20, 50, 100)
    ) -> subprocess.CompletedProcess[str]:
        """The command; each time it asks for a weight, the next of `true` is put there."""
        b = self.bench
        command = [sys.executable, "-m", "host.cli", "calibrate", "--db", str(b.db)]
        command += ["--registry", str(b.registry), "--broker", self.address, "--device", DEVICE]
        command += ["--channel", "w1", "--by", "Li", *options]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        )
        assert process.stdin and process.stdout and process.stderr
        said = b""
        for kg in true:
            while not said.endswith(b"press Enter: "):
                piece = process.stdout.read1(4096)  # type: ignore[attr-defined]
                assert piece, process.stderr.read()
                said += piece
            self.put(w1=kg)
            said += b"\n"
            process.stdin.write(b"\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(
            command, process.returncode, (said + out).decode(), err.decode()
        )

    def weigh(self, heard: Listener, kg: float, **also: float) -> float:
        """What the board says once so many kg stand at rest there."""
        moved = self._measure(heard)
        self.put(w1=kg, **also)
        end = time.monotonic() + 90
        while True:
            m = self._measure(heard)
            if m and (not moved or m["moved"] != moved["moved"]) and m["stable_s"] > 90:
                return float(m["kg"])
            assert time.monotonic() < end, m
            time.sleep(0.02)

    def _measure(self, heard: Listener) -> dict[str, Any]:
        reply = heard.ask({"id": f"m{time.monotonic_ns()}", "do": "measure", "channel": "w1"})
        found: dict[str, Any] = reply.get("result", {})
        return found


@contextmanager
def technician(
    tmp_path: Path, broker: Broker, physics: str = "field", seed: int = 1
) -> Iterator[tuple[Technician, Listener]]:
    t = Technician(tmp_path / f"b{seed}", broker.address, physics, seed)
    with Listener(broker) as heard:
        process = t.board.launch()
        try:
            heard.wait("reading")
            yield t, heard
        finally:
            process.kill()
            process.wait()


def test_known_weights_under_field_physics(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """A board with a scale 12 % off and a zero 7 kg off, calibrated, then weighing."""
    worst = 0.0
    seeds = in_part((1,), (1, 2, 3))
    for seed in seeds:
        with technician(tmp_path, broker, seed=seed) as (t, heard):
            wrong = {"id": "x", "date": "2026-01-05", "zero": ZERO - 150000}
            wrong["counts_per_kg"] = SCALE * 1.12
            what = {"do": "set_calibration", "channel": "w1", "calibration": wrong}
            assert heard.ask({"id": "wrong"} | what)["ok"]
            done = t.calibrate("--weights", "0,20,50,100")
            assert done.returncode == 0, done.stdout + done.stderr
            print(done.stdout)
            assert "passes: k-" in done.stdout
            while not heard.json("birth")[-1]["channels"]["w1"]["calibration"].startswith("k-"):
                heard.wait("birth", len(heard.of("birth")) + 1)
            assert heard.json("birth")[-1]["channels"]["w1"]["since"] > 0
            for kg in (0, 10, 75, 150):
                worst = max(worst, abs(t.weigh(heard, kg) - kg))
            session = Store(t.bench.db).calibrations.sessions(DEVICE, "w1")[-1]
            assert (session.by, session.outcome, session.way) == ("Li", "saved", "mqtt")
            assert len(session.body["points"]) == 4 and session.body["old"]["id"] == "x"
    rows = [line for line in done.stdout.splitlines() if re.match(r"\s*\d\s+\d+\s", line)]
    assert len(rows) == 4, done.stdout
    figure(
        f"calibrated with 0, 20, 50, 100 kg, field physics, seeds {seeds}: 0, 10, 75, 150 kg "
        f"weigh at most {worst * 1000:.0f} g wrong, {100 * worst / MAX:.3f} % of {MAX} kg"
    )
    assert worst <= FULL_SCALE


def test_a_mis_typed_weight_is_caught_and_nothing_saved(tmp_path: Path, broker: Broker) -> None:
    with technician(tmp_path, broker) as (t, heard):
        typed = t.calibrate("--weights", "0,25,50,100")
        assert typed.returncode == 1
        seen = re.search(
            r"point 2 does not fit: 25 kg was typed, the others see (\S+) kg there", typed.stdout
        )
        assert seen and abs(float(seen[1]) - 20) < 0.05, typed.stdout  # one division
        assert "FAILS" in typed.stdout and "nothing was saved" in typed.stdout
        five = t.calibrate("--weights", "0,5,100", true=(0, 50, 100))
        said = re.search(
            r"point 2 does not fit: 5 kg was typed, the others see (\S+) kg", five.stdout
        )
        assert said is not None, five.stdout
        assert abs(float(said[1]) - 50) < 0.05
        m = t._measure(heard)
        assert m["now"]["id"] == "c"
        nothing = t.calibrate("--weights", "0,20", "--wait", "10", true=(0, 0))
        assert nothing.returncode == 2
        assert "nothing was put there" in nothing.stderr
        forced = t.calibrate("--weights", "0,5,100", "--force", true=(0, 50, 100))
        assert forced.returncode == 0 and "FAILS, saved because of --force" in forced.stdout
        kept = Store(t.bench.db).calibrations.sessions(DEVICE, "w1")
        assert [s.outcome for s in kept] == ["failed", "failed", "forced"]


def test_temperature_is_compensated(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """Two sessions at 5 and 30 degC; then other temperatures, with and without the terms."""
    with technician(tmp_path, broker, seed=4) as (t, heard):
        t.weigh(heard, 30, c1=5)
        assert t.calibrate().returncode == 0
        plain = t._measure(heard)["now"]

        def errors() -> list[float]:
            out = []
            for c in (-5, 15, 38):
                t.weigh(heard, 30, c1=c)  # long enough for the thermometer to have seen it
                out += [abs(t.weigh(heard, kg) - kg) for kg in (0, 100)]
            return out

        without = max(errors())
        t.weigh(heard, 30, c1=30)
        second = t.calibrate("--second")
        assert second.returncode == 0, second.stdout + second.stderr
        assert "ppm per degC" in second.stdout
        compensated = max(errors())
    figure(
        f"temperature -5…38 degC, field physics: {1000 * without:.0f} g off by a calibration at "
        f"5 degC ({plain['counts_per_kg']:g} counts per kg), {1000 * compensated:.0f} g with both "
        f"coefficients, 1 to {without / compensated:.0f}"
    )
    assert compensated < FULL_SCALE
    assert without > 3 * compensated


def test_a_wrong_calibration_is_put_right_afterwards(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """Half a day weighed wrongly and corrected later is a day weighed rightly."""
    loads = [(0.0, 0.0), (1.0, 8.0), (3.0, 20.0), (5.0, 2.0), (6.0, 14.0), (9.0, 30.0), (10.0, 0.0)]
    rows = [(3600 * h, "w1", kg) for h, kg in loads]
    rows += [(0.0, "c1", 20.0), (6 * 3600.0, "power", 0), (6 * 3600.0 + 20, "power", 1)]
    rows += [(12 * 3600.0, "d9", 0)]
    daily = {}
    wrong_one = {"date": "2026-01-05", "zero": ZERO - 4000, "counts_per_kg": 17000}
    right_one = {"date": "2026-01-05", "zero": ZERO, "counts_per_kg": SCALE}
    for name, first in (("right", right_one), ("wrong", wrong_one)):
        bench = Bench(tmp_path / name)
        bench.configure(sample_s=10, **configuration())
        with bench.host(broker.address):
            total = 0
            for part, (until, cal) in enumerate(((6 * 3600 + 10, first), (12 * 3600, right_one))):
                files = tmp_path / f"{name}{part}"  # what was changed on the board
                files.mkdir()
                local = {"calibration": {"w1": cal | {"id": f"c{part}"}}}
                (files / "local.json").write_text(json.dumps(local))
                start = (0, 6 * 3600 + 10)[part]
                when = {"start": MIDNIGHT + start, "until": MIDNIGHT + until}
                board = bench.board(broker.address, rows, f"run{part}", files=files, **when)
                total += run(board)["readings"]
            wait_stored(bench.db, total)
        daily[name] = bench
    right, wrong = daily["right"], daily["wrong"]
    truth = figures(right)
    before = figures(wrong)
    raw = stored.readings(wrong.db)
    assert abs(before["collected_kg"] - truth["collected_kg"]) > 2
    args = ("--db", wrong.db, "--registry", wrong.registry, "--device", DEVICE, "--channel", "w1")
    values = ("--calibration", "c0", "--zero", str(ZERO), "--counts-per-kg", str(SCALE))
    why = ("--reason", "20 kg typed as 25", "--by", "Li")
    done = qingyun("recalibrate", *args, *values, *why)
    assert done.returncode == 0, done.stderr
    assert f"{DATE}" in done.stdout and SITE in done.stdout
    assert f"{before['collected_kg']:.3f}" in done.stdout
    after = figures(wrong)
    assert [(life, r.seq, r.values) for life, r in stored.readings(wrong.db)] == [
        (life, r.seq, r.values) for life, r in raw
    ]
    assert after["restated"] == 1 and before["restated"] == truth["restated"] == 0
    off = max(abs(after[k] - truth[k]) for k in ("deposited_kg", "collected_kg"))
    rolled = qingyun("rollup", "--date", str(DATE), *args[:4], "--out", wrong.folder)
    assert f"restated: {SITE} " in rolled.stdout and "20 kg typed as 25 (Li)" in rolled.stdout
    figure(
        f"half a day by a scale 19 % off: collected {before['collected_kg']:.3f} kg, restated "
        f"{after['collected_kg']:.3f}, with the right one {truth['collected_kg']:.3f}"
    )
    assert off <= 0.012  # six weights of the day, each rounded to a gram twice
    # A reversal is another correction; the figures are those of the first time again.
    back = ("--zero", str(ZERO - 4000), "--counts-per-kg", "17000")
    qingyun("recalibrate", *args, "--calibration", "c0", *back, "--reason", "no", "--by", "Li")
    assert figures(wrong) == before | {"restated": 2}
    listed = qingyun("calibrations", *args[:2], *args[4:]).stdout
    assert re.search(r"\s0\s+c0\s.*80213\s+17000", listed), listed
    assert listed.count("correction of c0: zero") == 2 and "20 kg typed as 25 (Li)" in listed
    unknown = qingyun("recalibrate", *args, "--calibration", "zz", *values[2:], *why)
    assert unknown.returncode == 2 and "has weighed (c0, c1), found 'zz'" in unknown.stderr


def figures(bench: Bench) -> dict[str, float]:
    (row,) = csv.DictReader(bench.daily().decode().splitlines())
    names = ("deposited_kg", "collected_kg", "restated")
    return {name: float(row[name] or 0) for name in names}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--port", "p", "--broker", "h:1"], "either --broker or --port"),
        (["--broker", "127.0.0.1:1", "--device", "zz"], "expected one of devices.csv"),
        (["--broker", "127.0.0.1:1", "--weights", "20"], "expected 2 to 12 weights"),
        (["--broker", "127.0.0.1:1"], "Connection refused"),
        (["--port", "/dev/absent"], "/dev/absent"),
    ],
)
def test_a_mistake_is_one_line(args: list[str], said: str, tmp_path: Path) -> None:
    common = ("--db", tmp_path / "q.db", "--channel", "w1", "--by", "Li", "--device", "qy-fs01")
    done = qingyun("calibrate", *common, "--yes", *args)
    assert done.returncode == 2 and said in done.stderr
    assert "Traceback" not in done.stderr

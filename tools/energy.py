"""What a board draws from a battery in each power mode: measured times, datasheet currents.

    python tools/energy.py [--out build/energy]

Plays one simulated day of a fill-only board in both modes against a real broker, measures
how long it is awake and how long its radio is on, and multiplies by the currents below.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from broker import Broker
from run_folder import FolderError, fresh_folder
from sim_board import BoardRun

DAY_S = 86_400
MIDNIGHT = 1_772_467_200  # 2026-03-03 in Shanghai
# mA. ESP32 datasheet v4.x, tables of power modes and of RF current consumption.
DEEP_SLEEP = 0.010  # RTC timer and RTC memory
CPU = 50.0  # modem sleep at 240 MHz, 30 to 68
RADIO = 110.0  # receiving 95 to 100, sending 190 to 240 a small part of the time
SENSOR = 15.0  # HC-SR04 while it measures; switched off between
# A module's regulator and the sensor's supply switch, whatever the mode.
ALWAYS = 0.02
# What virtual time does not show: boot and import, association with DHCP.
START_S = 1.0
ASSOCIATE_S = 3.0
CELL_MAH = 19_000  # one LiSOCl2 D cell, or 6 Ah LiFePO4 times three: for scale only

FILL = {"id": "f1", "kind": "fill", "trig": 16, "echo": 18, "empty_mm": 1000, "full_mm": 200}
MODES: dict[str, dict[str, Any]] = {
    "always on": {"mode": "always"},
    "cycle, 15 min, send each 4th": {"mode": "cycle", "wake_s": 900, "send_every": 4},
    "cycle, 60 min, send each 4th": {"mode": "cycle", "wake_s": 3600, "send_every": 4},
    "cycle, 60 min, send each": {"mode": "cycle", "wake_s": 3600, "send_every": 1},
}


def play(out: Path, broker: Broker, power: dict[str, Any], name: str) -> dict[str, Any]:
    """One day of the board; its report."""
    config = {"device": "qy-e", "site": "e-01", "mqtt": {"host": "127.0.0.1"}}
    (out / f"{name}.config.json").write_text(
        json.dumps(config | {"channels": [FILL], "power": power})
    )
    rows = "".join(f"{MIDNIGHT + 3600 * h},f1,{1000 - 30 * h}\n" for h in range(25))
    (out / f"{name}.csv").write_text("t,channel,value\n" + rows)
    run = BoardRun(
        out / f"{name}.config.json",
        out / f"{name}.csv",
        out / f"{name}.flash",
        out / f"{name}.json",
        broker.address,
        until=MIDNIGHT + DAY_S,
    )
    if run.launch().wait(timeout=300):
        raise RuntimeError(f"the board failed; see {out / name}.log")
    return run.result()


def mah_per_day(report: dict[str, Any], power: dict[str, Any]) -> tuple[float, float, float]:
    """(mAh a day, seconds awake, seconds of radio) with what virtual time leaves out."""
    if power["mode"] == "always":
        awake = radio = float(DAY_S)
    else:
        # Each sending costs an association: as many as wake-ups that had the radio on.
        wakes = report["starts"]
        sendings = report["sendings"]
        radio = report["online_s"] + ASSOCIATE_S * sendings
        awake = report["awake_s"] + START_S * wakes + ASSOCIATE_S * sendings
    charge = awake * CPU + radio * (RADIO - CPU) + awake * SENSOR * 0.1
    charge += (DAY_S - awake) * DEEP_SLEEP + DAY_S * ALWAYS
    return charge / 3600, awake, radio


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/energy"))
    args = parser.parse_args(argv)
    try:
        with fresh_folder(args.out) as out, Broker(out / "broker") as broker:
            print("| mode | readings | awake s/day | radio s/day | mAh/day | days of 19 Ah |")
            print("| --- |" + " ---: |" * 5)
            for n, (label, power) in enumerate(MODES.items()):
                report = play(out, broker, power, f"m{n}")
                mah, awake, radio = mah_per_day(report, power)
                print(
                    f"| {label} | {report['readings']} | {awake:.0f} | {radio:.0f} "
                    f"| {mah:.1f} | {CELL_MAH / mah:.0f} |"
                )
    except RuntimeError as error:
        print(f"energy: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, FolderError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The firmware's share of a board's heap: measured on 32 bits, and held."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from board import files
from board.errors import BoardError
from firmware_memory import OTHERS, UPLINKS, HeapUse, measure, names_of, others, table

from host.update import short_names

pytestmark = pytest.mark.usefixtures("needs_32_bits")
# Bytes, with some hundred for what differs from run to run. What grows beyond takes memory from
# TLS on every board: load it late, let go of it, or find something that can leave.
MOST, MOST_NAMES = 65_500, 540
# Bytes that lines to the broker take beside Wi-Fi alone.
MOST_UPLINKS = {"lan": 1_500, "lan; wifi": 5_200, "ppp": 6_000, "wifi; ppp": 9_200}
MOST_NAMES_SERIAL, MOST_FURTHER, MOST_FURTHER_PLATFORM = 600, 1_100, 1_700
LET_GO = {"starting", "settings.config", "settings.overrides", "sensors.build", "spool.recovery"}
LET_GO |= {"health.boot_counter", "firmware_hash", "sensors.calibration_start"}


@cache
def modules() -> files.Files:
    return files.firmware("esp32", True)


@cache
def use() -> HeapUse:
    return measure(modules())


def test_a_start_stays_within_its_budget(record_property: Callable[[str, object], None]) -> None:
    told = f"live after start {use().started} bytes on 32 bits, {use().names.count} names"
    record_property("measured", told)
    assert use().started <= MOST, "\n".join(table(use(), modules(), 10))
    assert use().names.count <= MOST_NAMES
    assert sum(use().modules[m] for m in use().stay) < use().started


def test_what_is_needed_once_is_let_go_of() -> None:
    assert use().modules.keys() >= LET_GO
    assert not LET_GO & use().stay
    assert {"logger", "net.link", "spool.queue", "sensors.weight"} <= use().stay


def test_what_a_board_does_not_have_costs_it_nothing(
    record_property: Callable[[str, object], None],
) -> None:
    mine = {f"sensors.{m}" for m in ("serial_line", "instrument", "modbus", "indicator", "xk3190")}
    mine |= {f"sensors.{m}" for m in ("toledo", "stgs", "a12", "reversed", "text_lines")}
    mine |= {f"sensors.{m}" for m in ("i2c", "nau7802", "hx71x", "ads1232", "cs1237")}
    mine |= {"sensors.serial_fill", "sensors.loop_fill", "sensors.agreed_fill"}
    mine |= {"sensors.card_reader"}
    once = {
        "settings.channels",
        "settings.weight",
        "settings.serial_fill",
        "settings.loop_fill",
        "settings.card_reader",
        "sensors.converter",
    }
    assert not (mine | once) & use().modules.keys()
    told = []
    for name, with_it, further in others(modules()):
        told.append(f"{name} {with_it.started}, each further {further}")
        assert with_it.started <= MOST, name
        assert with_it.names.count <= MOST_NAMES_SERIAL, name
        at_pins = "sensors.hx711" in with_it.modules
        assert at_pins == (name[:5] in ("hx711", "ads12", "cs123")), name
        assert not once & with_it.stay, name
        platform = OTHERS[name][0]["kind"] == "weight"
        assert further <= (MOST_FURTHER_PLATFORM if platform else MOST_FURTHER), name
    assert len(told) == len(OTHERS)
    record_property("measured", f"live after start with another channel: {'; '.join(told)}")


def test_a_board_with_wifi_alone_has_nothing_of_other_lines(
    record_property: Callable[[str, object], None],
) -> None:
    mine = {f"net.{m}" for m in ("uplinks", "lan", "ppp", "modem", "metered", "traffic", "chooser")}
    assert not (mine | {"settings.uplinks"}) & use().modules.keys()
    told = []
    for name, most in MOST_UPLINKS.items():
        with_it = measure(modules(), uplinks=UPLINKS[name])
        took = with_it.started - use().started
        told.append(f"{name} {took} bytes, {with_it.names.count} names")
        assert took <= most, name
        assert not {"net.uplinks", "net.modem", "settings.uplinks"} & with_it.stay, name
    record_property("measured", f"lines to the broker beside Wi-Fi alone: {', '.join(told)}")


def test_names_of_one_module_are_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "link.py").write_text((files.FIRMWARE / "net" / "link.py").read_text())
    short = set(names_of(modules()["net/link.mpy"]))
    monkeypatch.setattr(short_names, "shorten", str)
    long = set(names_of(files.firmware("esp32", True, tmp_path)["link.mpy"]))
    assert "_payload" in long and "_payload" not in short
    assert sum(map(len, short)) < 0.8 * sum(map(len, long))


def test_the_table_names_modules_and_longest_names() -> None:
    lines = list(table(use(), modules(), 3))
    assert any(line.startswith("starting ") and line.endswith("let go of") for line in lines)
    assert any(line.startswith("commands.calibration") and "first needed" in line for line in lines)
    assert len([line for line in lines if "characters, in" in line]) == 3


def test_a_firmware_that_does_not_start_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    broken = modules() | {"logger.mpy": b"M"}
    with pytest.raises(BoardError, match="did not start"):
        measure(broken)

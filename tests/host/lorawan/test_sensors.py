"""lorawan.csv, what is remembered, and what a frame says of a sensor."""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from pathlib import Path

import pytest
from host_job import qingyun
from lorawan_net import At, chirpstack, em310
from sim_board import ROOT

from host import registry
from host.common.errors import UserError
from host.lorawan import payloads, sensors
from host.lorawan.counts import Counts
from host.lorawan.memory import Memory
from host.lorawan.translation import Said, Translation

EUI, HEAD = "24e124713b492010", "device,dev_eui,model,every_min,empty_mm,full_mm"
GOOD = f"lw-fs01,{EUI},milesight-em310-udl,60,1100,300"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A registry with the files that docs/lorawan.md shows."""
    made = tmp_path / "registry"
    made.mkdir()
    text = (ROOT / "docs" / "lorawan.md").read_text(encoding="utf-8")
    for name, rows in re.findall(r"^# (\w+\.csv)\n((?:[^`\n].*\n)+)", text, re.M):
        (made / name).write_text(rows)
    shutil.copy(ROOT / "registry" / "towns.csv", made)
    (made / "sites.csv").write_text("site,name,town,kind,windows\nfs-01,点,方松街道,collection,\n")
    return made


def load(folder: Path, *rows: str) -> dict[str, sensors.Sensor]:
    (folder / sensors.FILE).write_text("\n".join((HEAD, *rows)) + "\n")
    return sensors.load(folder, registry.load(folder))


def test_what_the_documentation_shows_is_right(folder: Path) -> None:
    found = sensors.load(folder, registry.load(folder))
    assert found and all(s.site == "fs-01" for s in found.values())
    done = qingyun("check", "--registry", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{folder}: {len(found)} LoRaWAN sensors: milesight-em310-udl" in done.stdout


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("lw-9" + GOOD[7:], "device: expected a device of devices.csv"),
        (GOOD.replace(EUI, "24e1"), "dev_eui: expected 16 hexadecimal digits"),
        (GOOD.replace("milesight", "milesigth"), "model: expected one of milesight-em310-udl"),
        (GOOD.replace(",60,", ",1441,"), "every_min: expected a whole number from 1 to 1440"),
        (GOOD.replace(",300", ",1100"), "full_mm: expected a whole number from 0 to 1099"),
        (f"{GOOD}\n{GOOD}", "lorawan.csv:3: dev_eui: expected a value not used before"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(folder: Path, row: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as raised:
        load(folder, row)
    assert "\n" not in str(raised.value)


def test_check_tells_it(folder: Path) -> None:
    (folder / sensors.FILE).write_text(f"{HEAD}\n{GOOD.replace('milesight', 'milesigth')}\n")
    done = qingyun("check", "--registry", folder)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "lorawan.csv:2: model: expected one of milesight-em310-udl" in done.stderr


def test_a_bin_with_a_scale_has_no_such_sensor(folder: Path) -> None:
    text = (folder / "bins.csv").read_text()
    (folder / "bins.csv").write_text(text.replace(",f1,", ",f2,", 1))
    with pytest.raises(UserError, match=r"whose one bin in bins\.csv has f1 alone"):
        load(folder, GOOD)


def test_check_reads_the_section_too(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "q.toml"
    config.write_text(
        '[lorawan]\nserver = "things-stack"\nnetwork = "eu1.cloud.thethings.network"\n'
    )
    done = qingyun("--config", config, "check", "--registry", folder)
    where = f"qingyun: error: {config}"
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            f"{where}: lorawan.network_username: expected APPLICATION@TENANT",
            f"{where}:3: lorawan.network: expected HOST:PORT, found 'eu1.cloud.thethings.network'",
        ],
    )


@pytest.mark.parametrize(
    ("mm", "expected"), [(1100, 0), (1600, 0), (700, 500), (300, 1000), (200, 1000), (701, 498)]
)
def test_the_fill_is_that_of_a_board(folder: Path, mm: int, expected: int) -> None:
    sensor = load(folder, GOOD)[EUI]
    assert sensor.permille(mm) == expected
    assert not sensor.is_too_far(mm)
    assert sensor.is_too_far(1601)


@pytest.fixture
def translation(folder: Path, tmp_path: Path) -> Translation:
    return Translation(load(folder, GOOD), Memory(tmp_path / "memory"), Counts())


def take(t: Translation, *payloads: bytes) -> Said:
    return t.take([(b"application/x/device/y/event/up", p) for p in payloads])


def said(messages: list[tuple[str, str]], what: str) -> list[str]:
    return [payload for topic, payload in messages if topic == f"qingyun/1/fs-01/lw-fs01/{what}"]


def test_a_frame_without_a_measurement_is_a_frame(translation: Translation) -> None:
    now = int(time.time())
    first = take(translation, chirpstack(EUI, 7, em310(700), now - 3600))
    assert json.loads(said(first.readings, "reading")[0])["f1"] == 0.5
    mac = take(translation, chirpstack(EUI, 8, (0, b""), now, [At("a", 0, 0.0)]))
    reading = json.loads(said(mac.readings, "reading")[0])
    assert (reading["seq"], reading["q"], "f1" in reading) == (1, {"f1": "no_data"}, False)
    heard = take(translation, chirpstack(EUI, 9, (0, b""), now + 60))
    reading = json.loads(said(heard.readings, "reading")[0])
    assert "q" not in reading and reading["r1"] == -109
    assert json.loads(said(heard.states, "state")[0])["f1"] == 0.5


def test_beyond_the_bottom_of_the_bin_is_no_fill(translation: Translation) -> None:
    out = take(translation, chirpstack(EUI, 7, em310(1601, 101), time.time()))
    reading = json.loads(said(out.readings, "reading")[0])
    assert reading["q"] == {"f1": "range"} and "f1" not in reading
    assert "b1" not in reading  # 101 % is none


def test_silent_is_offline_by_the_interval_of_the_sensor(translation: Translation) -> None:
    now = int(time.time())
    assert translation.silent(now) == Said()
    out = take(translation, chirpstack(EUI, 7, em310(700), now))
    assert said(out.states, "status") == ["online"]
    assert translation.silent(now + 7260) == Said()
    assert said(translation.silent(now + 7261).states, "status") == ["offline"]
    assert translation.silent(now + 9000) == Said()
    again = take(translation, chirpstack(EUI, 8, em310(700), now + 9000))
    assert said(again.states, "status") == ["online"]


def test_what_is_strange_is_told_once(
    translation: Translation, caplog: pytest.LogCaptureFixture
) -> None:
    now = int(time.time())
    with caplog.at_level(logging.WARNING):
        unknown = chirpstack("24e124713b492011", 7, em310(700), now)
        assert take(translation, unknown, unknown, b"{") == Said()
        take(translation, chirpstack(EUI, 7, em310(700), now - 20_000))
        take(translation, chirpstack(EUI, 8, em310(700), now))
    lines = [r.getMessage() for r in caplog.records]
    assert len(lines) == 3
    assert "24e124713b492011: expected one of lorawan.csv" in lines[0]
    assert "no uplink of ChirpStack" in lines[1]
    assert "333 min apart, every_min in lorawan.csv says 60" in lines[2]


def test_after_a_restart_a_frame_has_the_name_that_it_had(folder: Path, tmp_path: Path) -> None:
    known = load(folder, GOOD)
    payload = chirpstack(EUI, 7, em310(700), time.time() - 9000)  # nobody is told of that twice
    memory = Memory(tmp_path / "memory")
    first = take(Translation(known, memory, Counts()), payload)
    with pytest.raises(UserError, match="another qingyun lorawan uses it"):
        Memory(tmp_path / "memory")
    memory.close()
    memory = Memory(tmp_path / "memory")
    second = take(Translation(known, memory, Counts()), payload)
    assert second == first
    memory.close()
    # What cannot be read is put aside, and begins anew.
    (tmp_path / "memory" / f"{EUI}.json").write_bytes(b"\0\0")
    counts = Counts()
    take(Translation(known, Memory(tmp_path / "memory"), counts), payload)
    assert counts.frames == {"taken": 1}
    assert (tmp_path / "memory" / f"{EUI}.damaged").read_bytes() == b"\0\0"


def test_a_changed_interval_is_told_with_the_next_frame(folder: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    now = int(time.time())
    first = take(
        Translation(load(folder, GOOD), memory, Counts()),
        chirpstack(EUI, 7, em310(700), now - 3600),
    )
    later = Translation(load(folder, GOOD.replace(",60,", ",120,")), memory, Counts())
    second = take(later, chirpstack(EUI, 8, em310(700), now))
    births = [json.loads(said(x.births, "birth")[0]) for x in (first, second)]
    assert [(b["every_s"], b["t"]) for b in births] == [(3600, now - 3600), (7200, now)]
    assert births[0]["life"] == births[1]["life"]
    assert take(later, chirpstack(EUI, 9, em310(700), now + 9)).births == []


def test_the_documentation_names_every_model() -> None:
    text = (ROOT / "docs" / "lorawan.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z0-9-]+)` \| [A-Z]", text, re.M) == list(payloads.MODELS)

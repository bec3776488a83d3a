"""The registry: what is right is read, each mistake is one line with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import mistake
import pytest
from sim_board import ROOT

from host import registry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    return copy


def test_example_district(folder: Path) -> None:
    known = registry.load(folder)
    assert len(known.towns) == 20
    assert len(known.platforms()) == 10
    assert {b.tare_g for b in known.spares("fs-01")} == {14600, 11300}
    wet = next(b for b in known.platforms() if b.bin == "fs-01-2")
    assert (wet.stream, wet.tare_g, wet.max_g, wet.e_g) == ("湿垃圾", 13100, 150000, 50)


def test_byte_order_mark_and_blank_lines_are_fine(folder: Path) -> None:
    path = folder / "sites.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n\n")
    assert len(registry.load(folder).sites) == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("bins.csv", ",13.1,", ",heavy,", "bins.csv:3: tare_kg: expected a number from 0 to 500"),
        ("bins.csv", ",13.1,", ",-1,", "bins.csv:3: tare_kg: expected a number"),
        ("bins.csv", ",13.1,", ",13.1004,", "bins.csv:3: tare_kg: expected a number"),
        ("bins.csv", ",13.1,", ",NaN,", "bins.csv:3: tare_kg: expected a number"),
        (
            "bins.csv",
            ",13.1,",
            ",150,",
            "bins.csv:3: max_kg: expected more than tare_kg, found",
        ),
        ("bins.csv", "150,0.05\nfs-01-3", "150,5\nfs-01-3", "bins.csv:3: e_kg: expected at most"),
        ("bins.csv", "w2,f2,湿垃圾", "w1,f2,湿垃圾", "bins.csv:3: channel: expected a value not"),
        ("bins.csv", "w2,f2,湿垃圾", "x2,f2,湿垃圾", "bins.csv:3: channel: expected w followed"),
        ("bins.csv", "湿垃圾,240,13.1", "剩饭,240,13.1", "bins.csv:3: stream: expected one of"),
        ("bins.csv", "fs-01-2,", "fs-01-1,", "bins.csv:3: bin: expected a value not used before"),
        ("bins.csv", "qy-fs01,w2", "qy-none,w2", "bins.csv:3: device: expected a device"),
        ("bins.csv", "qy-fs01,w2", "qy-jt01,w2", "bins.csv:3: device: expected a device at fs-01"),
        ("bins.csv", ",wheelie,150,0.05", ",cart,150,0.05", "container: expected one of"),
        ("bins.csv", ",13.1,", ",", "bins.csv:3: expected 11 columns, found 10"),
        ("bins.csv", "tare_kg", "tare", "bins.csv:1: expected a column tare_kg"),
        ("bins.csv", "volume_l,", "tare_kg,", "bins.csv:1: expected a column volume_l"),
        ("sites.csv", "windows", "name", "sites.csv:1: expected a column windows"),
        (
            "towns.csv",
            "code,town",
            "town,code,town",
            "towns.csv:1: expected one column town, found",
        ),
        (
            "sites.csv",
            "方松街道,collection",
            "方松,collection",
            "sites.csv:2: town: expected a town",
        ),
        ("sites.csv", "07:00-09:00;", "7-9;", "sites.csv:2: windows: expected HH:MM-HH:MM"),
        ("sites.csv", "jt-01,", "fs-01,", "sites.csv:3: site: expected a value not used before"),
        ("sites.csv", "hw-01,", "hw/01,", "sites.csv:4: site: expected a name"),
        ("devices.csv", "qy-jt01,jt-01", "qy-jt01,jt-99", "devices.csv:3: site: expected a site"),
    ],
)
def test_a_mistake_names_file_line_and_column(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    mistake.make(folder, file, old, new)
    mistake.check(registry.load, folder, said)


def test_missing_file_and_wrong_encoding(folder: Path) -> None:
    read = registry.load(folder)
    text = (folder / "sites.csv").read_text("utf-8")
    (folder / "sites.csv").write_bytes(text.encode("gb18030"))  # as a spreadsheet saves it
    assert registry.load(folder) == read
    (folder / "sites.csv").write_bytes(b"site,name\nfs-01,\xff\n")
    with pytest.raises(registry.RegistryError, match=r"sites\.csv:2: expected UTF-8 or GB18030"):
        registry.load(folder)
    (folder / "sites.csv").unlink()
    with pytest.raises(registry.RegistryError, match="cannot be read"):
        registry.load(folder)

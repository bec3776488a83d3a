"""A day as NGSI-LD entities: what the models allow, and nothing that was not measured.

MODELS is a table of our own, of the properties that are used. Source: schema.json of the models in
smart-data-models/dataModel.WasteManagement and common-schema.json of smart-data-models/data-models.
The schemas describe the simplified form (key-values), which simplified() makes."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path
from typing import Any

import february
import mistake
import pytest
from hauls import Board, Haul
from host_job import qingyun
from sim_board import ROOT

from host import cli
from host import registry as registries
from host.points import positions
from host.readings.messages import Reading
from host.reports import export, ngsi
from host.rollup import day_bounds
from host.store import Batch, Store

DAY = dt.date(2024, 2, 11)  # jt-01 is silent
KINDS = "organic inorganic glass oil plastic metal paper batteries electronics hazardous other"
URN = re.compile(r"urn:ngsi-ld:[A-Za-z]+:[A-Za-z0-9_.:-]+")
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TEXT, MASS, TIME, REF = ("Property", "text"), ("Property", "KGM"), ("Property", "time"), ("ref", "")
PLACE = ("GeoProperty", "point")
MODELS: dict[str, dict[str, tuple[str, str]]] = {
    "WasteContainer": {
        "location": PLACE,
        "description": TEXT,
        "binId": TEXT,
        "binCapacity": ("Property", "LTR"),
        "cargoWeight": MASS,
        "fillingLevel": ("Property", "C62"),
        "dateLastEmptying": TIME,
        "storedWasteKind": TEXT,
        "refWasteContainerIsle": REF,
    },
    "WasteContainerIsle": {
        "location": PLACE,
        "name": TEXT,
        "areaServed": TEXT,
    },
    "WasteObserved": {
        "location": PLACE,
        "description": TEXT,
        "dateObserved": TIME,
        "weight": MASS,
        "grossWeight": MASS,
        "tareWeight": MASS,
        "refWeighingDevice": REF,
        "refWasteContainer": REF,  # of the subject's context, not of this model
    },
}
NEEDED = {"WasteContainer": {"location"}, "WasteContainerIsle": {"location"}}


def simplified(attribute: dict[str, Any]) -> Any:
    value = attribute.get("object", attribute.get("value"))
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


def check_attribute(attribute: dict[str, Any], kind: str, what: str) -> None:
    value = simplified(attribute)
    assert attribute["type"] == ("Relationship" if kind == "ref" else kind)
    if kind == "ref":
        assert URN.fullmatch(value)
    elif what == "text":
        assert isinstance(value, str)
        assert value
    elif what == "time":
        assert attribute["value"]["@type"] == "DateTime"
        assert UTC.fullmatch(value)
    elif what == "point":
        assert value["type"] == "Point"
        assert all(isinstance(x, float) for x in value["coordinates"])
    else:
        assert attribute["unitCode"] == what
        assert isinstance(value, (int, float))
        assert value >= 0
    if "observedAt" in attribute:
        assert UTC.fullmatch(attribute["observedAt"])


def check(entities: list[dict[str, Any]]) -> None:
    """Every entity is as its model says, and every id is there once."""
    assert len({e["id"] for e in entities}) == len(entities)
    ids = {e["id"] for e in entities}
    for e in entities:
        allowed = MODELS[e["type"]]
        given = {k: v for k, v in e.items() if k not in ("id", "type", "@context")}
        assert e["id"].startswith(f"urn:ngsi-ld:{e['type']}:")
        assert URN.fullmatch(e["id"])
        assert e["@context"][0].endswith("/dataModel.WasteManagement/master/context.jsonld")
        assert given.keys() <= allowed.keys()
        assert NEEDED.get(e["type"], set()) <= given.keys()
        for name, attribute in given.items():
            check_attribute(attribute, *allowed[name])
        if e["type"] == "WasteContainer":
            assert simplified(e["storedWasteKind"]) in KINDS.split()
            assert simplified(e.get("fillingLevel", {"value": 0})) <= 1
            assert simplified(e["refWasteContainerIsle"]) in ids
        elif e["type"] == "WasteObserved":
            assert simplified(e["refWasteContainer"]) in ids


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example registry, with the positions of its collection points and a bin without a
    scale."""
    out = tmp_path_factory.mktemp("ngsi") / "registry"
    shutil.copytree(ROOT / "registry", out)
    lines = (out / "sites.csv").read_text(encoding="utf-8").splitlines()
    places = {"site": "longitude,latitude", "fs-01": "121.2221,31.0303", "jt-01": "121.3187,31.1"}
    lines = [f"{line},{places.get(line.partition(',')[0], ',')}" for line in lines]
    (out / "sites.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (out / "devices.csv").open("a") as file:
        file.write("qy-fill1,fs-01\n")
    with (out / "bins.csv").open("a") as file:
        file.write("fs-01-f1,fs-01,qy-fill1,,f1,干垃圾,240,,wheelie,,\n")
    return out


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ngsi") / "q.db"
    store = Store(path, create=True)
    february.put(store)
    store.close()
    return path


def made(store: Store, folder: Path, date: dt.date = DAY) -> dict[str, dict[str, Any]]:
    """The checked entities of a day by what their ids end with."""
    found = ngsi.entities(store, registries.load(folder), date, positions.load(folder))
    check(found)
    return {e["id"].removeprefix("urn:ngsi-ld:"): e for e in found}


def bin_of(store: Store, folder: Path, name: str = "fs-01-1") -> dict[str, Any]:
    """What is said of one bin, simplified."""
    entity = made(store, folder)[f"WasteContainer:{name}"]
    return {k: simplified(v) for k, v in entity.items() if isinstance(v, dict)}


MEASURED = {"fillingLevel", "cargoWeight", "dateLastEmptying"}


def test_a_real_day_beside_the_other_export(db: Path, folder: Path) -> None:
    store = Store(db)
    found = made(store, folder)
    wet = found["WasteContainer:fs-01-2"]
    assert simplified(wet["location"])["coordinates"] == [121.2221, 31.0303]
    assert (simplified(wet["storedWasteKind"]), simplified(wet["fillingLevel"])) == ("organic", 0.5)
    assert wet["fillingLevel"]["observedAt"] == "2024-02-11T15:59:59Z"  # 23:59:59 in Shanghai
    assert (simplified(wet["cargoWeight"]), wet["cargoWeight"]["unitCode"]) == (0, "KGM")
    assert simplified(wet["dateLastEmptying"]) == "2024-02-11T02:00:00Z"
    # Nobody measured these: no property, which is not 0.
    for silent in ("fs-01-4", "jt-01-1", "fs-01-f1"):
        assert not MEASURED & found[f"WasteContainer:{silent}"].keys()
    assert not any("hw-01" in name for name in found)
    document = export.document(store, registries.load(folder), DAY)
    events = [e for e in document["events"] if e["kind"] == "collection"]
    observed = {n: e for n, e in found.items() if e["type"] == "WasteObserved"}
    assert {n.partition(":")[2].replace(":", "/") for n in observed} == {e["id"] for e in events}
    for e in events:
        one = observed["WasteObserved:" + e["id"].replace("/", ":")]
        assert simplified(one["weight"]) == e["kg"]
        assert simplified(one["grossWeight"]) == e["before"]["gross_kg"]
        assert simplified(one["tareWeight"]) == e["after"]["gross_kg"]
        began = dt.datetime.fromisoformat(simplified(one["dateObserved"]))
        assert began == dt.datetime.fromisoformat(e["begin"])


def test_a_bin_that_nobody_emptied(db: Path, folder: Path) -> None:
    wet = made(Store(db), folder, dt.date(2024, 2, 29))["WasteContainer:fs-01-2"]
    assert simplified(wet["cargoWeight"]) == 60
    assert "dateLastEmptying" not in wet


@pytest.mark.parametrize(
    ("last", "tare_g", "kg"),
    [
        ({"w1": 32_400}, 12_400, 20.0),
        ({"w1": 32_420, "q": "moving"}, 12_400, 20.0),  # the one before it holds
        ({"w1": 0}, 12_400, None),  # the bin is away
        ({"w1": 62_400}, 12_400, 50.0),  # a deposit in the last minute
        ({"w1": 12_380}, 12_380, 0.0),  # empty, within the error in service
        ({"w1": 12_250}, 12_250, None),  # below it: no weight, and not 0
    ],
)
def test_the_weight_is_of_this_bin(
    folder: Path, tmp_path: Path, last: dict[str, Any], tare_g: int, kg: float | None
) -> None:
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    grams = 20_000 if tare_g == 12_400 else 0
    board.day(DAY, [Haul("w1", tare_g, grams, lifted=False)])
    t = day_bounds(DAY)[1] - 1
    q = {"w1": last["q"]} if "q" in last else {}
    board.readings[-1] = Reading("aaaaaaaa", board.seq - 1, 0, t, None, {"w1": last["w1"]}, q)
    board.store(store)
    assert bin_of(store, folder).get("cargoWeight") == kg


@pytest.mark.parametrize(("left", "emptied"), [(20, "2024-02-10T16:15:00Z"), (330, None)])
def test_fill_alone(folder: Path, tmp_path: Path, left: int, emptied: str | None) -> None:
    """A bin without a scale has no weight, but it has emptyings, if they are beyond doubt;
    over-full is full."""
    store = Store(tmp_path / "q.db", create=True)
    t0 = day_bounds(DAY)[0]
    fills = [720] * 4 + [left] * 4 + [1050]
    said = [
        Reading("bbbbbbbb", i, 0, t0 + 300 * i, None, {"f1": f}, {}) for i, f in enumerate(fills)
    ]
    store.add(Batch(readings=[("qy-fill1", "fs-01", r) for r in said]), t0)
    found = bin_of(store, folder, "fs-01-f1")
    assert (found["fillingLevel"], found.get("dateLastEmptying")) == (1, emptied)
    assert "cargoWeight" not in found
    assert not any(n.startswith("WasteObserved") for n in made(store, folder))


def test_a_bin_in_exchange(folder: Path, tmp_path: Path) -> None:
    """Another bin comes back: the readings differ by more than what was collected."""
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    board.day(DAY, [Haul("w2", 13_100, 60_000)])
    t0 = day_bounds(DAY)[0]
    for r in board.readings:
        if r.t and r.t > t0 + 10 * 3600 + 40 and r.values["w2"] == 13_100:
            r.values["w2"] = 14_600  # fs-01-s1
    board.store(store)
    (one,) = [e for n, e in made(store, folder).items() if n.startswith("WasteObserved")]
    assert simplified(one["weight"]) == 60
    assert not {"grossWeight", "tareWeight"} & one.keys()
    assert "cargoWeight" not in bin_of(store, folder, "fs-01-2")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("121.2221,", "sites.csv:2: latitude: expected degrees from -90 to 90"),
        ("31.0303,121.2221", "sites.csv:2: latitude: expected degrees from -90 to 90"),
        ("东经121,31.0303", "sites.csv:2: longitude: expected degrees from -180 to 180"),
    ],
)
def test_a_mistake_in_a_position(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], new: str, said: str
) -> None:
    copy = tmp_path / "registry"
    shutil.copytree(folder, copy)
    mistake.make(copy, "sites.csv", "121.2221,31.0303", new)
    mistake.check(positions.load, copy, said)
    assert cli.main(["check", "--registry", str(copy)]) == 2
    assert said in capsys.readouterr().err


def test_the_command(db: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "day.jsonld"
    command = ("export", "--db", db, "--date", str(DAY))
    done = qingyun(*command, "--registry", folder, "--out", out)
    assert done.returncode == 0, done.stderr
    check(json.loads(out.read_text(encoding="utf-8")))
    nowhere = tmp_path / "nowhere.jsonld"
    bad = qingyun(*command, "--registry", ROOT / "registry", "--out", nowhere)
    assert bad.returncode == 2
    assert "expected longitude and latitude of every collection point" in bad.stderr
    assert "fs-01, jt-01" in bad.stderr
    assert not nowhere.exists()

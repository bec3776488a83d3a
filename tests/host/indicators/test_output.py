"""The same report as table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
from host_job import qingyun
from plan_figures import HEAD, bring, made
from rich.cells import cell_len
from rich.console import Console
from sim_board import ROOT

from host.common.disclaimer import DISCLAIMER
from host.indicators import output, report
from host.store import Store

SCHEMA = json.loads((ROOT / "host/schemas/indicators.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
GIVEN = {
    ("facility_dry_t", "2024"): "380000",
    ("facility_wet_t", "2024"): "146400",
    ("hw_landfilled_t", "2024"): "2200",
    ("hw_landfilled_t", "2020"): "2000",
    ("communities_sorted", "2024-06"): "480",
    ("communities_all", "2024-06"): "500",
}


@pytest.fixture
def found(tmp_path: Path) -> report.Report:
    store = Store(tmp_path / "q.db", create=True)
    bring(store, tmp_path, GIVEN)
    return made(store, "2024")


def faults(body: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in VALID.iter_errors(body)]


def test_the_table_fits_80_columns_and_cuts_nothing(found: report.Report) -> None:
    text = io.StringIO()
    output.show(found, Console(file=text, width=80, highlight=False))
    lines = text.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in text.getvalue()
    together = "".join(line.replace(" ", "") for line in lines)
    for r in found.results:
        assert any(line.startswith(r.definition.number + " ") for line in lines)
        assert r.definition.name[:8] in together
        assert f"{r.definition.number}、{r.definition.name}：" in together
    assert DISCLAIMER in together
    assert "(380000t+146400t)×0.0001=52.64万吨/年" in together
    # (2,000 - 2,200) / 2,000 = -10 %: a rise is a negative decline
    assert "(2000t-2200t)/2000t×100=-10.0%" in together


def test_csv(found: report.Report) -> None:
    text = io.StringIO()
    output.write_csv(found, text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert len(rows) == 67 and rows[-1]["number"] == DISCLAIMER
    by = {r["number"]: r for r in rows}
    assert by["8"]["value"] == "52.64"
    assert by["8"]["inputs"] == "facility_dry_t=380000; facility_wet_t=146400"
    assert by["8"]["status"] == "computed" and by["8"]["mandatory"] == "1"
    assert by["2"]["value"] == "—" and "hw_generated_t" in by["2"]["reason"]
    assert by["1"]["status"] == "not_measured" and by["1"]["reason"]


def test_json_follows_its_schema(found: report.Report) -> None:
    text = io.StringIO()
    output.write_json(found, text)
    body = json.loads(text.getvalue())
    assert faults(body) == []
    by = {i["number"]: i for i in body["indicators"]}
    assert (by["8"]["value"], by["8"]["exact"]) == (52.64, "52.6400")
    assert by["26"]["value"] == -10.0
    assert by["9"]["status"] == "partial"
    assert sum(body["counts"].values()) == len(by) == 66


@pytest.mark.parametrize(
    "damage",
    [
        {"value": 0.0},  # a value where an input is missing
        {"reason": ""},
        {"status": "guessed"},
        {"coverage": 1.2},
        {"surprise": 1},
        {"inputs": [{"figure": "x"}]},
    ],
)
def test_the_schema_refuses(found: report.Report, damage: dict[str, object]) -> None:
    body = output.document(found)
    body["indicators"][1] |= damage  # number 2, whose inputs are missing
    assert faults(body)


def test_the_command(tmp_path: Path) -> None:
    db, file = tmp_path / "q.db", tmp_path / "f.csv"
    file.write_text(f"{HEAD}\nlandfilled_untreated_t,2023,0,t,年报,王五,2024-01-05,\n")
    assert qingyun("import-figures", "--db", db, file).returncode == 0
    base = ("indicators", "--db", db, "--registry", ROOT / "registry")
    body = json.loads(qingyun(*base, "--year", "2023", "--format", "json").stdout)
    assert faults(body) == []
    assert next(i for i in body["indicators"] if i["number"] == "32")["value"] == 0
    assert "0.000" in qingyun(*base, "--year", "2023").stdout
    out = tmp_path / "made" / "i.csv"
    assert qingyun(*base, "--month", "2023-05", "--format", "csv", "--out", out).returncode == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfnumber,")  # so that Excel reads it as UTF-8
    for args, said in (
        (("--year", "23"), "expected YYYY, found '23'"),
        (("--month", "2023"), "expected YYYY-MM, found '2023'"),
        (("--year", "2023", "--month", "2023-01"), "not allowed with"),
        (("--year", "2023", "--format", "xlsx"), "--out: expected a file for --format xlsx"),
        (("--year", "2023", "--plan", tmp_path), "figures.csv: cannot be read"),
    ):
        result = qingyun(*base, *args)
        assert result.returncode == 2 and said in result.stderr
        assert "Traceback" not in result.stderr

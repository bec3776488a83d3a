"""Two converters beside each other: what is apart is told."""

from __future__ import annotations

from accuracy import beside
from accuracy.bench import OURS, Result
from accuracy.beside import apart, figures
from accuracy.kinds import FAMILIES, weighed
from accuracy.score import Score
from rich.console import Console


def day(collected: int, missed: int = 0) -> Result:
    score = Score(collected=collected, true_collected=100_000)
    score.hits["collection"] = 10
    score.missed["collection"] = missed
    return Result("normal", 1, {OURS: score}, 400, 90_000)


def test_what_is_more_than_a_tenth_of_a_point_apart_is_told() -> None:
    hx711 = [day(100_000), day(100_010)]
    assert apart(hx711, [day(100_020), day(100_030)], "NAU7802") == []
    told = apart(hx711, [day(100_400), day(100_400)], "NAU7802")
    assert [line.split(":")[0] for line in told] == [
        "kg collected, % of the truth",
        "error of a day, median %",
        "error of a day, p95 %",
    ]
    (line,) = apart(hx711, [day(100_000), day(100_000, missed=1)], "NAU7802")
    assert line.startswith("collections, recall %: NAU7802 95.")


def test_both_stand_beside_each_other() -> None:
    console = Console(width=100, record=True)
    beside.show([day(100_000)], [day(100_050)], "NAU7802", console)
    text = console.export_text()
    assert "HX711" in text and "100.0500" in text and "0.0500" in text
    assert figures([day(100_050)])[0] == 100.05


def test_days_without_a_scale_are_left_out() -> None:
    assert weighed("normal") and not weighed("overfull")
    assert 15 < sum(map(weighed, FAMILIES)) < len(FAMILIES)

"""tags.csv, and which deposits belong to which card."""

from __future__ import annotations

from pathlib import Path

import pytest
from simple_site import SimpleSite

from host import registry
from host.events import Event, Evidence, Kind
from host.reports import cards
from host.reports.cards import CardRead


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("hw-09,12,p1", "tags.csv:2: card: expected k and six hex digits, as qingyun cards"),
        ("hw-09,k000001,p9", "tags.csv:2: bin: expected a bin of bins.csv, found 'p9'"),
        ("hw-08,k000001,p1", "tags.csv:2: site: expected a site of sites.csv, found 'hw-08'"),
        ("hw-09,k000001,p1\nhw-09,k000001,p1", "tags.csv:3: card: expected a value not used"),
    ],
)
def test_a_wrong_tag_is_one_line(tmp_path: Path, rows: str, told: str) -> None:
    SimpleSite(tmp_path)
    (tmp_path / "tags.csv").write_text(f"site,card,bin\n{rows}\n", encoding="utf-8")
    with pytest.raises(registry.RegistryError) as caught:
        cards.tags(tmp_path, registry.load(tmp_path))
    assert told in str(caught.value) and "\n" not in str(caught.value)


def read(t: int, card: int | None) -> CardRead:
    return CardRead(t, "s", "d", "k1", card)


def deposit(t: int, grams: int) -> Event:
    before, after = Evidence("aaaaaaaa", 0, t, 10_000), Evidence("aaaaaaaa", 1, t + 20, 0)
    return Event(Kind.DEPOSIT, t, t + 20, grams, before, after)


@pytest.mark.parametrize(
    ("reads", "deposits", "expected"),
    [
        ([(100, 1)], [(130, 500), (150, 700)], [(2, 1200, "")]),
        ([(100, 1)], [(161, 500)], [(0, 0, "")]),  # too late
        ([(151, 1)], [(130, 500)], [(0, 0, "")]),  # read afterwards
        ([(100, 1), (110, 1)], [(130, 500)], [(0, 0, ""), (1, 500, "")]),
        ([(100, 1), (110, 2)], [(130, 500)], [(0, None, "several cards")] * 2),
        ([(100, None)], [(130, 500)], [(1, 500, "")]),
        ([(100, None), (110, None)], [(130, 500)], [(0, None, "several cards")] * 2),
        ([(100, 1), (300, 2)], [(130, 5), (310, 7)], [(1, 5, ""), (1, 7, "")]),
    ],
)
def test_a_deposit_belongs_to_the_only_card_before_it(
    reads: list[tuple[int, int | None]],
    deposits: list[tuple[int, int]],
    expected: list[tuple[int, int | None, str]],
) -> None:
    events = [deposit(*x) for x in deposits]
    found = cards.with_deposits([read(*x) for x in reads], events)
    assert [(x.deposits, x.grams, x.note) for x in found] == expected

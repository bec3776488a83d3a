"""What the ledger knows of each waste of a unit in a period: generated, used, sent away, in stock,
with the entries that each mass comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...common.quantity import kg
from ..entry import OWN, PRODUCED, STORED, TAKEN, Entry
from ..hj1259 import missing
from ..register import Container, Register
from ..stock import stock_of
from .declared import Declared

OWN_NAME = "行业俗称/单位内部名称"
Key = tuple[str, str]  # code, 行业俗称/单位内部名称


@dataclass
class Mass:
    """grams, and where they come from: ids of entries, or batches that are left."""

    grams: int = 0
    ids: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.grams += entry.grams
        self.ids.append(entry.id)

    @property
    def basis(self) -> str:
        """As the sheet of evidence shows it."""
        parts = [f"台账 {' '.join(f'#{i}' for i in self.ids)}"] if self.ids else []
        parts += [f"剩余批次 {'；'.join(self.left)}"] if self.left else []
        return "；".join(parts) or "台账中没有"


@dataclass(frozen=True)
class Way:
    """How and by whom waste is used or disposed of; "" where an entry does not say it."""

    method: str = ""
    facility: str = ""
    licensed: str = ""
    exempt: str = ""
    abroad: str = ""
    licence: str = ""
    kind: str = ""

    @property
    def receiver(self) -> str:
        return self.licensed or self.exempt or self.abroad


@dataclass
class Waste:
    """One waste of a unit. booked: 产生; stored: 入库; taken: 出库; opening, closing: stock."""

    key: Key
    entries: list[Entry] = field(default_factory=list)
    container: Container | None = None
    booked: Mass = field(default_factory=Mass)
    stored: Mass = field(default_factory=Mass)
    taken: Mass = field(default_factory=Mass)
    opening: Mass = field(default_factory=Mass)
    closing: Mass = field(default_factory=Mass)
    used: dict[Way, Mass] = field(default_factory=dict)
    sent: dict[Way, Mass] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.key[0]

    @property
    def produced(self) -> Mass:
        """产生 or 入库, whichever is more: both may tell of the same waste."""
        return max(self.stored, self.booked, key=lambda m: m.grams)

    @property
    def label(self) -> str:
        return " ".join(x for x in self.key if x)

    def latest(self, column: str) -> str:
        """What the last entry that has a column says in it."""
        return next((v for e in reversed(self.entries) if (v := e.values.get(column, ""))), "")

    def doubts(self) -> list[str]:
        """What does not add up, a line each."""
        found = []
        out = sum(m.grams for m in (*self.used.values(), *self.sent.values()))
        rest = self.opening.grams + self.stored.grams - self.taken.grams - self.closing.grams
        if rest:
            text = f"期初 + 入库 - 出库 - 期末 = {kg(rest)} kg"
            found.append(f"{self.label}：{text}（秤台称空时的余量，或未登记的增减）")
        if out != self.taken.grams:
            text = f"出库 {kg(self.taken.grams)} kg，自行和委外利用/处置合计 {kg(out)} kg"
            found.append(f"{self.label}：{text}：两者应一致，或去向在下一期")
        if self.booked.ids and self.booked.grams != self.stored.grams:
            text = f"产生 {kg(self.booked.grams)} kg，入库 {kg(self.stored.grams)} kg：不一致"
            found.append(f"{self.label}：{text}，按较大者填写")
        return found


def _way(entry: Entry) -> Way:
    said = entry.values.get
    if entry.table == OWN:
        return Way(said("自行利用/处置方式", ""), facility=said("自行利用/处置设施编码", ""))
    number = said("接收单位许可证编码") or said("出口核准通知单编号") or ""
    return Way(
        *(said("利用/处置方式", ""), "", said("接收单位名称", ""), said("豁免管理单位", "")),
        *(said("境外单位", ""), number, said("接收单位类型", "")),
    )


class _Names:
    """The waste of each entry: its own words, else those of the batch before it, else those of
    the only waste with its code."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._of_batch = {e.batch: e for e in entries}
        self._names: dict[str, set[str]] = {}
        for e in entries:
            self._names.setdefault(e.code, set()).add(e.values.get(OWN_NAME, ""))

    def key(self, entry: Entry) -> Key:
        seen = {entry.batch}
        at = entry
        while not at.values.get(OWN_NAME):
            before = next((b for b in at.upstream if b in self._of_batch and b not in seen), None)
            if before is None:
                break
            seen.add(before)
            at = self._of_batch[before]
        if at.code == entry.code and (name := at.values.get(OWN_NAME, "")):
            return entry.code, name
        named = self._names[entry.code] - {""}
        return entry.code, next(iter(named)) if len(named) == 1 else ""


@dataclass(frozen=True)
class Sources:
    """What a form of a unit is filled from. live: entries that hold, in order of time."""

    register: Register
    live: Sequence[Entry]
    unit: str
    said: Declared


def wastes(sources: Sources, t0: int, t1: int) -> dict[Key, Waste]:
    """Every waste of a unit with stock or entries in t0 <= t < t1 (Unix seconds), by code and
    name."""
    register = sources.register
    own = [e for e in sources.live if e.institution == sources.unit and e.t < t1]
    names = _Names(own)
    found: dict[Key, Waste] = {}

    def of(entry: Entry) -> Waste:
        return found.setdefault(names.key(entry), Waste(names.key(entry)))

    for e in own:
        waste = of(e)
        waste.entries.append(e)
        waste.container = register.container(e.container) or waste.container
        if e.t < t0:
            continue
        if e.table == PRODUCED:
            waste.booked.add(e)
        elif e.table == STORED:
            waste.stored.add(e)
        elif e.table == TAKEN:
            waste.taken.add(e)
        else:
            ways = waste.used if e.table == OWN else waste.sent
            ways.setdefault(_way(e), Mass()).add(e)
    by_batch = {e.batch: e for e in own if e.table == STORED}
    for end, which in ((t0, "opening"), (t1, "closing")):
        for shelf in stock_of(register, [e for e in own if e.t < end]).shelves.values():
            for lot in (x for x in shelf.lots if x.grams):
                mass: Mass = getattr(of(by_batch[lot.batch]), which)
                mass.grams += lot.grams
                mass.left.append(f"{lot.batch} {kg(lot.grams)} kg")
    return {k: w for k, w in sorted(found.items()) if _is_of(w, t0)}


def _is_of(waste: Waste, t0: int) -> bool:
    """Whether anything happened in the period, or something was in stock."""
    return bool(waste.opening.grams or waste.closing.grams or any(e.t >= t0 for e in waste.entries))


def open_fields(sources: Sources, t0: int, t1: int) -> list[str]:
    """Columns of the entries of a period that nobody has filled in, a line for each entry."""
    return [
        f"台账 #{e.id}（{e.table} {e.batch}）：{'、'.join(lacks)}"
        for e in sources.live
        if e.institution == sources.unit and t0 <= e.t < t1 and (lacks := missing(e))
    ]

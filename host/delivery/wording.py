"""What is said of alarms: one by one, or where there are many by counts and the gravest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..alarms import alarm_log
from ..alarms.alarm_log import Row, line
from ..common.local_days import clock
from ..common.shown import shown
from ..registry import DISTRICT
from ..service.keys import LEVELS

SAID = {alarm_log.RAISED: "发生", alarm_log.ACKNOWLEDGED: "已确认", alarm_log.CLEARED: "解除"}
MOST = 10  # rows of a digest that are told one by one
_ALL = "全区 district"  # where no town is known


@dataclass(frozen=True)
class Told:
    """A line of a message; what else a person needs of an alarm that was raised; where it is
    acknowledged, "" where no page is named."""

    said: str
    facts: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class Wording:
    """page: address of the page of serve, "" for none; waited_s: told because nobody acknowledged
    for so long; towns: site → town; is_digest: many rows become counts."""

    page: str = ""
    waited_s: int = 0
    towns: Mapping[str, str] = field(default_factory=dict)
    is_digest: bool = False

    def link(self, alarm: int | None = None) -> str:
        """The address of an alarm on the page, or of all; "" where the page has none."""
        if not self.page:
            return ""
        return f"{self.page.rstrip('/')}/alarms" + ("" if alarm is None else f"/{alarm}")

    def counts_only(self, batch: Sequence[Row]) -> bool:
        """Whether so many rows are told by their counts."""
        return self.is_digest and len(batch) > MOST

    def subject(self, batch: Sequence[Row]) -> str:
        """The counts by kind of row and the sites; no text that people typed."""
        counts = {kind: sum(r.what == kind for r in batch) for kind in SAID}
        counted = "，".join(f"{SAID[kind]} {n}" for kind, n in counts.items() if n)
        sites = sorted({r.body.site for r in batch})
        where = "、".join(sites[:3]) + (f" 等 {len(sites)} 处" if len(sites) > 3 else "")
        return f"[清运] {self.escalated()}{counted}: {where}"

    def escalated(self) -> str:
        """Why they are told although others were before; "" where that is not so."""
        if not self.waited_s:
            return ""
        return f"升级（{self.waited_s // 60} 分钟无人确认）"

    def told(self, batch: Sequence[Row]) -> list[Told]:
        """Each row; of a digest of more than MOST the counts by town and kind, and the gravest."""
        if not self.counts_only(batch):
            return [self._row(r) for r in batch]
        counts = Counter((self._town(r), r.what, r.body.kind) for r in batch)
        towns = Counter(self._town(r) for r in batch)
        made = []
        for town, _ in towns.most_common():
            of = [(n, what, kind) for (t, what, kind), n in counts.most_common() if t == town]
            said = "，".join(f"{SAID.get(what, what)} {kind} {n}" for n, what, kind in of)
            made.append(Told(f"{town}  {said}"))
        gravest = worst(batch)
        made.append(Told(f"最重的 {len(gravest)} 条 / the gravest {len(gravest)} of {len(batch)}:"))
        return made + [self._row(r) for r in gravest]

    def _row(self, row: Row) -> Told:
        said = f"{SAID.get(row.what, row.what)}  {line(row)}"
        if row.what != alarm_log.RAISED:
            return Told(said)
        s = row.body
        facts = [f"自 / since {clock(s.since)}"] if s.since else []
        facts += [f"处理 / to do: {shown(s.action)}"] if s.action else []
        return Told(said, tuple(facts), self.link(row.alarm))

    def _town(self, row: Row) -> str:
        where = row.body.site
        return self.towns.get(where, _ALL if where == DISTRICT else where)


def worst(batch: Sequence[Row]) -> list[Row]:
    """The gravest rows, at most MOST: raised first, by level, then by how far over the limit."""

    def grave(row: Row) -> tuple[bool, int, float, int]:
        s = row.body
        level = LEVELS.index(s.level) if s.level in LEVELS else len(LEVELS)
        over = s.value / s.threshold if s.threshold > 0 else 0.0
        return row.what != alarm_log.RAISED, -level, -over, row.id

    return sorted(batch, key=grave)[:MOST]

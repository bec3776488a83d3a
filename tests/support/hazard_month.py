"""A district's stores over August 2026: what happens on each platform, and what is then wrong.

30 stores of four platforms each. Every rule of registry/rules.csv is broken on purpose, each
at a moment that is known; everything else stays within its limits."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace
from sim_board import ROOT

from host.common.local_days import LOCAL
from host.events import Sample
from host.hazard.entry import PRODUCED, STORED
from host.hazard.manual_entries import Draft

START = int(dt.datetime(2026, 8, 1, tzinfo=LOCAL).timestamp())
DAYS, DAY, HOUR = 31, 86_400, 3600
END = START + DAYS * DAY
EVERY_S = 300
CATEGORIES = (
    *("重点",) * 6, *("简化",) * 6, *("登记",) * 4, *("医疗",) * 5,
    *("社会源",) * 4, *("小微",) * 3, *("经营单位",) * 2,
)  # fmt: skip
CODES = ("900-214-08", "336-064-17", "900-300-34", "900-352-35")
MEDICAL = ("841-001-01", "841-002-01", "841-003-01", "841-004-01")
BUNDED, PLANT = 4, 30  # the store with a bund, the one of a treatment plant
UNFILED = 2  # who does not file the report of July, due by the 15th
Breach = tuple[str, str, str, int]  # rule, store, subject, when it becomes true


@dataclass
class StorePlan:
    """One store: steps (t, platform 0–3, g), what its other sensors tell, when it is silent."""

    n: int
    category: str
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    slow: list[tuple[int, int, int]] = field(default_factory=list)  # as steps, without motion
    silent: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    temperatures: list[tuple[int, int]] = field(default_factory=list)
    doors: list[tuple[int, int]] = field(default_factory=list)
    by_hand: list[tuple[int, Draft]] = field(default_factory=list)  # when it is entered
    breaches: list[Breach] = field(default_factory=list)
    lost_g: dict[int, int] = field(default_factory=dict)  # platform → what is gone unbooked

    @property
    def store(self) -> str:
        return f"s{self.n:02d}"

    def container(self, platform: int) -> str:
        return f"c{self.n:02d}-{platform + 1}"

    def at(self, day: int, hour: float) -> int:
        """A moment of the month; day 1 is the first of August."""
        return START + (day - 1) * DAY + int(hour * HOUR)

    def breach(self, rule: str, subject: str, t: int) -> None:
        self.breaches.append((rule, self.store, subject, t))

    def without(self, platform: int, since: int, until: int) -> None:
        """Nothing is put on or taken off a platform within that time."""
        self.steps = [s for s in self.steps if s[1] != platform or not since <= s[0] < until]

    def load(self, platform: int, t: int) -> int:
        return sum(g for when, p, g in self.steps if p == platform and when < t)


def heavy(n: int) -> bool:
    """The 贮存点 whose floor scales carry tonnes."""
    return n == 13


def write_registry(folder: Path) -> None:
    """The example's towns and rules, and this district's stores."""
    folder.mkdir()
    for name in ("towns.csv", "rules.csv", "incompatible.csv"):
        (folder / name).write_text((ROOT / "registry" / name).read_text())
    files = {
        "sites.csv": ["site,name,town,kind,windows"],
        "devices.csv": ["device,site"],
        "bins.csv": [
            "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"
        ],
        "institutions.csv": ["institution,name,town,category,licence"],
        "hw_editions.csv": [
            "edition,title,from,to",
            "2021,x,2021-01-01,",
            "soon,x,2020-01-01,2026-09-10",
            "over,x,2020-01-01,2026-08-17",
        ],
        "hw_catalogue.csv": [
            "edition,category,category_name,code,hazard,description",
            f"soon,HW08,x,{CODES[0]},T,x",
            f"over,HW08,x,{CODES[0]},T,x",
        ],
        "stores.csv": [
            "store,institution,site,name,kind,capacity_kg,zones,facility,temperature,door,bund_l"
        ],
        "containers.csv": [
            "container,store,zone,bin,edition,code,name,phase,type,tare_kg,group,from,to,volume_l"
        ],
    }
    monthly = [i for i, c in enumerate(CATEGORIES, 1) if c in ("重点", "经营单位")]
    filed = [
        (n, m) for n in monthly for m in ("2026-06", "2026-07") if (n, m) != (UNFILED, "2026-07")
    ]
    files["filed.csv"] = ["institution,filing,period,day,by"]
    files["filed.csv"] += [f"i{n:02d},report-month,{m},2026-08-01,王五" for n, m in filed]
    of_example = (ROOT / "registry" / "filings.csv").read_text().splitlines()
    files["filings.csv"] = [
        of_example[0],
        *(x for x in of_example if x.startswith("report-month,")),
    ]
    for n, category in enumerate(CATEGORIES, 1):
        site, device, store = f"h{n:02d}", f"qy-h{n:02d}", f"s{n:02d}"
        kind = "贮存点" if category == "登记" else "贮存库"
        capacity = 500 if n == 2 else 20_000
        files["sites.csv"].append(f"{site},{site},新桥镇,hazardous,06:00-22:00")
        files["devices.csv"].append(f"{device},{site}")
        licence = "许可证" if category == "经营单位" else ""
        files["institutions.csv"].append(f"i{n:02d},i{n:02d},新桥镇,{category},{licence}")
        files["stores.csv"].append(
            f"{store},i{n:02d},{site},{store},{kind},{capacity},甲;乙,TS{n:03d},"
            f"{device}/c1,{device}/d1,{'甲=199' if n == BUNDED else ''}"
        )
        scale = "1500,0.5" if heavy(n) else "150,0.05"
        for p in range(4):
            files["bins.csv"].append(
                f"{site}-p{p + 1},{site},{device},w{p + 1},,危险废物,0,0,platform,{scale}"
            )
            code = (MEDICAL if category == "医疗" else CODES)[p]
            if (n, p) == (PLANT, 3):
                code = MEDICAL[0]
            phase = "液态" if (n, p) == (BUNDED, 0) else "固态"
            group = ("", "", "酸", "碱")[p] if n == 3 else ""
            files["containers.csv"].append(
                f"c{n:02d}-{p + 1},{store},甲,{site}-p{p + 1},2021,{code},x,{phase},"
                f"桶,0,{group},,,200"
            )
        edition = {1: "soon", 8: "over"}.get(n, "2021")
        files["containers.csv"].append(
            f"c{n:02d}-old,{store},乙,,{edition},{MEDICAL[0] if category == '医疗' else CODES[0]},"
            "x,固态,桶,0,,,,"
        )
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def plans() -> list[StorePlan]:
    """Ordinary days everywhere, then what is wrong."""
    luck = random.Random(2026)  # noqa: S311
    made = [StorePlan(n, category) for n, category in enumerate(CATEGORIES, 1)]
    for plan in made:
        _ordinary(plan, luck)
    wrongs = (
        *(_full, _neighbours, _three_tonnes, _medical, _plant, _bund, _old, _lost, _sensors),
        *(_editions, _categories, _filings),
    )
    for wrong in wrongs:
        wrong(made)
    for plan in made:
        plan.steps.sort()
    return made


def _ordinary(plan: StorePlan, luck: random.Random) -> None:
    """Waste comes once a day; medical waste goes every afternoon, the other once a week."""
    for p in range(4):
        load = 0
        for day in range(1, DAYS + 1):
            if plan.n == 3 and p == 3:
                continue  # nothing of this group stands beside the other
            grams = luck.randint(2_000, 12_000)
            plan.steps.append((plan.at(day, 8 + luck.random()), p, grams))
            load += grams
            if plan.category == "医疗" or day % 7 == (plan.n + p) % 7:
                plan.steps.append((plan.at(day, 15 + luck.random()), p, -load))
                load = 0
    for day in range(1, DAYS + 1):
        opened = plan.at(day, 7.5)
        plan.doors += [(opened, 1), (opened + 600, 0)]
        for h in range(24):
            warm = 1200 + int(300 * math.sin((h - 8) * math.pi / 12))
            plan.temperatures.append((plan.at(day, h), warm))


def _full(made: list[StorePlan]) -> None:
    """500 kg may stand there: 390 kg by hand, then 15, 50 and -120 kg."""
    plan = made[1]
    plan.steps = []
    told = plan.at(4, 12)
    plan.by_hand.append((told, Draft(STORED, told - HOUR, 390_000, container="c02-old")))
    first, second = plan.at(6, 9), plan.at(8, 9)
    plan.steps += [(first, 0, 15_000), (second, 1, 50_000)]
    plan.steps += [(plan.at(10, 9), 1, -50_000), (plan.at(10, 10), 0, -15_000)]
    plan.steps.append((plan.at(20, 9), 2, 5_000))
    plan.breach("capacity-80", "", first)
    plan.breach("capacity-90", "", second)


def _neighbours(made: list[StorePlan]) -> None:
    plan = made[2]
    came = plan.at(12, 16.5)
    plan.steps += [(came, 3, 6_000), (plan.at(13, 7), 3, -6_000)]
    if plan.load(2, came) <= 0:
        plan.steps.append((plan.at(12, 16.2), 2, 4_000))
    plan.breach("neighbours", "甲", came)


def _three_tonnes(made: list[StorePlan]) -> None:
    plan = made[12]
    plan.steps, t = [], plan.at(3, 9)
    for k in range(16):  # 190 kg each: the sixteenth makes 3,040 kg
        plan.steps.append((t + k * 6 * HOUR, k % 4, 190_000))
    plan.breach("point-3t", "", t + 15 * 6 * HOUR)
    plan.steps.append((plan.at(9, 9), 0, -760_000))


def _medical(made: list[StorePlan]) -> None:
    """Two pickups are missed for one container; the store of another, not cleared the day
    before, is too warm."""
    plan = made[16]
    ins = [s for s in plan.steps if s[1] == 1 and s[2] > 0 and s[0] >= plan.at(10, 0)][:3]
    plan.without(1, plan.at(10, 12), plan.at(10, 24))
    plan.without(1, plan.at(11, 12), plan.at(11, 24))
    out = next(s for s in plan.steps if s[1] == 1 and s[2] < 0 and s[0] >= plan.at(12, 12))
    plan.steps.remove(out)
    plan.steps.append((out[0], 1, -sum(s[2] for s in ins)))
    plan.breach("medical-48h", "c17-2", ins[0][0] + 48 * HOUR)
    plan = made[17]
    missed = next(s for s in plan.steps if s[1] == 0 and s[2] < 0 and s[0] >= plan.at(13, 12))
    late = next(s for s in plan.steps if s[1] == 0 and s[2] < 0 and s[0] >= plan.at(14, 12))
    plan.steps = [s for s in plan.steps if s not in (missed, late)]
    plan.steps.append((late[0], 0, missed[2] + late[2]))
    warm = plan.at(14, 13) + 1234
    plan.temperatures = [
        (t, v) for t, v in plan.temperatures if not plan.at(14, 12) <= t < plan.at(14, 18)
    ]
    plan.temperatures += [(warm - 900, 1950), (warm, 2010), (warm + HOUR, 1900)]
    plan.temperatures += [(warm + 2 * HOUR, 1750)]
    plan.temperatures.sort()
    plan.breach("medical-20c", "", warm)


def _plant(made: list[StorePlan]) -> None:
    """A cold store of a treatment plant: 72 h are over; then it is warm, and 24 h are over."""
    plan = made[PLANT - 1]
    warm = plan.at(13, 6), plan.at(13, 9)
    plan.temperatures = [
        (t, 700 if warm[0] <= t < warm[1] else 480 if t == warm[1] else 300)
        for t in range(START, END, HOUR)
    ]
    plan.without(3, START, END)
    for first, last in ((plan.at(5, 8), plan.at(8, 12)), (plan.at(12, 8), plan.at(13, 12))):
        plan.steps += [(first, 3, 5_000), (last, 3, -5_000)]
    plan.breach("plant-72h", "c30-4", plan.at(8, 8))
    plan.breach("plant-24h", "c30-4", plan.at(13, 8))


def _filings(made: list[StorePlan]) -> None:
    """The report of July is not filed: ten days before the 15th, and the day after."""
    plan = made[UNFILED - 1]
    plan.breach("filing-10d", "report-month 2026-07", plan.at(5, 0))
    plan.breach("filing-late", "report-month 2026-07", plan.at(16, 0))


def _bund(made: list[StorePlan]) -> None:
    """A drum of 200 L with liquid in it, where the bund holds 199 L."""
    plan = made[BUNDED - 1]
    plan.without(0, START, END)
    plan.steps += [(plan.at(9, 9), 0, 5_000), (plan.at(10, 9), 0, -5_000)]
    plan.breach("bund", "甲", plan.at(9, 9))


def _old(made: list[StorePlan]) -> None:
    """What came by hand long ago grows too old in the month."""
    for index, rule, limit, when in (
        (6, "producer-1y", 365, (11, 10.5)),
        (25, "pilot-90d", 90, (5, 3.25)),
        (26, "pilot-180d", 180, (22, 13.7)),
        (28, "licensed-1y", 365, (7, 2.1)),
        (29, "licensed-1y-code", 365, (19, 22.9)),
    ):
        plan = made[index]
        due = plan.at(*when)
        said = Draft(STORED, due - limit * DAY, 80_000, container=f"c{plan.n:02d}-old")
        plan.by_hand.append((START, said))
        plan.breach(rule, said.container, due)
        if rule == "pilot-180d":  # it was too old for the other rule before
            plan.breach("pilot-90d", said.container, START)
        if rule == "licensed-1y":  # and the law that follows says the same
            code = int(dt.datetime(2026, 8, 15, tzinfo=LOCAL).timestamp())
            plan.breach("licensed-1y-code", said.container, code)


def _lost(made: list[StorePlan]) -> None:
    """A leak, and a removal while the board was silent."""
    plan = made[4]
    plan.without(0, plan.at(15, 0), plan.at(22, 0))
    plan.steps.append((plan.at(15, 9), 0, 60_000))
    leak = plan.at(16, 10)
    for k in range(8):
        plan.slow.append((leak + k * EVERY_S, 0, -450))
    plan.lost_g[0] = 8 * 450
    plan.breach("loss", "c05-1", leak + 4 * EVERY_S)  # 2.25 kg
    plan = made[5]
    plan.without(2, plan.at(15, 0), plan.at(25, 0))
    plan.steps.append((plan.at(15, 9), 2, 60_000))
    a, b = plan.at(18, 12), plan.at(18, 14)
    plan.without(0, a - HOUR, b + HOUR)
    plan.without(1, a - HOUR, b + HOUR)
    plan.without(3, a - HOUR, b + HOUR)
    plan.silent.append((a, b, (0, 1, 2, 3)))
    plan.slow.append((a + HOUR, 2, -20_000))
    plan.lost_g[2] = 20_000
    plan.breach("loss", "c06-3", b)
    for p in range(4):
        plan.breach("silent", f"h06-p{p + 1}", -1 - p)  # with its last reading: see samples


def _sensors(made: list[StorePlan]) -> None:
    """A door that stays open overnight, one that is closed in time; a scale that is silent."""
    plan = made[8]
    plan.doors += [(plan.at(20, 21.9), 1), (plan.at(21, 6.5), 0)]
    plan.breach("door", "", plan.at(20, 22) + 120)
    plan.doors += [(plan.at(23, 21.9), 1), (plan.at(23, 22) + 60, 0)]
    plan.doors.sort()
    plan = made[9]
    plan.silent.append((plan.at(25, 1), plan.at(25, 4), (3,)))
    plan.breach("silent", "h10-p4", -4)


def _editions(made: list[StorePlan]) -> None:
    """The editions of two containers end: on 17 August, and on 10 September."""
    soon, over = made[0], made[7]
    soon.breach("edition-30d", "c01-old", soon.at(11, 0))
    over.breach("edition-30d", "c08-old", START)
    over.breach("edition-over", "c08-old", over.at(18, 0))


def _categories(made: list[StorePlan]) -> None:
    """A unit of 登记 generates 11 t, one of 简化 95 t and a week later 6 t more."""
    small, middle = made[14], made[10]
    for plan, tonnes, day in ((small, (11,), 5), (middle, (60, 35), 9), (middle, (6,), 16)):
        for n, t in enumerate(tonnes):
            told = plan.at(day, 12) + n
            draft = Draft(PRODUCED, told - HOUR, t * 1_000_000, container=f"c{plan.n:02d}-old")
            plan.by_hand.append((told, draft))
    small.breach("category-10t", "", small.at(5, 12))
    middle.breach("category-100t", "", middle.at(16, 12))


def samples(
    plan: StorePlan, platform: int, real: Sequence[tuple[int, list[Sample]]] = ()
) -> list[Sample]:
    """What the board tells of a platform. The scale is off by up to its class: a slope, a
    zero that follows the day's warmth, noise.

    real: (its start, what a real board told) of days that take the place of made ones."""
    luck = random.Random(plan.n * 10 + platform)  # noqa: S311
    e = 500 if heavy(plan.n) else 50
    slope = luck.uniform(-0.5, 0.5) * e / (2000 * e)
    swing, phase = 0.3 * 50, luck.random() * 6
    steps = sorted([(t, g, True) for t, p, g in plan.steps if p == platform]
                   + [(t, g, False) for t, p, g in plan.slow if p == platform])  # fmt: skip
    dark = [(a, b) for a, b, which in plan.silent if platform in which]
    made: list[Sample] = []
    load, seq, i = 0, 0, 0
    clock = START + luck.randint(0, EVERY_S - 1)

    def say(t: int, q: str | None = None) -> None:
        nonlocal seq
        if any(a <= t < b for a, b in dark):
            return
        drift = swing * math.sin(t / 13751 + phase)
        grams = round(load * (1 + slope) + drift + luck.uniform(-10, 10))
        made.append(Sample(t, grams, q, "eeeeeeee", seq, 0))
        seq += 1

    say(START - 60)
    while clock < END:
        while i < len(steps) and steps[i][0] <= clock:
            t, grams, moving = steps[i]
            i += 1
            if moving:
                say(t, "moving")
            load += grams
            say(t + 15 if moving else t)
        say(clock)
        clock += EVERY_S
        if i and clock <= steps[i - 1][0] + 15:
            clock = steps[i - 1][0] + 16
    for start, told in real:
        made = [s for s in made if not start <= s.t < start + DAY] + told
    if real:
        made.sort(key=lambda s: s.t)
        made = [replace(s, life="eeeeeeee", seq=n, boot=0) for n, s in enumerate(made)]
    for a, b, which in plan.silent:
        if platform in which:
            last = max(s.t for s in made if s.t < a)
            rule = "silent", plan.store, f"h{plan.n:02d}-p{platform + 1}"
            plan.breaches = [
                (*rule, last + 660) if x[:3] == rule and x[3] < 0 else x for x in plan.breaches
            ]
            plan.breaches = [
                (*x[:3], min(s.t for s in made if s.t >= b))
                if x[:2] == ("loss", plan.store) and x[2] == plan.container(platform) and x[3] == b
                else x
                for x in plan.breaches
            ]
    return made

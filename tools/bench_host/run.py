"""make bench-host: the host job beside what people would use instead, in one go.

    PYTHONPATH=tools python -m bench_host.run [--rounds 3] [--prefill 10000000]
        [--messages 200000] [--stall 300] [--killed 1000000] [--page docs/scale.md]
        [--only PART ...]

Rates are medians of the rounds, ratios are of one round each. Exit code 1 when a goal is
missed, 2 when something could not be measured."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import marked_page
from arguments import Parser, seconds, whole
from run_folder import sigterm_as_interrupt

from bench_host import drain, kills, load, node_red, restate, rollup, shards, sizes, stall
from bench_host.derived import lines
from bench_host.prefill import copy, prefill
from bench_host.report import BEGIN, END, Bar, Row, chart, page, shortfalls, show
from host.common import terminal

OUT = Path("build/bench-host")


class Bench:
    """What the parts share, and what they have found."""

    def __init__(self, args: argparse.Namespace, filled: Path) -> None:
        self.args = args
        self.filled = filled
        self.rows: list[Row] = []
        self.groups: list[tuple[str, list[Bar]]] = []
        self.raw: dict[str, object] = {}
        self.known: dict[str, float] = {}  # what derived.lines() goes by

    def single(self) -> None:
        """One reading a message."""
        found = self._rounds(1, self.args.messages)

        def beside(who: str, goal: float) -> None:
            least, middle, most = drain.ratio(found, "qingyun", who)
            note = f"{least:.2f} to {most:.2f}"
            self.rows.append(Row(f"durable ÷ {NAMES[who]}", middle, "", goal, note=note))

        beside("counting", 0.8)
        beside("naive", 9)
        beside("node-red", 8)
        rate = drain.median(found, "qingyun", "messages_s")
        self.rows.append(Row("durable readings/s, one a message", rate))
        cpu = drain.median(found, "qingyun", "cpu_us")
        self.rows.append(Row("CPU time of such a reading", cpu, "µs"))
        wire = drain.median(found, "load", "wire")
        self.known |= {"one_s": rate, "cpu_us": cpu, "wire": wire}
        note = f"payload {drain.median(found, 'load', 'payload'):.0f}, topic, PUBLISH, PUBACK"
        self.rows.append(Row("bytes on the wire, one a message", wire, note=note))
        bars = [
            (NAMES[who], drain.median(found, who, "messages_s"), who == "qingyun") for who in NAMES
        ]
        self.groups.append(("One reading a message: messages/s", bars))

    def arrays(self) -> None:
        """32 readings a message, as boards send a backlog."""
        found = self._rounds(32, self.args.messages // 10)
        rate = self.known["array_s"] = 32 * drain.median(found, "qingyun", "messages_s")
        self.rows.append(Row("durable readings/s in arrays of 32", rate, "", 150_000))
        cpu = drain.median(found, "qingyun", "cpu_us")
        self.rows.append(Row("CPU time of such a reading", cpu, "µs"))
        self.rows.append(
            Row("bytes on the wire, 32 a message", drain.median(found, "load", "wire"))
        )
        bars = [
            (NAMES[who], 32 * drain.median(found, who, "messages_s"), who == "qingyun")
            for who in ("counting", "qingyun", "naive")
        ]
        self.groups.append(("Arrays of 32: readings/s", bars))

    def _rounds(self, of: int, messages: int) -> list[drain.Round]:
        found = []
        for n in range(self.args.rounds):
            progress(f"{of} a message, round {n + 1} of {self.args.rounds}")
            found.append(drain.one_round(of, messages, 10 * of + n, OUT, self.filled))
        self.raw[f"of {of}"] = found
        return found

    def shards(self) -> None:
        """One process and two into one PostgreSQL."""
        progress("PostgreSQL")
        found = shards.measure(OUT, self.filled, self.args.rounds, self.args.messages // 2)
        self.raw["shards"] = found
        self.known |= {"pg_s": found["one_s"], "pg_us": found["cpu_us"]}
        self.known["server_us"] = found["server_us"]
        cores = os.cpu_count() or 1
        note = f"{found['least']:.2f} to {found['most']:.2f}; broker and server on the same {cores}"
        # With two cores broker and server have none of their own: CPU time says it then.
        enough = cores >= 5
        goal = 1.6
        self.rows += [
            Row(
                "two processes ÷ one, PostgreSQL",
                found["ratio"],
                "",
                goal if enough else None,
                note=note,
            ),
            Row("the same by CPU time of a reading", found["by_cpu"], "", None if enough else goal),
            Row("readings/s of one process, PostgreSQL", found["one_s"]),
            Row("its CPU time of a reading", found["cpu_us"], "µs"),
            Row("the server's CPU time of a reading", found["server_us"], "µs"),
        ]
        bars = [("one process", found["one_s"], True), ("two processes", found["two_s"], True)]
        self.groups.append(("PostgreSQL, one reading a message: readings/s", bars))

    def sizes(self) -> None:
        """Bytes of a reading at rest."""
        progress("bytes of a reading")
        found = sizes.measure(OUT, self.filled)
        self.raw["sizes"] = found
        self.known |= {"sqlite": found["sqlite"], "parquet": found["parquet"]}
        note = f"of {found['readings']:,.0f} readings of nine channels, everything counted"
        self.rows.append(Row("bytes on disk, SQLite", found["sqlite"], "", 60, True, note))
        note = f"a day of {found['archived']:,.0f} readings"
        self.rows.append(Row("bytes on disk, Parquet", found["parquet"], "", 12, True, note))

    def stall(self) -> None:
        """The store takes nothing for minutes."""
        seconds, db = self.args.stall, copy(self.filled, OUT / "stall.db")
        found = stall.measure(str(db), OUT, seconds, RATE, progress)
        self.raw["stall"] = found
        what = f"MB resident, store stalled {seconds:.0f} s at {RATE:,} readings/s"
        note = f"the broker: {found['broker_mb']:.0f}; all stored {found['behind_s']:.0f} s later"
        self.known["waiting"] = found["waiting_bytes"]
        self.rows.append(Row(what, found["rss_mb"], "", 300, True, note))
        self.rows.append(Row("readings lost by that", found["lost"], "", 0, True))
        waiting = found["waiting_bytes"]
        self.rows.append(Row("bytes in the broker of a message that waits", waiting))

    def kills(self) -> None:
        """Ingester and broker killed, half of the times while a backlog is drained."""
        progress("killing ingester and broker")
        found = kills.measure(OUT / "killed", self.args.killed, 50, 11)
        self.raw["kills"] = vars(found)
        what = f"{found.kills} SIGKILLs of ingester and broker during {found.readings:,} readings"
        note = f"{found.resent:,} messages sent again by boards"
        self.rows += [
            Row(f"{what}: lost", found.lost, "", 0, True, note),
            Row("the same: doubled", found.doubled, "", 0, True),
            Row("the same: reports that differ from a calm run", not found.same, "", 0, True),
        ]

    def rollup(self) -> None:
        """A day of a district from raw readings, beside only reading them."""
        for width in rollup.WIDTHS:
            progress(f"rollup of a district, {width} platforms a board")
            found = rollup.measure(rounds=self.args.rounds, folder=OUT, width=width)
            self.raw[f"rollup {width}"] = found
            readings = f"{found['readings']:,} readings of {found['platforms']:,} platforms"
            note = f"{found['processes']} processes"
            ratio, of = found["rollup ÷ reading rows"], f"their {found['rows']:,} rows"
            self.rows += [
                Row(
                    f"daily rollup of {readings}, {width} a board",
                    *(found["rollup, s"], "s", 10, True, note),
                ),
                Row(f"the same ÷ only reading {of}", ratio, "", 3, True),
                Row("the same ÷ only reading their columns", found["rollup ÷ reading columns"]),
            ]
        self.rows.append(
            Row("bytes of figures, a platform and day", found["bytes of a platform's day"])
        )
        self.known["figures"] = found["bytes of a platform's day"]

    def restate(self) -> None:
        """Site-days whose readings come late, in a month and in a year."""
        late, sites = restate.LATE, 120
        for days in (30, 365):
            progress(f"{late} late site-days in {days} days")
            rounds = [restate.measure(sites, (days,)) for _ in range(self.args.rounds)]
            self.raw[f"restate {days}"] = rounds
            for kind in rounds[0]:
                took = [r[kind] for r in rounds]
                sums = statistics.median(t["sums_s"] for t in took)
                events = statistics.median(t["compact_s"] + t["events_s"] for t in took)
                goal = days == 365
                what = f"{late} late site-days in {kind}"
                row = Row(f"{what}: sums", 1000 * sums, "ms", 100 if goal else None, True)
                self.rows += [
                    row,
                    Row(f"{what}: days and events", events, "s", 2 if goal else None, True),
                ]


NAMES = {
    "counting": "paho counting only",
    "qingyun": "qingyun ingest",
    "naive": "naive ingester",
    "node-red": "Node-RED",
}
RATE = 5000
# In this order; each puts its rows and raw figures into the bench.
PARTS: dict[str, Callable[[Bench], None]] = {
    "single": Bench.single,
    "arrays": Bench.arrays,
    "shards": Bench.shards,
    "sizes": Bench.sizes,
    "stall": Bench.stall,
    "kills": Bench.kills,
    "rollup": Bench.rollup,
    "restate": Bench.restate,
}


def progress(text: str) -> None:
    """The line that says what is under way."""
    print(f"\r\033[K{text} …", end="", flush=True, file=sys.stderr)


def main() -> int:
    parser = Parser("bench-host", __doc__)
    parser.add_argument("--rounds", type=whole(1), default=3)
    prefill, killed, text = 10_000_000, 1_000_000, "readings there already"
    parser.add_argument("--prefill", type=whole(1), default=prefill, help=text)
    text = "of one reading in a round"
    parser.add_argument("--messages", type=whole(1), default=200_000, help=text)
    text = "seconds that the store is locked"
    parser.add_argument("--stall", type=seconds, default=300.0, help=text)
    parser.add_argument("--killed", type=whole(1), default=killed, help="readings under SIGKILL")
    parser.add_argument("--page", type=Path, help="page to put the figures in, and its picture")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    try:
        with sigterm_as_interrupt():
            return _run(args)
    except RuntimeError as error:
        print(f"bench-host: error: {error}", file=sys.stderr)
        return 2


def _run(args: argparse.Namespace) -> int:
    if args.page:
        marked_page.check(args.page, BEGIN, END)
    OUT.mkdir(parents=True, exist_ok=True)
    load.write_registry(OUT / "registry")
    filled = OUT / f"store-{args.prefill}.db"
    prefill(filled, args.prefill)
    started = time.monotonic()
    bench = Bench(args, filled)
    for name in args.only:
        PARTS[name](bench)
    progress("done")
    print(file=sys.stderr)
    conditions = (
        f"{os.cpu_count()} cores, CPython {platform.python_version()}, mosquitto on loopback, "
        f"QoS 1, persistent session, no TLS; SQLite in WAL with synchronous=FULL; the store holds "
        f"{args.prefill:,} readings before each round (naive ingester and Node-RED begin with an "
        f"empty one); 1 % duplicates, 1 % malformed, 2 % late; medians of {args.rounds} rounds of "
        f"{args.messages:,} messages of one reading and {args.messages // 10:,} of 32. "
        f"{node_red.version()}. Command: `make bench-host ROUNDS={args.rounds} "
        f"PREFILL={args.prefill}`, {time.strftime('%Y-%m-%d', time.gmtime())}, "
        f"{(time.monotonic() - started) / 60:.0f} min."
    )
    console = terminal.console()
    show(bench.rows, console)
    console.print(conditions, soft_wrap=True)
    (OUT / "result.json").write_text(json.dumps(bench.raw, indent=1, ensure_ascii=False))
    if args.page:
        picture = args.page.with_suffix(".svg")
        picture.write_text(chart(bench.groups))
        page(args.page, picture, bench.rows, conditions, lines(bench.known))
    short = shortfalls(bench.rows)
    for line in short:
        print(f"bench-host: short of the goal: {line}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

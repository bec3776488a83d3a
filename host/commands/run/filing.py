"""Runs `qingyun ledger filing`."""

from __future__ import annotations

import argparse
import time

from ...common.local_days import clock
from ...common.output_form import folder_or_workbook
from ...hazard import anchors, register
from ...hazard.filing import output, pack
from ...store import Store


def run(args: argparse.Namespace) -> int:
    form = folder_or_workbook(args.out, args.format)
    registered = register.load(args.registry)
    store = Store(args.db)
    is_plan = args.plan is not None
    made = pack.of(store, registered, args.institution, args.plan or args.period, is_plan=is_plan)
    anchor = anchors.note(store)
    store.close()
    if form == "csv":
        print("\n".join(map(str, output.write_csv(made.forms, made.period, args.out))))
    else:
        output.write_xlsx(made.forms, made.title, made.period, args.out, anchor)
        print(f"{args.out}")
    if not is_plan and made.span.t1 > time.time():
        print(f"{made.span.name} is not over: what happens until {clock(made.span.t1)} is missing")
    for filled in made.forms:
        for line in filled.doubts:
            print(f"look at: {line}")
    empty = sum(len(filled.empty()) for filled in made.forms)
    print(f"{made.title}, {made.unit}: {empty} fields are empty (sheet 待填)")
    return 0

"""A session: known weights one after the other, the fit, the verdict, and what is kept."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from ..common import terminal
from ..common.errors import UserError
from ..store import Store
from ..store.calibrations import Session
from .fit import NoFit, Point, Verdict, judge, mean_c
from .ways import Refused, Way

LOOK_S = 0.2  # between two looks
FRESH_S = 11  # a platform at rest is looked at every 10 s or more often


class SessionError(UserError):
    """The session cannot go on."""


@dataclass(frozen=True)
class Plan:
    """What is to be done. place(kg) returns once so many kg stand there."""

    device: str
    channel: str
    weights: Sequence[float]
    by: str
    place: Callable[[float], None]
    say: Callable[[str], None]
    wait_s: float = 60.0
    settle_s: int = 6
    max_kg: float | None = None
    second: bool = False
    force: bool = False


class _Taker:
    """Takes points; each only after something has moved since the one before."""

    def __init__(self, way: Way, plan: Plan) -> None:
        self._way = way
        self._plan = plan
        self._moved: int | None = None
        self._kg: float | None = None
        self.last: dict[str, Any] = {}

    def take(self, kg: float) -> Point:
        """The platform's counts under kg, at rest."""
        end = time.monotonic() + self._plan.wait_s
        why = "no answer"
        seen: dict[str, Any] | None = None
        while time.monotonic() < end:
            try:
                m = self._way.ask("measure", channel=self._plan.channel)
            except Refused as refused:
                why = str(refused)
                if "not stable" not in why:
                    raise SessionError(f"{self._plan.device}: {why}") from None
                time.sleep(LOOK_S)
                continue
            if self._still(m, kg):
                why = f"{self._plan.channel}: nothing was put there, it still weighs {m['kg']:g} kg"
            elif kg == self._kg or self._moved is None:
                # Nothing need have moved; but what was taken off a moment ago may still show.
                if self._way.name == "serial":
                    break
                if seen is None or seen["moved"] != m["moved"]:
                    seen = m
                elif m["stable_s"] >= max(seen["stable_s"] + FRESH_S, self._plan.settle_s):
                    break
                why = f"{self._plan.channel}: at rest for {m['stable_s']} s only"
            elif m["stable_s"] < self._plan.settle_s:
                why = f"{self._plan.channel}: at rest for {m['stable_s']} s only"
                if self._way.name == "serial":
                    break  # each look begins anew there, and has waited already
            else:
                break
            time.sleep(LOOK_S)
        else:
            raise SessionError(f"{self._plan.device}: {why} (for {self._plan.wait_s:g} s)")
        self._moved, self._kg, self.last = m["moved"], kg, m
        return Point(kg, m["counts"], m.get("c"), m["spread"], m["stable_s"])

    def check(self, calibration: str) -> None:
        """Refused unless the board weighs by this calibration."""
        has = self._way.ask("measure", channel=self._plan.channel)["now"]["id"]
        if has != calibration:
            raise Refused(f"it weighs by {has} still")

    def _still(self, m: dict[str, Any], kg: float) -> bool:
        """Whether what stands there is still what stood there for the point before."""
        if not self.last or kg == self._kg:
            return False
        return bool(m["moved"] == self._moved or abs(m["kg"] - self.last["kg"]) < m["e_kg"])


def run(way: Way, plan: Plan, store: Store) -> bool:
    """The whole of it; whether a calibration was saved on the board."""
    taker = _Taker(way, plan)
    points = []
    for kg in plan.weights:
        plan.place(kg)
        points.append(taker.take(kg))
        shown = taker.last["kg"]
        plan.say(f"{kg:g} kg: {points[-1].counts} counts (weighs {shown:g} kg until now)")
    facts = taker.last
    e_kg, max_kg, now = facts["e_kg"], facts["max_kg"], facts["now"]
    if plan.max_kg is not None and plan.max_kg != max_kg:
        raise SessionError(f"--max-kg: the board has {max_kg:g} for {plan.channel}")
    if max(plan.weights) > max_kg:
        raise SessionError(f"--weights: expected at most Max {max_kg:g} kg")
    earlier = _earlier(store, plan) if plan.second else []
    try:
        verdict = judge(points, e_kg, max_kg, now["counts_per_kg"], earlier)
    except NoFit as error:
        raise SessionError(f"{plan.channel}: {error}") from None
    terminal.console().print(table(verdict, e_kg, f"{plan.device} {plan.channel}"))
    for note in verdict.notes:
        plan.say(f"note: {note}")
    outcome, new, reply = "failed", _calibration(verdict, points), None
    if verdict.passed or plan.force:
        outcome = "saved" if verdict.passed else "forced"
        what: dict[str, Any] = {"channel": plan.channel, "calibration": new, "by": plan.by}
        try:
            reply = way.ask("set_calibration", **what, **({"force": True} if plan.force else {}))
            if not isinstance(reply, dict):  # "done before": its first answer was lost
                taker.check(new["id"])
        except Refused as refused:
            outcome = f"refused: {refused}"
    body = {
        "points": [asdict(p) for p in points],
        "earlier": [asdict(p) for p in earlier],
        "residuals_kg": [round(r.kg, 4) for r in verdict.residuals],
        "fit": asdict(verdict.fit),
        "notes": verdict.notes,
        "old": now,
        "reply": reply,
    }
    place = plan.device, plan.channel, new["id"], plan.by, way.name, outcome
    store.calibrations.add_session(Session(int(time.time()), *place, e_kg, max_kg, body))
    return _close(plan, verdict, outcome, new)


def _close(plan: Plan, verdict: Verdict, outcome: str, new: dict[str, Any]) -> bool:
    """Say what came of it."""
    if outcome.startswith("refused"):
        plan.say(f"not saved: the board has {outcome}")
    elif outcome == "failed":
        plan.say("fails: nothing was saved; --force saves it all the same")
    else:
        told = "passes" if verdict.passed else "FAILS, saved because of --force"
        plan.say(f"{told}: {new['id']} is on the board and in the store")
    return outcome in ("saved", "forced")


def _earlier(store: Store, plan: Plan) -> list[Point]:
    """The points of the last session that was saved."""
    saved = [
        s
        for s in store.calibrations.sessions(plan.device, plan.channel)
        if s.outcome in ("saved", "forced")
    ]
    if not saved:
        raise SessionError(
            f"--second: {plan.device} {plan.channel} has no earlier session in this database"
        )
    points = [Point(**p) for p in saved[-1].body["points"]]
    if mean_c(points) is None:
        raise SessionError("--second: the earlier session had no temperature")
    return points


def _calibration(verdict: Verdict, points: Sequence[Point]) -> dict[str, Any]:
    """As the board takes it."""
    fit = verdict.fit
    today = dt.date.today()
    new: dict[str, Any] = {
        "id": f"k-{today:%Y%m%d}-{uuid.uuid4().hex[:4]}",
        "date": str(today),
        "zero": fit.zero,
        "counts_per_kg": fit.counts_per_kg,
        "points": [[p.kg, p.counts] + ([] if p.c is None else [p.c]) for p in points],
    }
    if fit.zero_per_c or fit.span_ppm_per_c:
        new |= {"t_c": fit.t_c, "zero_per_c": fit.zero_per_c}
        new["span_ppm_per_c"] = fit.span_ppm_per_c
    return new


def table(verdict: Verdict, e_kg: float, title: str) -> Table:
    """The residual at each point beside the maximum permissible error there."""
    fit = verdict.fit
    caption = f"zero {fit.zero}, {fit.counts_per_kg:g} counts per kg, e = {1000 * e_kg:g} g"
    if fit.zero_per_c or fit.span_ppm_per_c:
        caption += f"; {fit.zero_per_c:g} counts and {fit.span_ppm_per_c:g} ppm per degC"
    out = terminal.table(f"{title}: {'passes' if verdict.passed else 'FAILS'} (R 76 class III)")
    out.caption = caption
    names = "point", "kg", "counts", "degC", "residual kg", "residual e", "limit e"
    terminal.columns(out, names, right=True)
    terminal.columns(out, ("",))
    for i, r in enumerate(verdict.residuals, 1):
        c = "" if r.point.c is None else f"{r.point.c:.1f}"
        figures = f"{r.kg:+.4f}", f"{r.e:+.3f}", f"{r.limit_e:g}"
        mark = "" if r.within else "beyond"
        out.add_row(str(i), f"{r.point.kg:g}", str(r.point.counts), c, *figures, mark)
    return out

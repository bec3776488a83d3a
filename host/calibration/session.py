"""A calibration session: points under known weights, fit, verdict, and saving."""

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
from ..common.local_days import LOCAL
from ..store import Store
from ..store.calibrations import Session
from .fit import NoFit, Point, Verdict, judge, mean_c
from .ways import Refused, Way

LOOK_S = 0.2  # between two measure commands
FRESH_S = 11  # a board samples a platform at rest every 10 s or more often


class SessionError(UserError):
    """Why the session cannot go on; one line."""


@dataclass(frozen=True)
class Plan:
    """What to do. weights, max_kg: kg; place(kg) returns once that mass stands on the platform;
    wait_s: longest wait for a point; settle_s: rest before a point counts; second: join the
    points of the last session; force: save a calibration that fails."""

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
    """Takes points, each only after the load has moved since the one before."""

    def __init__(self, way: Way, plan: Plan) -> None:
        self._way = way
        self._plan = plan
        self._moved: int | None = None
        self._kg: float | None = None
        self.last: dict[str, Any] = {}

        self._seen: dict[str, Any] | None = None  # first measurement after the last motion

    def take(self, kg: float) -> Point:
        """Counts of the platform at rest under kg; SessionError where the board has none
        within wait_s, or refuses to measure."""
        end = time.monotonic() + self._plan.wait_s
        why = "no answer"
        self._seen = None
        while time.monotonic() < end:
            try:
                m = self._way.ask("measure", channel=self._plan.channel)
            except Refused as refused:
                why = str(refused)
                if "not stable" not in why:
                    raise SessionError(f"{self._plan.device}: {why}") from None
            else:
                why = self._objection(m, kg)
                if not why:
                    self._moved, self._kg, self.last = m["moved"], kg, m
                    return Point(kg, m["counts"], m.get("c"), m["spread"], m["stable_s"])
            time.sleep(LOOK_S)
        raise SessionError(f"{self._plan.device}: {why} (for {self._plan.wait_s:g} s)")

    def _objection(self, m: dict[str, Any], kg: float) -> str:
        """Why a measurement is not a point yet; "" where it is one."""
        if self._still(m, kg):
            return f"{self._plan.channel}: nothing was put there, it still weighs {m['kg']:g} kg"
        # Over the serial port each measurement starts anew and has waited for rest already.
        if self._way.name == "serial" or self._has_rested(m, kg):
            return ""
        return f"{self._plan.channel}: at rest for {m['stable_s']} s only"

    def _has_rested(self, m: dict[str, Any], kg: float) -> bool:
        """Whether the platform has been at rest for long enough."""
        if kg != self._kg and self._moved is not None:
            return bool(m["stable_s"] >= self._plan.settle_s)
        # The load need not move for this point, but the board may not have seen yet that
        # something was taken off a moment ago.
        if self._seen is None or self._seen["moved"] != m["moved"]:
            self._seen = m
            return False
        return bool(m["stable_s"] >= max(self._seen["stable_s"] + FRESH_S, self._plan.settle_s))

    def check(self, calibration: str) -> None:
        """Refused unless the board weighs by this calibration."""
        current = self._way.ask("measure", channel=self._plan.channel)["now"]["id"]
        if current != calibration:
            raise Refused(f"it weighs by {current} still")

    def _still(self, m: dict[str, Any], kg: float) -> bool:
        """Whether the load is still that of the point before."""
        if not self.last or kg == self._kg:
            return False
        return bool(m["moved"] == self._moved or abs(m["kg"] - self.last["kg"]) < m["e_kg"])


def run(way: Way, plan: Plan, store: Store) -> bool:
    """Take the points, fit them, and save a calibration that passes or is forced; whether the
    board has it now. The session is stored in any case.

    SessionError where points, limits or the fit do not allow a verdict."""
    taker = _Taker(way, plan)
    points = _take_points(taker, plan)
    e_kg, max_kg, old = (taker.last[key] for key in ("e_kg", "max_kg", "now"))
    _check_max(plan, max_kg)
    earlier = _earlier(store, plan) if plan.second else []
    try:
        verdict = judge(points, e_kg, max_kg, old["counts_per_kg"], earlier)
    except NoFit as error:
        raise SessionError(f"{plan.channel}: {error}") from None
    terminal.console().print(table(verdict, e_kg, f"{plan.device} {plan.channel}"))
    for note in verdict.notes:
        plan.say(f"note: {note}")
    new = _calibration(verdict, points)
    outcome, reply = "failed", None
    if verdict.passed or plan.force:
        refusal, reply = _save(way, taker, plan, new)
        outcome = refusal or ("saved" if verdict.passed else "forced")
    body = {
        "points": [asdict(p) for p in points],
        "earlier": [asdict(p) for p in earlier],
        "residuals_kg": [round(r.kg, 4) for r in verdict.residuals],
        "fit": asdict(verdict.fit),
        "notes": verdict.notes,
        "old": old,
        "reply": reply,
    }
    names = plan.device, plan.channel, new["id"], plan.by, way.name, outcome
    store.calibrations.add_session(Session(int(time.time()), *names, e_kg, max_kg, body))
    return _close(plan, verdict, outcome, new)


def _take_points(taker: _Taker, plan: Plan) -> list[Point]:
    points = []
    for kg in plan.weights:
        plan.place(kg)
        points.append(taker.take(kg))
        shown = taker.last["kg"]
        plan.say(f"{kg:g} kg: {points[-1].counts} counts (weighs {shown:g} kg until now)")
    return points


def _check_max(plan: Plan, max_kg: float) -> None:
    """SessionError unless the plan has the board's Max (kg) and no weight above it."""
    if plan.max_kg is not None and plan.max_kg != max_kg:
        raise SessionError(f"--max-kg: the board has {max_kg:g} for {plan.channel}")
    if max(plan.weights) > max_kg:
        raise SessionError(f"--weights: expected at most Max {max_kg:g} kg")


def _save(way: Way, taker: _Taker, plan: Plan, new: dict[str, Any]) -> tuple[str, Any]:
    """Set the calibration on the board: `refused: …` or "", and the board's reply."""
    options = {"force": True} if plan.force else {}
    reply = None
    try:
        reply = way.ask(
            "set_calibration", channel=plan.channel, calibration=new, by=plan.by, **options
        )
        if not isinstance(reply, dict):  # "done before": the first answer was lost
            taker.check(new["id"])
    except Refused as refused:
        return f"refused: {refused}", reply
    return "", reply


def _close(plan: Plan, verdict: Verdict, outcome: str, new: dict[str, Any]) -> bool:
    """Tell the outcome; whether the calibration was saved."""
    if outcome.startswith("refused"):
        plan.say(f"not saved: the board has {outcome}")
    elif outcome == "failed":
        plan.say("fails: nothing was saved; --force saves it all the same")
    else:
        result = "passes" if verdict.passed else "FAILS, saved because of --force"
        plan.say(f"{result}: {new['id']} is on the board and in the store")
    return outcome in ("saved", "forced")


def _earlier(store: Store, plan: Plan) -> list[Point]:
    """The points of the last session that was saved; SessionError where there are none, or
    they have no temperature."""
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
    """The argument of set_calibration."""
    fit = verdict.fit
    today = dt.datetime.now(LOCAL).date()
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
    """The residual at each point with the maximum permissible error there (OIML R 76-1,
    3.5.1, class III, initial verification)."""
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

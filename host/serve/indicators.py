"""The 66 indicators: value, trend, and explanation. Computing them reads many readings, so a
thread does it and the page says that it is under way."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..common import periods
from ..common.errors import UserError
from ..indicators.report import Report, build, explanation
from ..store import Busy
from .context import Context, context_of
from .day_cache import today
from .language import Words
from .web import allowed, page, words_of

KEPT_S = 900.0  # seconds until a report is computed again
FAILED_S = 20.0
MOST = 40  # periods that are kept
_TRANSLATED = ("text", "name", "unit", "origin")  # parts of an explanation
_log = logging.getLogger("qingyun.serve")


@dataclass
class Reports:
    """Reports by period, computed one at a time; get() never waits."""

    made: dict[str, tuple[float, Report]] = field(default_factory=dict)
    failed: dict[str, tuple[float, str]] = field(default_factory=dict)
    waiting: list[periods.Period] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _busy: bool = False

    def get(self, context: Context, when: periods.Period) -> Report | None:
        """The report of a period, at most KEPT_S old; None while it is computed for the first
        time."""
        now, key = time.monotonic(), str(when)
        kept = self.made.get(key)
        failed = self.failed.get(key)
        if (kept is None or now - kept[0] > KEPT_S) and not (failed and now - failed[0] < FAILED_S):
            with self._lock:
                if when not in self.waiting:
                    self.waiting.append(when)
                if not self._busy:
                    self._busy = True
                    threading.Thread(target=self._run, args=(context,), daemon=True).start()
        return kept[1] if kept else None

    def problem(self, when: periods.Period) -> str:
        """Why the last attempt failed; "" if it did not."""
        return self.failed.get(str(when), (0.0, ""))[1]

    def _run(self, context: Context) -> None:
        while True:
            with self._lock:
                if not self.waiting:
                    self._busy = False
                    return
                when = self.waiting[0]
            try:
                with context.store() as store:
                    report = build(store, context.registry, when, register=context.register)
                self.made[str(when)] = time.monotonic(), report
                self.failed.pop(str(when), None)
            except (UserError, Busy) as error:
                self.failed[str(when)] = time.monotonic(), str(error)
            except Exception as error:
                self.failed[str(when)] = time.monotonic(), type(error).__name__
                _log.exception("indicators of %s", when)
            with self._lock:
                self.waiting.remove(when)
                while len(self.made) > MOST:
                    self.made.pop(next(iter(self.made)))


def reports(request: Request) -> Reports:
    """The reports of the app."""
    state = request.app.state
    if not hasattr(state, "reports"):
        state.reports = Reports()
    reports: Reports = state.reports
    return reports


def period_of(request: Request) -> periods.Period:
    """?period= of a request, by default this year; HTTPException 422 for anything else."""
    text = request.query_params.get("period", "") or str(today().year)
    try:
        return periods.parse(text)
    except ValueError as error:
        raise HTTPException(422, f"period: {error}") from None


def _say(words: Words, line: str, parts: dict[str, str]) -> str:
    """A line of an explanation in a language."""
    texts = {n: words.said(t) if n in _TRANSLATED else t for n, t in parts.items()}
    if line == "note":
        return texts["text"]
    if "unit" in texts:
        texts["value"] = f"{texts['value']} {texts['unit']}".strip()
    if line == "value":
        texts["formula"] = words(f"formula.{parts['formula']}")
        texts["expression"] = " ".join(map(words.said, parts["expression"].split(" ")))
    return words(f"how.{line}", **texts)


@allowed("viewer")
async def show(request: Request) -> Response:
    """The list of all indicators."""
    when = period_of(request)
    report = reports(request).get(context_of(request), when)
    return page(
        request,
        "indicators.html",
        period=when,
        report=report,
        problem=reports(request).problem(when),
        years=range(today().year, today().year - 5, -1),
    )


@allowed("viewer")
async def one(request: Request) -> Response:
    """One indicator with its trend by month."""
    context, when, number = context_of(request), period_of(request), request.path_params["number"]
    kept = reports(request)
    report = kept.get(context, when)
    result = None
    if report is not None:
        result = next((r for r in report.results if r.definition.number == number), None)
        if result is None:
            raise HTTPException(404, "there is no such indicator")
    trend: list[tuple[str, float | None]] = []
    pending = 0
    for month in range(1, 13):
        part = periods.Period(when.year, month)
        if part.first >= today():
            break
        month_report = (
            kept.get(context, part) if result is not None and result.value is not None else None
        )
        same = (
            [r for r in month_report.results if r.definition.number == number]
            if month_report
            else []
        )
        value = same[0].rounded if same else None
        pending += month_report is None
        trend.append((str(part), None if value is None else float(value)))
    return page(
        request,
        "indicator.html",
        number=number,
        period=when,
        r=result,
        how=explanation(result, partial(_say, words_of(request))) if result else [],
        trend=trend,
        pending=pending if result is not None and result.value is not None else 0,
        problem=kept.problem(when),
    )


ROUTES = [Route("/indicators", show), Route("/indicators/{number}", one)]

"""What a unit files, as a workbook: the report of a period, or the plan of a year."""

from __future__ import annotations

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..hazard import HazardError, anchors
from ..hazard.filing import output, pack, span
from .context import context_of
from .downloads import as_file, making, through
from .web import allowed, narrow, note

PLAN = "plan"


@narrow
@allowed("viewer")
async def fetch(request: Request) -> Response:
    """The workbook; 404 without a register, 422 where unit or period is none."""
    context, q = context_of(request), request.query_params
    register, unit, when = context.register, q.get("unit", ""), q.get("when", "")
    if register is None:
        raise HTTPException(404, "there is no such report")
    if unit not in context.seen.institutions:
        raise HTTPException(422, "unit: expected one of the register")
    is_plan = q.get("kind", "") == PLAN
    try:
        span.parse(when)
    except HazardError:
        raise HTTPException(422, "when: expected YYYY, YYYY-Q1 or YYYY-MM") from None
    if is_plan and len(when) != len("YYYY"):
        raise HTTPException(422, "when: expected YYYY")

    def run() -> bytes:
        # declared.csv has rows of every institution; what is made is of this one alone.
        _, everything = context.computing()
        assert everything is not None
        with context.store() as store:
            made = pack.of(store, everything, unit, when, is_plan=is_plan)
            anchor = anchors.note(store)
        return through(
            lambda p: output.write_xlsx(made.forms, made.title, made.period, p, anchor), "xlsx"
        )

    body = await anyio.to_thread.run_sync(run, limiter=making)
    name = f"{'plan' if is_plan else 'filing'}-{unit}-{when}"
    await note(request, "download", name, "done")
    return as_file(body, name, "xlsx")


ROUTES = [Route("/downloads/filing", fetch)]

"""POST /api/1/lifts: what trucks weigh, sent by themselves or by the system of a contractor."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from ..hazard import HazardError
from ..reconcile import live_lifts
from ..reconcile.live_lifts import Sent, Taken
from ..store import Store
from .api import operator, signed_in
from .api import router as plain
from .context import context_of
from .models import Problem
from .scope import CONTRACTOR
from .web import narrow, need, note

_TEXT = 64
router = APIRouter(
    prefix="/api/1", dependencies=[Depends(signed_in)], responses=plain.responses, tags=["qingyun"]
)


class SentLift(BaseModel):
    """A weighing: full less empty. t: Unix seconds by the truck's clock."""

    model_config = ConfigDict(extra="forbid")

    truck: str = Field(min_length=1, max_length=_TEXT)
    t: int = Field(ge=1_420_000_000, le=1 << 33, strict=True)
    kg: float = Field(ge=0, le=3000, allow_inf_nan=False, strict=True)
    site: str = Field(default="", max_length=_TEXT)
    bin: str = Field(default="", max_length=_TEXT)
    stream: str = Field(default="", max_length=_TEXT)
    number: str = Field(default="", max_length=_TEXT, description="序号, where a truck numbers.")
    longitude: float | None = Field(default=None, description="WGS-84; the site within 80 m.")
    latitude: float | None = None


class Refused(BaseModel):
    """index: in the list that was sent, from 0."""

    index: int
    reason: str


class TakenLifts(BaseModel):
    """Of each weighing one of the three. again: it was there already."""

    stored: int
    again: int
    refused: list[Refused]


def _json(request: Request) -> None:
    """HTTPException 415 for what says that it is something else, as curl does unless told."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"content-type: expected application/json, found {kind!r}")


Lifts = Annotated[
    list[dict[str, Any]],
    Body(
        max_length=live_lifts.MOST,
        description="Each as SentLift: truck, t, kg; site or bin or longitude, latitude; stream; "
        "number. One that cannot be used is refused for itself.",
        examples=[[{"truck": "沪A12345", "t": 1772497520, "kg": 41.5, "site": "fs-01"}]],
    ),
]


@router.post(
    "/lifts",
    dependencies=[Depends(operator), Depends(_json)],
    responses={
        409: {"model": Problem, "description": "Others import all the time: send it once more"},
        415: {"model": Problem, "description": "It is not said to be JSON"},
        503: {"model": Problem, "description": "The store is busy: send it once more"},
    },
)
@narrow
async def lifts(request: Request, sent: Lifts) -> TakenLifts:
    """Keep what trucks weighed: of the district's account any truck, of a contractor's its own.
    Sent again, it counts once."""
    me, context = need(request, "operator"), context_of(request)
    if not (context.scope.whole or context.scope.kind == CONTRACTOR):
        raise HTTPException(403, "lifts: expected an account of the district or of a contractor")
    whole = context.shared.known
    known: dict[int, Sent] = {}
    refused: dict[int, str] = {}
    for n, each in enumerate(sent):
        try:
            known[n] = _sent(SentLift.model_validate(each))
        except ValidationError as error:
            first = error.errors()[0]
            refused[n] = f"{'.'.join(map(str, first['loc'])) or 'lift'}: {first['msg']}"

    def is_own(truck: str) -> bool:
        return context.scope.whole or truck in context.trucks

    def work(store: Store) -> Taken:
        of = store, whole.registry, whole.positions, known
        return live_lifts.take(*of, by=me.name, now=int(time.time()), is_own=is_own)

    try:
        done = await context.ask(work)
    except HazardError as error:
        raise HTTPException(409, str(error)) from None
    done.refused |= refused
    text = f"lifts, {done.stored} stored, {done.again} again, {len(done.refused)} refused"
    await note(request, "import", "POST", "done" if done.stored or done.again else "refused", text)
    why = [Refused(index=n, reason=reason) for n, reason in sorted(done.refused.items())]
    return TakenLifts(stored=done.stored, again=done.again, refused=why)


def _sent(each: SentLift) -> Sent:
    east, north = ("" if v is None else repr(v) for v in (each.longitude, each.latitude))
    where = each.site, each.bin, each.stream, each.number, east, north
    return Sent(each.truck, each.t, f"{each.kg:.3f}", *where)

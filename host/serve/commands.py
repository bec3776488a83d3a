"""Commands to a board: for operators, one at a time, each in the audit trail."""

from __future__ import annotations

import json
import time
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..calibration.ways import ANSWER_S, TRIES, BoardError, Refused
from .context import Context, context_of
from .formatting import clock
from .language import Words
from .web import allowed, field, narrow, need, note, page, posted, words_of

COMMANDS = ("read", "log", "interval", "restart")  # commands that an operator may send
WAIT_S = round(ANSWER_S * TRIES)  # seconds for an answer, at most
KEPT_S = 5.0  # seconds after connecting in which retained messages may still arrive
_one = anyio.CapacityLimiter(2)


def ask(context: Context, device: str, do: str, by: str, seconds: int | None) -> Any:
    """The board's answer; HTTPException with the reason when there is none. seconds: with
    interval."""
    if device not in context.registry.devices:
        raise HTTPException(404, "there is no such board")
    if context.settings.broker is None:
        raise HTTPException(503, "serve was started without --broker")
    if do not in COMMANDS:
        raise HTTPException(422, f"do: expected one of {' '.join(COMMANDS)}")
    more: dict[str, Any] = {}
    if do == "interval":
        if seconds is None or not 10 <= seconds <= 3600:
            raise HTTPException(422, "s: expected 10 to 3600 seconds")
        more["s"] = seconds
    refuse(context, device)
    try:
        return context.hub.ask(
            context.registry.devices[device].site, device, do, by=by[:40], **more
        )
    except Refused as error:
        raise HTTPException(409, f"the board refused: {error}") from None
    except BoardError as error:
        raise HTTPException(504, str(error)) from None


def refuse(context: Context, device: str) -> None:
    """HTTPException when the board is known to be unreachable, so that nobody waits for it."""
    now, link = time.time(), context.hub.link
    if not link.connected:
        since = clock(link.since)
        if link.problem:
            raise HTTPException(503, f"not connected to the broker since {since}: {link.problem}")
        raise HTTPException(503, f"not connected to the broker since {since}")
    board = context.hub.boards.get((context.registry.devices[device].site, device))
    age = None if board is None else board.age(now)
    if board is not None and board.status == "offline":
        if board.since is not None:
            raise HTTPException(409, f"the board {device} is offline since {clock(board.since)}")
        if age is not None:
            last = clock(now - age)
            raise HTTPException(
                409, f"the board {device} is offline; its last values are of {last}"
            )
        raise HTTPException(409, f"the board {device} is offline and has told no value yet")
    if (board is None or (board.status is None and age is None)) and now - link.since > KEPT_S:
        text = f"the board {device} has never spoken: has it power, network and the right broker?"
        raise HTTPException(409, text)


async def command(request: Request, device: str, do: str, seconds: int | None) -> tuple[str, Any]:
    """Ask the board and note the outcome in the audit trail; (the command as text, the answer)."""
    me, context = need(request, "operator"), context_of(request)
    command_text = f"{device} {do}" + (f" {seconds}" if seconds is not None else "")
    try:
        answer = await anyio.to_thread.run_sync(
            ask, context, device, do, me.name, seconds, limiter=_one
        )
    except HTTPException as error:
        await note(request, "command", command_text, "failed", str(error.detail))
        raise
    await note(request, "command", command_text, "done")
    return command_text, answer


def in_words(do: str, answer: Any, words: Words) -> tuple[str, str]:
    """The answer as a sentence, and the board's own text or JSON where it sends one."""
    match do, answer:
        case "read", {"seq": seq}:
            return words("answer.read", seq=seq), ""
        case "interval", {"every_s": int(every)}:
            return words("answer.interval", every=words.duration(every)), ""
        case "restart", "restarting":
            return words("answer.restart"), ""
    raw = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=1)
    return words("answer.log" if do == "log" else "answer.other"), raw


@narrow
@allowed("operator")
async def post(request: Request) -> Response:
    """Send a command from a form and show the answer."""
    form = await posted(request)
    interval = field(form, "s", 6)
    seconds = int(interval) if interval.isascii() and interval.isdigit() else None
    device = request.path_params["device"]
    do = field(form, "do", 20)
    command_text, answer = await command(request, device, do, seconds if do == "interval" else None)
    site = context_of(request).registry.devices[device].site
    sentence, raw = in_words(do, answer, words_of(request))
    return page(request, "answer.html", what=command_text, sentence=sentence, raw=raw, site=site)


ROUTES = [Route("/boards/{device}/command", post, methods=["POST"])]

"""Requests and answers: who asks, which role, and how a page is rendered."""

from __future__ import annotations

import datetime as dt
import hmac
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from . import accounts
from .accounts import Account
from .context import Context, context_of
from .day_cache import today
from .formatting import address as with_query
from .language import LANGUAGES, Words, choose, words
from .sessions import Session

Handler = Callable[[Request], Awaitable[Response]]
LANGUAGE = "qingyun-lang"  # the cookie of the chosen language


def user(request: Request) -> Account | None:
    """The account that asks, as the guard identified it."""
    account: Account | None = request.scope.get("qingyun.user")
    return account


def session(request: Request) -> Session | None:
    """The session of a browser; None for a token."""
    session: Session | None = request.scope.get("qingyun.session")
    return session


def address(request: Request) -> str:
    """The IP address that asks."""
    return request.client.host if request.client else ""


def words_of(request: Request) -> Words:
    """The texts in the language of this request."""
    asked, kept = request.query_params.get("lang", ""), request.cookies.get(LANGUAGE, "")
    return words()[choose(asked, kept, request.headers.get("accept-language", ""))]


def others(request: Request) -> list[tuple[str, str, str]]:
    """(address, code, name) of this page in each other language; of the first page after a form."""
    query = dict(request.query_params)
    path = request.url.path if request.method in ("GET", "HEAD") else "/"
    mine = words_of(request).language
    return [
        (with_query(path, query if path != "/" else {}, lang=code), code, name)
        for code, name in LANGUAGES.items()
        if code != mine
    ]


def need(request: Request, role: str) -> Account:
    """The account that asks; HTTPException 401 without one, 403 without the role."""
    account = user(request)
    if account is None:
        raise HTTPException(401, "sign in first")
    if not account.may(role):
        raise HTTPException(403, f"this needs the role {role}")
    return account


Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def narrow(endpoint: Endpoint) -> Endpoint:
    """A decorator of endpoints: what they show is what their context gives, so that it is for every
    scope. Without it an endpoint is for accounts of the district alone."""
    endpoint.is_narrow = True  # type: ignore[attr-defined]
    return endpoint


def check_scope(request: Request) -> None:
    """HTTPException 403 where an account of a narrower scope asks for what is of the district."""
    if not getattr(request.scope.get("endpoint"), "is_narrow", False):
        check_whole(context_of(request))


def check_whole(context: Context) -> None:
    """HTTPException 403 unless the scope is the district."""
    if not context.scope.whole:
        raise HTTPException(
            403, f"this is of the whole district; your account is of {context.scope}"
        )


def allowed(role: str) -> Callable[[Handler], Handler]:
    """A decorator of handlers: only accounts with this role pass, and those of the district alone
    unless it is also narrow()."""

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        async def checked(request: Request) -> Response:
            need(request, role)
            check_scope(request)
            return await handler(request)

        return checked

    return wrap


def check_csrf(request: Request, token: str) -> None:
    """HTTPException 403 unless a browser sends the token of its session. A machine's token needs
    none."""
    held = session(request)
    if held is not None and not hmac.compare_digest(token.encode(), held.csrf.encode()):
        raise HTTPException(403, "the form was not made by this session: load the page again")


async def posted(request: Request) -> FormData:
    """The fields of a form; HTTPException 403 unless it comes from a page of this session."""
    form = await request.form(max_files=0, max_fields=30)
    token = form.get("csrf")
    check_csrf(request, token if isinstance(token, str) else "")
    return form


def field(form: FormData, name: str, longest: int = 200) -> str:
    """The trimmed text of a field; HTTPException 422 if it is too long or not printable."""
    value = form.get(name)
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > longest or any(not c.isprintable() for c in text):
        raise HTTPException(422, f"{name}: expected at most {longest} printable characters")
    return text


def asked_day(request: Request) -> dt.date | None:
    """?date=, None without it; HTTPException 422 unless it is a day from 2015-01-01 to today."""
    text = request.query_params.get("date", "")
    if not text:
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise HTTPException(422, f"date: expected YYYY-MM-DD, found {text[:20]!r}") from None
    if not dt.date(2015, 1, 1) <= date <= today():
        raise HTTPException(422, "date: expected a day from 2015-01-01 to today")
    return date


async def note(request: Request, action: str, object_: str, outcome: str, detail: str = "") -> None:
    """Note an action of the account that asks in the audit trail."""
    who = account.name if (account := user(request)) else ""
    more = {"outcome": outcome, "detail": detail}
    context = context_of(request)
    await context.ask(
        lambda s: accounts.note(
            s, who, address(request), action, object_, scope=context.scope, **more
        )
    )


def whose(request: Request) -> str:
    """What the scope of who asks is called, "" of the district: pages say whose sums they have."""
    context = context_of(request)
    if context.scope.whole or user(request) is None:
        return ""
    return context.seen.called


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered template, with the values that every page has."""
    context = context_of(request)
    held = session(request)
    text = (
        context.templates[words_of(request).language]
        .get_template(template)
        .render(
            request_path=request.url.path,
            query=dict(request.query_params),
            others=others(request),
            user=user(request),
            csrf=held.csrf if held else "",
            unseen=context.told().get("alarms", {}).get("unseen", 0),
            whose=whose(request),
            scope_gone=context.seen.gone and user(request) is not None,
            registry_problem=context.shared.problem,
            broker=context.settings.broker is not None,
            link=context.hub.link_status(time.time()),
            **values,
        )
    )
    return HTMLResponse(text, status)

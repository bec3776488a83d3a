"""Signing in and out, changing a password, and for an admin users and the audit trail."""

from __future__ import annotations

import re

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import accounts
from .accounts import AccountError
from .context import Context, context_of
from .scope import DISTRICT, Scope, ScopeError, asked, every
from .web import address, allowed, field, narrow, need, note, page, posted, user

_OWN = re.compile(r"/(?![/\\])[^\\\s]*")
_hashing = anyio.CapacityLimiter(2)  # each takes 64 MiB


def back_to(address: str) -> str:
    """The address if it is a path of this server, else "/"."""
    return address if _OWN.fullmatch(address) else "/"


async def show(request: Request) -> Response:
    """The form to sign in."""
    if user(request) is not None:
        return RedirectResponse("/", 303)
    return await _form(request, back_to(request.query_params.get("next", "/")))


async def _form(request: Request, back: str, problem: str = "", status: int = 200) -> Response:
    nobody = await context_of(request).ask(accounts.nobody)
    return page(request, "signin.html", status, next=back, problem=problem, nobody=nobody)


async def sign_in(request: Request) -> Response:
    """Check name and password and start a session; 401, or 429 after too many failures."""
    context = context_of(request)
    form = await request.form(max_files=0, max_fields=10)
    name, back = field(form, "name", 40), back_to(field(form, "next", 2000))
    password = form.get("password")
    whence = address(request)
    if wait := context.failures.wait(name, whence):
        request.scope["qingyun.claimed"] = name if accounts.NAME.fullmatch(name) else "?"
        text = f"too many failures: wait {wait} s"
        refused = await _form(request, back, text, 429)
        refused.headers["retry-after"] = str(wait)
        return refused
    context.failures.failed(name, whence)  # counted until the password was verified
    typed = password if isinstance(password, str) else ""

    def verify() -> accounts.Account | None:
        with context.store() as store:
            account = accounts.signed_in(store, name, typed)
            outcome = "done" if account else "refused"
            known = accounts.find(store, name)
            scope = known.scope if known else DISTRICT
            accounts.note(store, name, whence, "sign in", "", outcome=outcome, scope=scope)
            return account

    account = await anyio.to_thread.run_sync(verify, limiter=_hashing)
    if account is None:
        return await _form(request, back, "name or password is wrong", 401)
    context.failures.passed(name, whence)
    context.forget(name)
    token, _ = context.sessions.start(account.name, account.id)
    answer = RedirectResponse(back, 303)
    answer.set_cookie(
        *(context.settings.cookie, token),
        httponly=True,
        secure=context.settings.secure,
        samesite="lax",
        path="/",
    )
    return answer


async def sign_out(request: Request) -> Response:
    """End the session."""
    await posted(request)
    cookie = request.cookies.get(context_of(request).settings.cookie, "")
    context_of(request).sessions.end(cookie)
    await note(request, "sign out", "", "done")
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(context_of(request).settings.cookie)
    return answer


@narrow
@allowed("viewer")
async def account(request: Request) -> Response:
    """The page of the account that is signed in."""
    return page(request, "account.html", problem="", done=request.query_params.get("done", ""))


@narrow
@allowed("viewer")
async def password(request: Request) -> Response:
    """Change one's own password; the old one is needed."""
    form = await posted(request)
    me, context = need(request, "viewer"), context_of(request)
    old, new = form.get("old"), form.get("new")
    if wait := context.failures.wait(me.name, address(request)):
        raise HTTPException(429, f"too many failures: wait {wait} s", {"retry-after": str(wait)})

    def run() -> str:
        with context.store() as store:
            if not accounts.signed_in(store, me.name, str(old or "")):
                text = "the old password is wrong"
                more = {"outcome": "refused", "detail": text}
                whence, deed = address(request), "user change"
                accounts.note(store, me.name, whence, deed, me.name, scope=me.scope, **more)
                return text
            try:
                accounts.change(
                    store, me.name, me.name, password=str(new or ""), address=address(request)
                )
            except AccountError as error:
                return str(error)
            return ""

    problem = await anyio.to_thread.run_sync(run, limiter=_hashing)
    if problem:
        context.failures.failed(me.name, address(request))
        return page(request, "account.html", 422, problem=problem, done="")
    context.forget(me.name)
    return RedirectResponse("/signin", 303)


@allowed("admin")
async def users(request: Request) -> Response:
    """The list of accounts: of the district's admins alone."""
    return await _users(request)


async def _users(request: Request, problem: str = "", status: int = 200) -> Response:
    context = context_of(request)
    everybody = await context.ask(accounts.everybody)
    scopes = every(context.registry, context.register)
    gone = {u.name for u in everybody if not u.scope.whole and u.scope not in scopes}
    values = {"everybody": everybody, "scopes": list(scopes), "gone": gone, "problem": problem}
    called = {str(scope): text for scope, text in scopes.items()}
    return page(request, "users.html", status, called=called, **values)


@allowed("admin")
async def change_users(request: Request) -> Response:
    """Add, change or remove an account."""
    form = await posted(request)
    me, context = need(request, "admin"), context_of(request)
    name, role, change = field(form, "name", 40), field(form, "role", 20), field(form, "do", 20)
    belongs = field(form, "scope", 80) or str(DISTRICT)
    secret, whence = str(form.get("password") or ""), address(request)

    def run() -> str:
        with context.store() as store:
            try:
                if change == "add":
                    scope = _scope(context, belongs)
                    accounts.add(store, name, role, secret, me.name, scope=scope, address=whence)
                elif change == "password":
                    accounts.change(store, name, me.name, password=secret, address=whence)
                elif change == "role" and name != me.name:
                    accounts.change(store, name, me.name, role=role, address=whence)
                elif change == "scope" and name != me.name:
                    scope = _scope(context, belongs)
                    accounts.change(store, name, me.name, scope=scope, address=whence)
                elif change == "remove" and name != me.name:
                    accounts.change(store, name, me.name, role=accounts.GONE, address=whence)
                else:
                    return "expected add, password, role, scope or remove, of somebody else"
            except (AccountError, ScopeError) as error:
                return str(error)
            return ""

    problem = await anyio.to_thread.run_sync(run, limiter=_hashing)
    context.forget(name)
    if problem:
        return await _users(request, problem, 422)
    return RedirectResponse("/users", 303)


def _scope(context: Context, text: str) -> Scope:
    return asked(text, context.registry, context.register)


@narrow
@allowed("admin")
async def audit(request: Request) -> Response:
    """The audit trail, from ?before= on."""
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    context = context_of(request)
    rows = await context.ask(lambda s: context.trail(s, before))
    return page(request, "audit.html", rows=rows)


ROUTES = [
    Route("/signin", show),
    Route("/signin", sign_in, methods=["POST"]),
    Route("/signout", sign_out, methods=["POST"]),
    Route("/account", account),
    Route("/account", password, methods=["POST"]),
    Route("/users", users),
    Route("/users", change_users, methods=["POST"]),
    Route("/audit", audit),
]

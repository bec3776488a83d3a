"""What stands before every route: who asks, from where, how much; and what a browser may do with
the answer. A path that is not in OPEN needs somebody who has signed in."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..store import Busy
from . import accounts, wall_key
from .language import LANGUAGES
from .refusals import Refusal, network
from .scope import NOTHING
from .shared import Shared
from .web import LANGUAGE, address, page, words_of

OPEN = ("/signin", "/static/", "/healthz", "/weigh-worker.js", wall_key.SIGN_IN)
LARGEST = 64 * 1024  # bytes of a request's body
LARGEST_FILE = 20 << 20  # of one that brings a file
LARGEST_PICTURE = 5 << 20
FILES = {
    "/api/1/lifts": 4 * LARGEST,
    "/papers/check": LARGEST_FILE,
    "/weigh/photo": LARGEST_PICTURE,
    "/weigh/scan": LARGEST_PICTURE,
}
NOTED = (401, 403, 429)  # statuses of refusals that the audit trail has
SAFE = ("GET", "HEAD", "OPTIONS")
LONGEST_PATH = 100  # characters of a path in the audit trail
_log = logging.getLogger("qingyun.serve")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware around the app."""

    def __init__(self, app: ASGIApp, shared: Shared) -> None:
        self._app = app
        self._shared = shared
        public = urlsplit(shared.settings.public_url)
        names = {shared.settings.host, "localhost", "127.0.0.1", "::1", public.hostname or ""}
        self._hosts = {n.lower() for n in names if n}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer = await self._refusal(request)
        sending = self._sender(request, send)
        if answer is not None:
            await answer(scope, receive, sending)
            return
        await self._app(scope, _limited(receive, _largest(request.url.path)), sending)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that goes no further; None lets it through."""
        headers, path = request.headers, request.url.path
        if not self._known_host(headers):
            return PlainTextResponse(words_of(request).said("unknown host"), 400)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _largest(path):
            return PlainTextResponse(words_of(request).said("too large"), 413)
        if request.method not in SAFE and not self._own_origin(headers):
            return PlainTextResponse(words_of(request).said("from another site"), 403)
        await self._identify(request)
        account: accounts.Account | None = request.scope.get("qingyun.user")
        scope = account.scope if account else NOTHING
        request.scope["qingyun.context"] = await self._shared.ready(scope)
        if account is None and not path.startswith(OPEN):
            return _sign_in_first(request)
        return None

    def _known_host(self, headers: Headers) -> bool:
        """Whether Host names this server: another name may be a trick with DNS.

        Starlette's TrustedHostMiddleware does not fit: up to 1.0 it reads [::1] as "[", and it
        answers in English alone."""
        try:
            name = urlsplit("//" + headers.get("host", "")).hostname or ""
        except ValueError:
            return False
        return name.lower() in self._hosts

    def _own_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        try:
            name = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        public = urlsplit(self._shared.settings.public_url).netloc.lower()
        return name != "" and name in (headers.get("host", "").lower(), public)

    async def _identify(self, request: Request) -> None:
        scope, shared = request.scope, self._shared
        authorization = request.headers.get("authorization", "")
        if authorization.lower().startswith("bearer "):
            token = authorization[7:].strip()
            scope["qingyun.claimed"] = claimed_name(token)
            scope["qingyun.user"] = await shared.ask(lambda s: accounts.by_token(s, token))
            return
        cookie = request.cookies.get(shared.settings.cookie)
        used = request.url.path != wall_key.NOW  # which a screen asks for by itself
        session = shared.sessions.find(cookie, used=used) if cookie else None
        if session is None or cookie is None:
            scope["qingyun.user"] = await wall_key.account(request, shared)
            return
        account = await shared.account(session.name)
        if account is None or account.id != session.account:
            shared.sessions.end(cookie)
            return
        scope["qingyun.user"], scope["qingyun.session"] = account, session

    def _sender(self, request: Request, send: Send) -> Send:
        scope = request.scope

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in NOTED:
                    await self._note(request, message["status"])
                headers = MutableHeaders(scope=message)
                protect(headers, scope, message["status"], secure=self._shared.settings.secure)
            await send(message)

        return sending

    async def _note(self, request: Request, status: int) -> None:
        """Note a refusal, once for each kind and minute; what nobody claimed is none."""
        scope = request.scope
        account, claimed = scope.get("qingyun.user"), scope.get("qingyun.claimed", "")
        if status == 401 and not claimed:
            return
        who = account.name if account else claimed
        what = f"{request.method} {request.url.path[:LONGEST_PATH]}"
        of = {"known": True, "scope": account.belongs} if account else {}
        refusal = Refusal(who, network(address(request)), what, status, **of)
        if not self._shared.refusals.first(refusal):
            return
        try:
            noted = replace(refusal, address=address(request))
            await self._shared.ask(lambda s: accounts.note_refusal(s, noted))
        except Busy as error:
            _log.warning("audit: store: %s; not noted: %s", error, refusal)


def protect(headers: MutableHeaders, scope: Scope, status: int, *, secure: bool) -> None:
    """Add what every answer has: security headers, how long it may be kept, and the cookie of
    a language that was asked for."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    is_file = scope["path"].startswith("/static/") and status < 400
    headers.setdefault("cache-control", "max-age=3600" if is_file else "no-store")
    if not is_file:  # what one account sees is nobody else's
        headers.setdefault("vary", "Cookie, Authorization, Accept-Language")
    language = Request(scope).query_params.get("lang", "")
    if language in LANGUAGES:
        headers.append("set-cookie", _language_cookie(language, secure=secure))
    if secure:
        headers["strict-transport-security"] = "max-age=31536000"


def _language_cookie(language: str, *, secure: bool) -> str:
    """The cookie that keeps a language for a year."""
    more = "; Secure" if secure else ""
    return f"{LANGUAGE}={language}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{more}"


def _sign_in_first(request: Request) -> Response:
    path = request.url.path
    if path.startswith("/api/"):
        challenge = {"www-authenticate": "Bearer"}
        return JSONResponse({"detail": "sign in first"}, 401, challenge)
    if request.method not in SAFE:
        return page(request, "error.html", 401, code=401, text="sign in first")
    if path.startswith(wall_key.PAGE):
        return RedirectResponse(wall_key.SIGN_IN, 303)
    back = path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/signin?" + urlencode({"next": back}), 303)


def _largest(path: str) -> int:
    return FILES.get(path, LARGEST)


def _limited(receive: Receive, most: int) -> Receive:
    """A body without a length is cut off, too."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            return {"type": "http.disconnect"}
        return message

    return limited


def claimed_name(credential: str) -> str:
    """The name in NAME:TOKEN as the audit trail takes it; "?" where it can be none."""
    name = credential.partition(":")[0]
    return name if accounts.NAME.fullmatch(name) else "?"


class Tagged:
    """ETag of what the API answers; 304 where the asker has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or not path.startswith("/api/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()
        wanted = Headers(scope=scope).get("if-none-match", "")

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=start)
            if start["status"] == 200:
                tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                headers["etag"] = tag
                headers["cache-control"] = "private, no-cache"
                if tag in (t.strip().removeprefix("W/") for t in wanted.split(",")):
                    start["status"] = 304
                    body.clear()
                    del headers["content-length"]
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})

        await self._app(scope, receive, keep)

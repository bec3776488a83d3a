"""The key of a screen on the wall: a token of the lowest role, in a cookie that opens nothing else.

A session would not do. It ends with a restart of the server, and after a week; and at the keyboard
of an unattended screen it opens all that its owner may. A token outlives both, names the screen in
the audit trail, and `qingyun user remove` ends it."""

from __future__ import annotations

from starlette.requests import Request

from . import accounts
from .accounts import Account
from .settings import Settings
from .shared import Shared

PAGE, NOW, SIGN_IN = "/wall", "/wall/now", "/wall/signin"
OPENS = (PAGE, NOW, "/live")
ROLE = accounts.ROLES[0]
KEPT_S = 400 * 86_400  # the longest that browsers keep a cookie


def cookie(settings: Settings) -> str:
    """The name of the cookie."""
    return settings.cookie + "-wall"


async def account(request: Request, shared: Shared) -> Account | None:
    """Whose key a request for something of the wall shows; None without one that holds."""
    key = request.cookies.get(cookie(shared.settings), "")
    if not key or request.method not in ("GET", "HEAD") or request.url.path not in OPENS:
        return None
    found = await shared.ask(lambda store: accounts.by_token(store, key))
    return found if found is not None and found.role == ROLE else None

"""Who may use the page: names, roles, secrets, and the audit trail.

A role may do everything that the roles before it may. Passwords are stored as argon2 hashes (RFC
9106), tokens (random, for machines) as SHA-256. Rows are only ever added."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..common.errors import UserError
from ..common.shown import shown
from ..store import Store
from ..store import accounts as rows
from .refusals import Refusal
from .scope import DISTRICT, Scope

ROLES = ("viewer", "operator", "admin")
GONE = "none"
SHORTEST, LONGEST = 10, 200  # characters of a password
FEWEST = 5  # different ones
NAME = re.compile(r"[A-Za-z0-9_.@\u4e00-\u9fff-]{1,40}")
_RANDOM = "sha256:"
_hasher = PasswordHasher()  # RFC 9106, low memory: 64 MiB, 3 passes


class AccountError(UserError):
    """A name, role or password cannot be used; one line."""


@dataclass(frozen=True)
class Account:
    """The latest row of a name. id is another one after every change; at: Unix seconds. belongs:
    its scope as the store has it."""

    id: int
    name: str
    role: str
    secret: str
    at: int
    by: str
    belongs: str = str(DISTRICT)

    @property
    def scope(self) -> Scope:
        """Whose data it sees."""
        return Scope.of(self.belongs)

    @property
    def token(self) -> bool:
        """Whether a machine signs in with it."""
        return self.secret.startswith(_RANDOM)

    def may(self, role: str) -> bool:
        """Whether the account has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Done:
    """A row of the audit trail; at: Unix seconds. scope: of the account then."""

    id: int
    at: int
    who: str
    address: str
    action: str
    object: str
    outcome: str
    detail: str
    scope: str = str(DISTRICT)


@cache
def _nobody() -> str:
    """A hash to verify against for an unknown name, so that the answer takes as long."""
    return _hasher.hash(secrets.token_hex(8))


def find(store: Store, name: str) -> Account | None:
    """The account of a name; None if there is none or it was removed."""
    row = rows.latest(store.database, name)
    account = Account(*row) if row else None
    return account if account and account.role != GONE else None


def everybody(store: Store) -> list[Account]:
    """Every account that was not removed."""
    accounts = [Account(*row) for row in rows.all_latest(store.database)]
    return [account for account in accounts if account.role != GONE]


def nobody(store: Store) -> bool:
    """Whether no person can sign in yet."""
    return all(account.token for account in everybody(store))


def _put(store: Store, name: str, role: str, secret: str, *, by: str, scope: Scope) -> None:
    rows.put(store.database, (int(time.time()), name, role, secret, by, str(scope)))


def _checked(name: str, role: str) -> None:
    if not NAME.fullmatch(name):
        raise AccountError(f"user: expected 1 to 40 letters, digits, - _ . @, found {name!r}")
    if role not in ROLES:
        raise AccountError(f"--role: expected one of {' '.join(ROLES)}, found {role!r}")


@cache
def common_passwords() -> frozenset[str]:
    """The commonest passwords of SHORTEST or more characters, in small letters: those among the
    20,000 commonest of Have I Been Pwned, as Django 5.2 lists them."""
    listed = Path(__file__).with_name("common_passwords.txt").read_text("ascii")
    return frozenset(listed.split())


def hashed(password: str) -> str:
    """The argon2 hash; AccountError unless the password has SHORTEST to LONGEST characters, of
    which FEWEST differ, and is not among the commonest."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(f"password: expected {SHORTEST} to {LONGEST} characters")
    plain = password.strip().lower()
    if plain in common_passwords() or len(set(plain)) < FEWEST:
        raise AccountError(
            "password: expected one that is not among the commonest, which are tried first"
        )
    return _hasher.hash(password)


def add(
    store: Store,
    name: str,
    role: str,
    password: str,
    by: str,
    *,
    scope: Scope = DISTRICT,
    address: str = "",
) -> None:
    """Add a person who signs in with a password; AccountError when the name is taken or invalid."""
    _checked(name, role)
    if find(store, name):
        raise AccountError(f"user: {name} is there already")
    _put(store, name, role, hashed(password), by=by, scope=scope)
    note(store, by, address, "user add", name, outcome="done", detail=f"{role}, {scope}")


def add_token(store: Store, name: str, role: str, by: str, *, scope: Scope = DISTRICT) -> str:
    """Add a machine and return NAME:TOKEN, which cannot be shown again; AccountError as add()."""
    _checked(name, role)
    if find(store, name):
        raise AccountError(f"user: {name} is there already")
    token = secrets.token_urlsafe(32)
    digest = _RANDOM + hashlib.sha256(token.encode()).hexdigest()
    _put(store, name, role, digest, by=by, scope=scope)
    note(store, by, "", "user add", name, outcome="done", detail=f"{role}, {scope}, token")
    return f"{name}:{token}"


def change(
    store: Store,
    name: str,
    by: str,
    *,
    role: str | None = None,
    password: str | None = None,
    scope: Scope | None = None,
    address: str = "",
) -> None:
    """Set another role, password or scope; the role GONE removes. It ends the sessions of the
    account.

    AccountError when there is no such account, or role or password cannot be used."""
    account = find(store, name)
    if account is None:
        raise AccountError(f"user: expected a name that is there, found {name!r}")
    if role is not None and role != GONE:
        _checked(name, role)
    secret = account.secret if password is None else hashed(password)
    details = ["password"] if password is not None else []
    details += [f"{account.role} to {role}"] if role is not None else []
    details += [f"{account.belongs} > {scope}"] if scope is not None else []
    secret = "" if role == GONE else secret
    _put(store, name, role or account.role, secret, by=by, scope=scope or account.scope)
    # Who changes their own password does it as who they are; others change accounts as the
    # district, to which alone accounts belong.
    whose = account.scope if by == name else DISTRICT
    detail = ", ".join(details)
    note(store, by, address, "user change", name, outcome="done", detail=detail, scope=whose)


def signed_in(store: Store, name: str, password: str) -> Account | None:
    """The account if the password is right. An unknown name takes as long as a wrong password."""
    account = find(store, name)
    secret = account.secret if account and not account.token else _nobody()
    try:
        _hasher.verify(secret, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return None
    return account if account and not account.token else None


def by_token(store: Store, credential: str) -> Account | None:
    """The account of NAME:TOKEN, None if the token is wrong."""
    name, _, token = credential.partition(":")
    account = find(store, name)
    if account is None or not account.token:
        return None
    digest = _RANDOM + hashlib.sha256(token.encode()).hexdigest()
    return account if hmac.compare_digest(digest, account.secret) else None


def note(
    store: Store,
    who: str,
    address: str,
    action: str,
    object_: str,
    *,
    outcome: str,
    detail: str = "",
    scope: Scope = DISTRICT,
) -> None:
    """Add a row to the audit trail. scope: of who did it."""
    texts = (who, address, action, object_, outcome, detail[:400], str(scope))
    rows.put_deed(store.database, (int(time.time()), *map(shown, texts)))


def note_refusal(store: Store, refusal: Refusal, more: int = 0) -> None:
    """Add a refused request to the audit trail; more: how many more of it there were."""
    status = refusal.status
    detail = f"{status}, {more} more" if more else str(status)
    who, where, what = refusal.who, refusal.address, refusal.what
    more_of = {"outcome": "refused", "detail": detail}
    note(store, who, where, "request", what, scope=Scope.of(refusal.scope), **more_of)


def trail(
    store: Store, before: int | None = None, limit: int = 100, scope: Scope | None = None
) -> Sequence[Done]:
    """At most limit rows of the audit trail, the latest first; before: only ids below it; scope:
    only what accounts of this scope did, None: everything."""
    upto = before if before is not None else 1 << 62
    deeds = rows.deeds(store.database, upto, limit, None if scope is None else str(scope))
    return [Done(*deed) for deed in deeds]

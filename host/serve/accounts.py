"""Who may use the page: names, roles, secrets, and what each of them did.

A role has what those before it have. Passwords are kept as argon2 hashes, tokens (random,
for machines) as SHA-256. Rows are only ever added."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from host.common.errors import UserError
from host.store import Store
from host.store import accounts as rows

ROLES = ("viewer", "operator", "admin")
GONE = "none"
SHORTEST, LONGEST = 10, 200  # characters of a password
NAME = re.compile(r"[A-Za-z0-9_.@\u4e00-\u9fff-]{1,40}")
_RANDOM = "sha256:"
_hasher = PasswordHasher()  # RFC 9106, low memory: 64 MiB, 3 passes


class AccountError(UserError):
    """One line."""


@dataclass(frozen=True)
class Account:
    """The latest row of a name. id: changes whenever anything of it does."""

    id: int
    name: str
    role: str
    secret: str
    at: int
    by: str

    @property
    def token(self) -> bool:
        return self.secret.startswith(_RANDOM)

    def may(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Done:
    """A row of the audit trail."""

    id: int
    at: int
    who: str
    address: str
    action: str
    object: str
    outcome: str
    detail: str


@cache
def _nobody() -> str:
    """The hash for a name that is not there: so that it takes as long."""
    return _hasher.hash(secrets.token_hex(8))


def find(store: Store, name: str) -> Account | None:
    """Who has that name now."""
    row = rows.latest(store.database, name)
    account = Account(*row) if row else None
    return account if account and account.role != GONE else None


def everybody(store: Store) -> list[Account]:
    accounts = [Account(*row) for row in rows.all_latest(store.database)]
    return [account for account in accounts if account.role != GONE]


def nobody(store: Store) -> bool:
    """Whether there is no person yet who could sign in."""
    return all(account.token for account in everybody(store))


def _put(store: Store, name: str, role: str, secret: str, by: str) -> None:
    rows.put(store.database, (int(time.time()), name, role, secret, by))


def _checked(name: str, role: str) -> None:
    if not NAME.fullmatch(name):
        raise AccountError(f"user: expected 1 to 40 letters, digits, - _ . @, found {name!r}")
    if role not in ROLES:
        raise AccountError(f"--role: expected one of {' '.join(ROLES)}, found {role!r}")


def hashed(password: str) -> str:
    """AccountError when it is too short or too long to be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(f"password: expected {SHORTEST} to {LONGEST} characters")
    return _hasher.hash(password)


def add(store: Store, name: str, role: str, password: str, by: str) -> None:
    """A person who signs in with a password."""
    _checked(name, role)
    if find(store, name):
        raise AccountError(f"user: {name} is there already")
    _put(store, name, role, hashed(password), by)
    note(store, by, "", "user add", name, outcome="done", detail=role)


def add_token(store: Store, name: str, role: str, by: str) -> str:
    """A machine; the token, which is shown only now."""
    _checked(name, role)
    if find(store, name):
        raise AccountError(f"user: {name} is there already")
    token = secrets.token_urlsafe(32)
    _put(store, name, role, _RANDOM + hashlib.sha256(token.encode()).hexdigest(), by)
    note(store, by, "", "user add", name, outcome="done", detail=f"{role}, token")
    return f"{name}:{token}"


def change(
    store: Store, name: str, by: str, *, role: str | None = None, password: str | None = None
) -> None:
    """Another role, or another password; role GONE removes. Sessions end with it."""
    account = find(store, name)
    if account is None:
        raise AccountError(f"user: expected a name that is there, found {name!r}")
    if role is not None and role != GONE:
        _checked(name, role)
    secret = account.secret if password is None else hashed(password)
    detail = "password" if password is not None else f"{account.role} to {role}"
    _put(store, name, role or account.role, "" if role == GONE else secret, by)
    note(store, by, "", "user change", name, outcome="done", detail=detail)


def signed_in(store: Store, name: str, password: str) -> Account | None:
    """Whose password this is; it takes as long for a name that is not there."""
    account = find(store, name)
    secret = account.secret if account and not account.token else _nobody()
    try:
        _hasher.verify(secret, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return None
    return account if account and not account.token else None


def by_token(store: Store, credential: str) -> Account | None:
    """Whose token NAME:TOKEN is."""
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
) -> None:
    """Add to the audit trail."""
    deed = int(time.time()), who, address, action, object_, outcome, detail[:400]
    rows.put_deed(store.database, deed)


def trail(store: Store, before: int | None = None, limit: int = 100) -> Sequence[Done]:
    """The latest first; before: an id to go on from."""
    deeds = rows.deeds(store.database, before if before is not None else 1 << 62, limit)
    return [Done(*deed) for deed in deeds]

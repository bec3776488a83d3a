"""The address of a database server, which shows its password nowhere."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"^(\w+://[^:@/?#]*):(.*)@")
_USER = re.compile(r"^(\w+://)[^@/?#]*@")
_IN_QUERY = re.compile(r"(?i)([?&](?:ssl)?password=)([^&\s]*)")
_BETWEEN = re.compile(r"[@/?#:%&=\s]")
_SHORTEST = 3  # characters of a piece that is looked for in a message


class StoreAddress(str):
    """postgresql://…; as a text, in a format or a message it has no password. Who connects takes
    `whole`."""

    __slots__ = ()

    @property
    def whole(self) -> str:
        """With its password."""
        return str.__str__(self)

    def __str__(self) -> str:
        return hidden(self.whole)

    def __repr__(self) -> str:
        return repr(hidden(self.whole))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def hidden(address: str) -> str:
    """The address without its password."""
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1@", address))


def server(address: str) -> str:
    """The address without user and password, as messages of the server name it."""
    return _USER.sub(r"\1", hidden(address))


def whole(address: str) -> str:
    """The address with its password."""
    return address.whole if isinstance(address, StoreAddress) else address


def without_pieces(text: str, address: str) -> str:
    """A message about an address without any piece of its password: a password with @ or / in it
    is taken for a host or a database, which messages name."""
    secrets = [m[2] for m in (_PASSWORD.match(address), *_IN_QUERY.finditer(address)) if m]
    pieces = {piece for secret in secrets for piece in (secret, *_BETWEEN.split(secret))}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= _SHORTEST:
            text = text.replace(piece, "***")
    return text

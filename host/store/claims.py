"""Who may write figures: nobody writes over what somebody else has written meanwhile.

Figures are computed from what was read before, outside of any transaction. So whoever writes
them first claims them. SQLite has one writer at a time, and any other that wrote since makes a
claim fail. PostgreSQL may have many, on many machines: a claim is of platforms, and fails where
one of them has another version than it was read with. The version is xmin, the transaction that
wrote a row last; each write of figures writes the rows of its platforms. Who closes a month
claims all: none is under way then whose rows would come below the closing's last id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from .database import Database

_BOOK = 0x51_59_42_6F  # the lock of the book, among those of PostgreSQL that have no table
_AT_ONCE = 400  # names in one query


class Lost(Exception):
    """Somebody else has written figures since they were read."""


def stamp(db: Database) -> int:
    """Another one whenever figures were written."""
    return int(db.query("SELECT stamp FROM book WHERE one=1")[0][0])


@contextmanager
def of(db: Database, before: int, versions: Mapping[str, str]) -> Iterator[None]:
    """Within a transaction, its writes. versions: bin → version of its record, "" for none;
    Lost where one is another now, or the stamp where the engine keeps no versions."""
    if not db.has_versions:
        with of_all(db, before):
            yield
        return
    db.hold(_BOOK, alone=False)
    bins = sorted(versions)
    for at in range(0, len(bins), _AT_ONCE):
        _claim(db, bins[at : at + _AT_ONCE], versions)
    yield
    # Last: whoever else commits waits for this row.
    db.many("UPDATE book SET stamp=stamp+1 WHERE one=?", [(1,)])


@contextmanager
def of_all(db: Database, before: int) -> Iterator[None]:
    """Within a transaction, its writes; Lost when the stamp is another one than before."""
    db.hold(_BOOK, alone=True)
    query = f"SELECT stamp FROM book WHERE one=1{db.locking()}"  # noqa: S608
    if db.query(query)[0][0] != before:
        raise Lost
    db.many("UPDATE book SET stamp=? WHERE one=1", [(before + 1,)])
    yield


def alone(db: Database) -> None:
    """Within a transaction: nobody else's write of figures is under way until it ends."""
    db.hold(_BOOK, alone=True)


def _claim(db: Database, bins: Sequence[str], versions: Mapping[str, str]) -> None:
    """Lock the rows of platforms, each as it was read. A platform that has none gets one, which
    who does the same at once waits for."""
    marks = ",".join("?" * len(bins))
    sql = f"SELECT bin, {db.row_version} FROM platform WHERE bin IN ({marks}) "  # noqa: S608
    found = dict(db.query(f"{sql}ORDER BY bin{db.locking()}", bins))
    if any(versions[bin_] != found.get(bin_, "") for bin_ in bins):
        raise Lost
    new = [bin_ for bin_ in bins if bin_ not in found]
    if new:
        values = ",".join(["(?,'','',-1)"] * len(new))
        into = "INSERT INTO platform (bin, device, made_with, booked) VALUES"
        made = db.query(f"{into} {values} ON CONFLICT (bin) DO NOTHING RETURNING bin", new)
        if len(made) != len(new):
            raise Lost

"""SQL of months of points, trucks and weighbridges, as they were last computed."""

from __future__ import annotations

from collections.abc import Mapping

from . import Store


def replace(store: Store, month: str, made: int, after: int, bodies: Mapping[str, str]) -> None:
    """Let these (scope → document) be all of a month. made: Unix seconds; after: how many rows of
    transfers there were."""
    with store.database.transaction():
        sql = "SELECT scope FROM reconciled WHERE month=?"
        before = {str(row[0]) for row in store.database.query(sql, (month,))}
        gone = [(month, scope) for scope in sorted(before - bodies.keys())]
        store.database.remove("reconciled", "month, scope", gone)
        # Two may do this at once: each row then takes the place of the other's.
        rows = [(month, scope, made, after, bodies[scope]) for scope in sorted(bodies)]
        columns = "month, scope, made, after, body"
        store.database.insert("reconciled", columns, rows, key="month, scope")


def find(store: Store, month: str, scope: str) -> tuple[int, int, str] | None:
    """(made, after, document) of a month; None where it was not computed for the scope."""
    sql = "SELECT made, after, body FROM reconciled WHERE month=? AND scope=?"
    rows = store.database.query(sql, (month, scope))
    return (int(rows[0][0]), int(rows[0][1]), str(rows[0][2])) if rows else None


def months(store: Store, scope: str) -> list[str]:
    """Those that were computed for a scope, the latest first."""
    sql = "SELECT month FROM reconciled WHERE scope=? ORDER BY month DESC"
    return [str(row[0]) for row in store.database.query(sql, (scope,))]

"""What follows from the figures for a district, a city and a country, with the arithmetic."""

from __future__ import annotations

import math

from bench_host.report import number

PLATFORMS, A_DAY = 15_000, 300  # readings of a platform: every five minutes, and at changes
PEAK = 10  # times the mean: all points of a district are open in the same hours
DISTRICTS, CITIES = 16, 57  # of a city; by inhabitants 1,412 M ÷ 24.9 M
DAY_S = 86_400

Line = tuple[str, str, str]  # what, arithmetic, result


def lines(m: dict[str, float]) -> list[Line]:
    """m: one_s, array_s (readings/s), cpu_us, wire, waiting, sqlite, parquet (bytes), pg_s,
    pg_us, server_us, figures (bytes of a platform and day); those that were measured."""
    day = PLATFORMS * A_DAY
    mean = day / DAY_S
    peak = PEAK * mean
    out: list[Line] = [
        (
            "readings of a district",
            f"{PLATFORMS:,} platforms × {A_DAY} a day; ÷ 86,400; × {PEAK} at peak",
            f"{day:,} a day; {number(mean)}/s; {number(peak)}/s",
        )
    ]

    def line(what: str, how: str, result: str, *needs: str) -> None:
        if all(key in m for key in needs):
            out.append((what, how.format(**{k: number(v) for k, v in m.items()}), result))

    def of(key: str) -> float:
        return m.get(key, 1.0)

    line(
        "of the peak of a district that one process takes",
        f"{{one_s}}/s ÷ {number(peak)}/s",
        f"{number(of('one_s') / peak)} times",
        "one_s",
    )
    line(
        "a core that ingest keeps busy, mean",
        f"{number(mean)}/s × {{cpu_us}} µs",
        f"{number(mean * of('cpu_us') / 1e4)} %",
        "cpu_us",
    )
    line(
        "a day's backlog, in arrays of 32",
        f"{day:,} ÷ {{array_s}}/s",
        f"{number(day / of('array_s'))} s",
        "array_s",
    )
    line(
        "network into the broker, district",
        f"{{wire}} bytes × {day:,}; × 8 ÷ 86,400",
        f"{number(of('wire') * day / 1e6)} MB a day; {number(of('wire') * mean * 8 / 1e3)} kbit/s",
        "wire",
    )
    line(
        "memory of the broker for an hour of standstill at peak",
        f"{{waiting}} bytes × {number(peak)}/s × 3,600",
        f"{number(of('waiting') * peak * 3600 / 1e6)} MB",
        "waiting",
    )
    for key, name in (("sqlite", "SQLite"), ("parquet", "Parquet")):
        year = of(key) * day * 365 / 1e9
        line(
            f"disk for a year, {name}",
            f"{{{key}}} bytes × {day:,} × 365",
            f"{number(year)} GB; city × {DISTRICTS}: {number(year * DISTRICTS)} GB",
            key,
        )
    year = of("figures") * PLATFORMS * 365 / 1e9
    line(
        "disk for a year of figures, with what restating them needs",
        f"{{figures}} bytes × {PLATFORMS:,} × 365",
        f"{number(year)} GB; city × {DISTRICTS}: {number(year * DISTRICTS)} GB",
        "figures",
    )
    for name, times in (("city", DISTRICTS), ("country", DISTRICTS * CITIES)):
        top = peak * times
        line(
            f"processes for the peak of a {name}, PostgreSQL",
            f"{number(peak)}/s × {times} ÷ {{pg_s}}/s",
            f"{math.ceil(top / of('pg_s'))} ({number(top)}/s)",
            "pg_s",
        )
        line(
            f"cores for the peak of a {name}, PostgreSQL",
            f"{number(top)}/s × {{pg_us}} µs, and × {{server_us}} µs in the server",
            f"{number(top * of('pg_us') / 1e6)} and {number(top * of('server_us') / 1e6)}",
            *("pg_us", "server_us"),
        )
    return out

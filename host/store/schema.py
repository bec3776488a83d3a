"""The steps by which the tables came, in their order."""

from __future__ import annotations

from . import chains, label_codes

# Schema n: the first n of these were run; beside each the tables that are only added to.
STEPS = (
    ("schema.sql", ()),
    ("calibrations.sql", ("weighed", "calibration", "correction", "restatement")),
    ("figures.sql", ("figure",)),
    ("hazard.sql", ()),
    ("book.sql", ("platform_day", "platform_day_events", "closing")),
    ("delivery.sql", ("alarm_delivery",)),
    ("serve.sql", ("account", "audit")),
    ("report_intervals.sql", ("report_interval",)),
    ("refused.sql", ()),
    ("chains.sql", ()),  # and what AFTER does
    ("growth.sql", ()),
    ("deferred.sql", ()),
    ("labels.sql", ()),  # and what AFTER does
    ("lifts.sql", ("lift",)),
    ("forecasts.sql", ()),
    ("scopes.sql", ()),
    ("reconciled.sql", ()),
    ("standings.sql", ()),
    ("day_sums.sql", ()),
    ("step_events.sql", ()),
    ("alarm_pages.sql", ()),
    ("card_ids.sql", ()),
)
AFTER = {
    "chains.sql": chains.begin,
    "labels.sql": label_codes.begin,
}  # what a step does beside its SQL
VERSION = len(STEPS)

"""What this firmware is: its version, and what its channels say of themselves."""

# The host job has the same: host/common/project.py.
VERSION = "0.2.0"


def describe(ch):
    """What a channel is, and by which calibration it weighs now."""
    entry = {"kind": ch.kind, "unit": ch.unit}
    if ch.calibration:
        entry.update(table(ch.calibration))
        entry["calibration"] = entry.pop("id")
        entry["calibrated"] = entry.pop("date")
        if ch.since is not None:
            entry["since"] = ch.since
        if ch.tracking.shift:
            entry["zero_tracked"] = ch.tracking.shift
    return entry


def table(cal):
    """A calibration as it stands in a configuration."""
    out = {"id": cal.id, "date": cal.date, "zero": cal.zero, "counts_per_kg": cal.counts_per_kg}
    if cal.zero_per_c or cal.span_ppm_per_c:
        out["t_c"] = cal.t_c
        out["zero_per_c"] = cal.zero_per_c
        out["span_ppm_per_c"] = cal.span_ppm_per_c
    return out

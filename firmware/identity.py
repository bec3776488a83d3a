"""What this firmware is: its version; and a calibration as others see it."""

# The host job has the same: host/common/project.py.
VERSION = "0.2.0"


def table(cal):
    """A calibration as it stands in a configuration."""
    out = {"id": cal.id, "date": cal.date, "zero": cal.zero, "counts_per_kg": cal.counts_per_kg}
    if cal.zero_per_c or cal.span_ppm_per_c:
        out["t_c"] = cal.t_c
        out["zero_per_c"] = cal.zero_per_c
        out["span_ppm_per_c"] = cal.span_ppm_per_c
    return out

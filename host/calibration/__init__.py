"""Calibration with known weights: guide, fit, verdict; and corrections afterwards."""

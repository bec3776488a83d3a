"""Calibration with known weights: session, fit, verdict; and later corrections."""

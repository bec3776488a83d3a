"""Platforms with a planted fault and usual traffic: what their standing says, and when."""

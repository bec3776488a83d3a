"""Planted faults among points, trucks and weighbridges: which are found, and what is found of
nothing."""

"""How right the kilograms are: seeded days of many kinds, the filter and the engine on
them, what others do on the same counts, and all of it held against the truth."""

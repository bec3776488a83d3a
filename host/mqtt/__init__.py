"""The broker: where it is, how it is spoken to, and what boards say through it."""

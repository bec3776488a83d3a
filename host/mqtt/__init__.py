"""The broker: its address, sessions with it, and the state of boards from their messages."""

"""Runs of the larger subcommands, apart from their options: their modules and libraries take
time to load, and only the subcommand that runs loads them."""

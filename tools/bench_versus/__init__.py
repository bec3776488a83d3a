"""This build beside an earlier one."""

"""Figures made by several machines: the shares of rollup.shares on a cluster of Dask.

Scheduler and workers run by Dask's own commands (`dask scheduler`, `dask worker`). What goes over
the scheduler is names of boards, and counts. Each worker reads the address of the store and the
registry from its own configuration, as every command does, and writes its own transactions."""

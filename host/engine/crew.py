"""Gives shares of an update to the workers of a scheduler of Dask, and waits for what they did.

A worker is met before it gets a share: whether it has the same software, registry and store. One
that has not gets none, and a line says why. Dask gives a share to another worker when one is gone;
a share that was done twice is the same as once (see rollup.shares). Every wait has an end."""

from __future__ import annotations

import itertools
import queue
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

import msgspec
from distributed import Client, Future, KilledWorker

from ..common.errors import OutsideError, UserError
from ..rollup.day_figures import Done
from ..rollup.shares import Share, Update
from . import sent, worker
from .address import Engine

CONNECT_S = 10.0  # for the scheduler to answer
COME_S = 30.0  # for a worker to come, at the beginning and after all have gone
STILL_S = 900.0  # for a share to be done
_LOOK_S = 2.0
_AHEAD = 3  # shares given to each thread of a worker, done or not


class _Given(msgspec.Struct):
    """What a worker was asked: a share, or, without one, whether it may take any."""

    workers: frozenset[str]
    share: Share | None = None


class Crew:
    """Workers of a scheduler. here: what they have to have like this machine (see worker.meet)."""

    def __init__(
        self, client: Client, engine: Engine, here: Mapping[str, Any], update: Update
    ) -> None:
        self._client, self._engine = client, engine
        self._key, self._call = uuid.uuid4().hex, sent.caller()
        self._installed = (
            f"qingyun {here['software']['version']} with its extras postgres and engine"
        )
        self._here, self._update = dict(here), msgspec.to_builtins(update)
        self._threads: dict[str, int] = {}  # of the workers that are there
        self._good: set[str] = set()
        self.refused: dict[str, str] = {}  # worker → why
        self._given: dict[Future, _Given] = {}
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._numbers = itertools.count()

    def all(self, shares: list[Share]) -> Iterator[tuple[Share, Done]]:
        """Give shares away; each with what was done, in the order in which they come back."""
        waiting = shares[::-1]
        looked, came, told = 0.0, time.monotonic(), time.monotonic()
        while waiting or any(given.share for given in self._given.values()):
            now = time.monotonic()
            if now > looked + _LOOK_S:
                self._look(waiting)
                looked = now
            if self._good:
                came = now
            elif now > came + COME_S:
                raise self._nobody()
            if now > told + STILL_S:
                raise OutsideError(f"{self._engine}: no share was done for {STILL_S:.0f} s")
            self._give(waiting)
            for future, given in self._answered():
                done = self._answer(future, given)
                if done is not None and given.share is not None:
                    told = time.monotonic()
                    yield given.share, done
                elif given.share is not None:
                    waiting.append(given.share)

    def _look(self, waiting: list[Share]) -> None:
        """Who is there now: meet those who came, take back what those had who are gone."""
        ask = self._client.scheduler.ncores
        try:
            self._threads = dict(self._client.sync(ask, callback_timeout=CONNECT_S))
        except (OSError, TimeoutError, CancelledError):
            raise self._gone() from None
        there = set(self._threads)
        self._good &= there
        asked = {w for g in self._given.values() if g.share is None for w in g.workers}
        for name in there - self._good - self.refused.keys() - asked:
            future = self._submit(worker.meet, self._key, self._here, workers=[name])
            self._given[future] = _Given(frozenset([name]))
        for future, given in list(self._given.items()):
            if not given.workers & there:
                del self._given[future]
                future.cancel(force=True)
                if given.share is not None:
                    waiting.append(given.share)

    def _give(self, waiting: list[Share]) -> None:
        room = _AHEAD * sum(self._threads.get(name, 0) for name in self._good)
        room -= sum(given.share is not None for given in self._given.values())
        for _ in range(min(room, len(waiting))):
            share = waiting.pop()
            arguments = self._key, self._here, self._update, share.boards
            future = self._submit(worker.take, *arguments, workers=list(self._good))
            self._given[future] = _Given(frozenset(self._good), share)

    def _submit(self, what: Any, *arguments: Any, workers: list[str]) -> Future:
        """A task for one of these workers."""
        key = f"qingyun-{what.__name__}-{self._key[:8]}-{next(self._numbers)}"
        sent_along = what.__module__, what.__name__, arguments
        only = {"workers": workers, "allow_other_workers": False}
        future = self._client.submit(self._call, *sent_along, key=key, pure=False, **only)
        future.add_done_callback(self._done.put)
        return future

    def _answered(self) -> Iterator[tuple[Future, _Given]]:
        """What has come back since, after a short wait for the first."""
        wait = 0.5
        while True:
            try:
                future = self._done.get(timeout=wait)
            except queue.Empty:
                return
            wait = 0.0
            if (given := self._given.pop(future, None)) is not None:
                yield future, given

    def _answer(self, future: Future, given: _Given) -> Done | None:
        """What was done of a share; None where it was not, or a worker was met."""
        if future.status != "finished":
            self._failed(future, given)
            return None
        try:
            answer, cannot = future.result(timeout=CONNECT_S)
        except (OSError, TimeoutError, CancelledError):  # it went with the worker that had it
            return None
        if given.share is None:
            (name,) = given.workers
            machine, why = answer or ("", f"{cannot}: install {self._installed} there")
            if why:
                self._refuse(name, machine, why)
            else:
                self._good.add(name)
            return None
        if isinstance(answer, str):
            raise OutsideError(f"{self._engine}: a worker: {answer}")
        if answer is None:  # another worker now than the one that was met there
            self._good -= given.workers
            return None
        return Done(*answer)

    def _failed(self, future: Future, given: _Given) -> None:
        if future.status != "error":  # cancelled: the scheduler has lost it
            if self._client.status != "running":
                raise self._gone()
            return
        try:
            error = future.exception(timeout=CONNECT_S)
        except (OSError, TimeoutError, CancelledError):
            return
        if given.share is None:
            (name,) = given.workers
            if not isinstance(error, KilledWorker):
                self._refuse(name, "", f"cannot be met: {_line(error)}")
            return
        if isinstance(error, KilledWorker):
            boards = ", ".join(given.share.boards[:3])
            raise OutsideError(
                f"{self._engine}: worker after worker died with the share of {boards} …: expected "
                "memory for it; the log of the workers says more"
            )
        raise OutsideError(f"{self._engine}: a worker: {_line(error)}")

    def _refuse(self, name: str, machine: str, why: str) -> None:
        at = f"{name} ({machine})" if machine else name
        self.refused[name] = f"{self._engine}: the worker {at} is left out: it {why}"
        print(f"qingyun: warning: {self.refused[name]}", file=sys.stderr)

    def _gone(self) -> OutsideError:
        return OutsideError(
            f"{self._engine}: the scheduler is gone; what was written stays, run the command again"
        )

    def _nobody(self) -> OutsideError | UserError:
        if self.refused:
            return UserError(
                f"{self._engine}: no worker that may take part came within {COME_S:.0f} s"
            )
        return OutsideError(
            f"{self._engine}: no worker came within {COME_S:.0f} s; expected one started by "
            f"dask worker {self._engine.of_dask}"
        )


def _line(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


@contextmanager
def connected(engine: Engine) -> Iterator[Client]:
    """A client of the scheduler; OutsideError where it does not answer."""
    import logging  # noqa: PLC0415
    import warnings  # noqa: PLC0415

    from distributed.security import Security  # noqa: PLC0415

    security = None
    if engine.files:
        ca, certificate, key = map(str, engine.files)
        security = Security(
            tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key, require_encryption=True
        )
    for name in [n for n in logging.root.manager.loggerDict if n.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # one line of ours says it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions, which we compare ourselves
        try:
            client = Client(
                engine.of_dask, timeout=CONNECT_S, security=security, set_as_default=False
            )
        except (OSError, TimeoutError, ValueError) as error:
            text = str(error).partition("\n")[0]
            raise OutsideError(
                f"{engine}: {text}; expected a scheduler started by dask scheduler"
            ) from None
        try:
            yield client
        finally:
            client.close(timeout=CONNECT_S)

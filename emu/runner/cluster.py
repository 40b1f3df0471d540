"""Calls carried out by the workers of a Dask cluster that is there already (`dask scheduler`, `dask worker --nthreads 1`).

A worker says which emu it has before it answers: one of another version would give other results. Dask gives a call whose worker
has died to another one; as it cannot tell which of the calls that a worker had was at fault, one that it gives up has another
chance by itself.
"""

import asyncio
import concurrent.futures
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from emu.errors import UserError
from emu.processes import POLL_SECONDS
from emu.runner.executor import parted
from emu.runner.outcome import C, Function, Outcome, R, ShouldStop, Stopped, WorkerLost, never, outcome_of
from emu.sources import code_digest

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEMES = ("tcp://", "tls://", "ucx://", "ws://")
LOGGERS = ("distributed", "distributed.client", "distributed.comm", "distributed.core")
GONE = "the scheduler has gone away"
CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)  # what its calls are then, by where it is noticed
FAILED = ("error", "cancelled")
CONNECT_SECONDS = 10
WORKERLESS_SECONDS = 30  # after which a cluster that has no workers any more is given up
_one_at_a_time = threading.Lock()  # an emulated machine is a process's only one


@dataclass(frozen=True, slots=True)
class OtherCode:
    """What a worker says instead of an answer: its emu is another one."""

    digest: str


def answer(code: str, function: Function[C, R], call: C) -> Outcome[R] | OtherCode:
    """Carry a call out in a worker whose emu is the one with the digest `code`."""
    if code_digest() != code:
        return OtherCode(code_digest())
    with _one_at_a_time:
        return outcome_of(function, call, never)


class Cluster:
    """The workers of a scheduler at an address such as tcp://node7:8786."""

    elsewhere = True

    def __init__(self, address: str) -> None:
        """Find the scheduler and look at each worker's emu, or say in a `UserError` why there is no use in going on."""
        self.address = address
        self._client = _connected(address)
        try:
            self.width = len(self._check())
        except BaseException:
            self.close()
            raise

    def run(
        self, function: Function[C, R], calls: Sequence[C], should_stop: ShouldStop = never, waves: Sequence[int] = ()
    ) -> Iterator[tuple[int, Outcome[R]]]:
        """See `Executor`."""
        for numbers in parted(len(calls), waves):
            suspects: list[int] = []
            for number, outcome in self._together(function, calls, numbers, should_stop):
                if isinstance(outcome.error, WorkerLost):
                    suspects.append(number)
                else:
                    yield number, outcome
            for suspect in suspects:
                yield from self._together(function, calls, [suspect], should_stop)

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self._client.close(timeout=CONNECT_SECONDS)

    def _check(self) -> Mapping[str, object]:
        """What each worker says of its emu; one of another is refused."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise self._error("the scheduler has no workers; start some with `dask worker ADDRESS --nthreads 1`") from None
        found: Mapping[str, object] = self._client.run(code_digest, on_error="return")
        wrong = {worker: said for worker, said in found.items() if said != code_digest()}
        for worker, said in wrong.items():
            what = f"has another emu, {said}" if isinstance(said, str) else f"has no such emu ({said})"
            others = f" (and {len(wrong) - 1} more workers)" if len(wrong) > 1 else ""
            raise self._error(f"the worker {worker} {what}; here it is {code_digest()}{others}: install the same there")
        return found

    def _together(
        self, function: Function[C, R], calls: Sequence[C], numbers: Sequence[int], should_stop: ShouldStop
    ) -> Iterator[tuple[int, Outcome[R]]]:
        """Hand calls over all at once. What was not heard of when the caller leaves is given up."""
        asked = partial(answer, code_digest(), function)
        futures = self._client.map(asked, [calls[number] for number in numbers], pure=False)
        left: dict[str, int] = {future.key: number for future, number in zip(futures, numbers, strict=True)}
        done: SimpleQueue[Future] = SimpleQueue()
        for future in futures:
            future.add_done_callback(done.put)
        self._alive = time.monotonic()
        try:
            while left:
                for future, outcome in self._outcomes(_available(done), should_stop):
                    yield left.pop(future.key), outcome
                self._look(should_stop)
        except OSError as error:
            raise self._error(f"{GONE}: {error}") from None
        finally:
            with suppress(OSError):
                self._client.cancel([each for each in futures if each.key in left])

    def _look(self, should_stop: ShouldStop) -> None:
        """Give up if the caller wants to, or if there is nobody any more who could answer."""
        if should_stop():
            raise Stopped
        known = self._client.scheduler_info()
        if "workers" not in known:
            raise self._error(GONE)
        if known["workers"]:
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > WORKERLESS_SECONDS:
            raise self._error("it has no workers any more")

    def _fetched(self, answered: "list[Future]", should_stop: ShouldStop) -> list[Any]:
        """Their answers. Those of a worker that has died since are waited for until another one has made them anew."""
        answers = self._client.gather(answered, asynchronous=True)
        waiting = asyncio.run_coroutine_threadsafe(answers, self._client.loop.asyncio_loop)
        while True:
            try:
                return list(waiting.result(POLL_SECONDS))
            except TimeoutError:
                self._look(should_stop)
            except CANCELLED:
                raise self._error(GONE) from None

    def _outcomes(self, ready: "list[Future]", should_stop: ShouldStop) -> "Iterator[tuple[Future, Outcome[Any]]]":
        """What came of calls that are done."""
        from distributed import KilledWorker

        failed = [each for each in ready if each.status in FAILED]
        answered = [each for each in ready if each not in failed]
        try:
            answers = self._fetched(answered, should_stop)
        except KilledWorker:  # who made one of them anew: its future says so by now
            yield from self._outcomes(ready, should_stop)
            return
        for future, said in zip(answered, answers, strict=True):
            if isinstance(said, OtherCode):
                raise self._error(f"a worker has another emu, {said.digest}; here it is {code_digest()}: install the same there")
            yield future, said
        for future in failed:
            if future.status == "cancelled":
                raise self._error(GONE)
            if not isinstance(error := future.exception(), KilledWorker):
                raise self._error(f"a worker could not be asked: {type(error).__name__}: {error}")
            yield future, Outcome(error=WorkerLost("the workers that had it have died, again and again"))

    def _error(self, what: str) -> UserError:
        return UserError(f"--cluster {self.address}: {what}")


def _connected(address: str) -> "Client":
    """A client of the scheduler there."""
    try:
        from distributed import Client
    except ImportError:
        raise UserError("--cluster needs the package distributed: pip install 'emu[cluster]'") from None
    if re.fullmatch(r"\w+://[^:/]+:\d+", address) is None or not address.startswith(SCHEMES):
        raise UserError(f"--cluster must be the address of a scheduler, such as tcp://node7:8786, not {address!r}")
    for name in LOGGERS:  # what there is to say, messages here say
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise UserError(f"--cluster {address}: no scheduler answers there: {error}; start one with `dask scheduler`") from None


def _available(done: "SimpleQueue[Future]") -> "list[Future]":
    """All that is done by now, after a while at the latest."""
    ready: list[Future] = []
    try:
        ready.append(done.get(timeout=POLL_SECONDS))
        while True:
            ready.append(done.get_nowait())
    except Empty:
        return ready

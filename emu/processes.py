"""Worker processes that do not outlive their parent and leave Ctrl-C to it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

R = TypeVar("R")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.2  # how often a wait looks for a wish to stop


def host_cores() -> int:
    """How many cores of the host this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of new processes; when the block is left by an exception they are ended at once, whatever they are doing."""
    # New ones: a copy of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_the_parent) as pool:
        try:
            yield pool
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.kill()  # they heed no milder signal: `without_interrupts`
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def submit(pool: ProcessPoolExecutor, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]) -> list[Future[R]]:
    """Hand out calls; Ctrl-C waits until the processes are there."""
    with without_interrupts():
        return [pool.submit(function, *call) for call in calls]


class Stopped(Exception):
    """Occurs when the caller of `results` asked to stop: it leaves the pool in a way that ends its processes at once."""


def results(
    pool: ProcessPoolExecutor,
    function: Callable[..., R],
    calls: Iterable[tuple[Any, ...]],
    should_stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[R]:
    """What calls give, in their order; `progress` hears how many are done. `should_stop` is asked all the while."""
    futures = submit(pool, function, calls)
    for future in futures:
        while not future.done():
            wait([each for each in futures if not each.done()], POLL_SECONDS, FIRST_COMPLETED)
            progress(sum(each.done() for each in futures))
            if should_stop():
                raise Stopped
        yield future.result()


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Signals that end a program wait until the block is left; processes that it begins inherit that: they answer none of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_parent() -> None:
    """A parent that a signal ends (SIGTERM, SIGPIPE, SIGKILL) cannot tell its processes, and they would wait for ever."""

    def watch() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

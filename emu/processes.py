"""Worker processes that do not outlive their parent and leave Ctrl-C to it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

R = TypeVar("R")


def host_cores() -> int:
    """How many cores of the host this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of new processes; when the block is left by an exception they are ended at once."""
    # New ones: a copy of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_the_parent) as pool:
        try:
            yield pool
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def submit(pool: ProcessPoolExecutor, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]) -> list[Future[R]]:
    """Hand out calls; Ctrl-C waits until the processes are there."""
    with without_interrupts():
        return [pool.submit(function, *call) for call in calls]


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Ctrl-C waits until the block is left; processes that it begins inherit that: it is never theirs to answer."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
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

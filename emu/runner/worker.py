"""A process that carries calls out for another one."""

import multiprocessing
import os
import pickle
import threading
from multiprocessing.connection import Connection
from typing import Any

from emu.errors import InternalError
from emu.runner.outcome import Outcome, never, outcome_of


def serve(connection: Connection) -> None:
    """Carry out what is asked until nobody asks any more. An import, compiled code and what was assembled last stay loaded."""
    _end_with_the_parent()
    while True:
        try:
            function, call = connection.recv()
        except EOFError:
            return
        outcome = outcome_of(function, call, never)
        try:
            connection.send_bytes(_packed(outcome))
        except BrokenPipeError:  # whoever asked has gone
            return


def _packed(outcome: Outcome[Any]) -> bytes:
    try:
        return pickle.dumps(outcome)
    except Exception as error:  # what it is that cannot be sent is a fault of emu's
        return pickle.dumps(Outcome[Any](error=InternalError(f"a result cannot be sent: {type(error).__name__}: {error}")))


def _end_with_the_parent() -> None:
    """A parent that a signal ends (SIGTERM, SIGPIPE, SIGKILL) cannot tell its processes, and they would go on with what they do."""

    def watch() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

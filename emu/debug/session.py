"""A machine with a port for a debugger: waits for one, serves it, and says how it left."""

import socket
from collections.abc import Callable

from emu.debug.connection import HOST, Connection, Gone
from emu.debug.debugged import Debugged, Knowledge
from emu.debug.debugger import Debugger, Left
from emu.debug.packets import Garbage
from emu.errors import UserError


def serve(
    target: Debugged, guest: Knowledge, listener: socket.socket, should_stop: Callable[[], bool], tell: Callable[[str], None]
) -> Left:
    """Wait for one debugger on a socket, and serve it until it leaves."""
    port = listener.getsockname()[1]
    try:
        listener.listen(1)
        tell(f"the machine stands; gdb -ex 'target remote {HOST}:{port}' debugs it")
        connection = Connection(listener, should_stop)
    finally:
        listener.close()
    try:
        return Debugger(target, connection, guest).serve()
    except Gone:
        return Left.GONE
    except Garbage as error:
        raise UserError(f"--gdb {port}: {error}") from None
    finally:
        connection.close()

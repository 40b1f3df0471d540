"""A debugger that is attached: its packets, answered. Source: GDB's manual, appendix E (Remote Protocol)."""

import re
from collections.abc import Callable
from enum import Enum

from emu.boot.looks import Access
from emu.debug.connection import Connection
from emu.debug.debugged import Debugged, Knowledge, Reason, Stop
from emu.debug.files import Files
from emu.debug.monitor import Monitor
from emu.debug.packets import PACKET_MAX
from emu.debug.points import ACCESSES, HARDWARE, LINE, READS, WRITES, NotMapped, Point, Points, TooMany
from emu.debug.registers import REGISTERS, description

SUPPORTED = (
    b"PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;qXfer:exec-file:read+;vContSupported+;swbreak+;hwbreak+"
) % PACKET_MAX
BACKWARDS = b";ReverseStep+;ReverseContinue+"
OK, NOT_KNOWN = b"OK", b""
MALFORMED, BAD_ADDRESS, NO_ROOM, NO_THREAD = b"E16", b"E0e", b"E1c", b"E03"  # errno's numbers
TRAP, INTERRUPTED = 5, 2  # signals
WATCHED = {WRITES: b"watch", READS: b"rwatch", ACCESSES: b"awatch"}
BEGUN_AT = re.compile(rb"read:[^:]*:([0-9a-f]+),([0-9a-f]+)")
WRITES_REFUSED = b"E.the run is a fixed one that can be gone back in: emu changes neither memory nor registers"


class Left(Enum):
    """How a debugger has left."""

    DETACHED = "it detached"
    KILLED = "it killed the machine"
    GONE = "its connection is closed"


class Debugger:
    """Answers the packets of one connection until the debugger leaves."""

    def __init__(self, target: Debugged, connection: Connection, guest: Knowledge) -> None:
        """The machine stands; threads are its cores, numbered from 1."""
        self._target, self._connection, self._guest = target, connection, guest
        self._points = Points(target)
        self._monitor = Monitor(target, guest, self._points)
        self._files = Files(guest.file_name, guest.file)
        self._cores = target.cores
        self._looked_at = self._resumed = target.stop.core
        self._thread_list: list[int] = []
        self._answers: list[tuple[bytes, Callable[[bytes], bytes]]] = [
            (b"qSupported", lambda rest: SUPPORTED + (BACKWARDS if target.goes_back else b"")),
            (b"QStartNoAckMode", self._no_acknowledges),
            (b"qXfer:features:", lambda rest: self._part(rest, description())),
            (b"qXfer:exec-file:", lambda rest: self._part(rest, guest.file_name.encode()) if self._files.there else b"E02"),
            (b"qfThreadInfo", lambda rest: b"m" + b",".join(b"%x" % (each + 1) for each in range(self._cores))),
            (b"qsThreadInfo", lambda rest: b"l"),
            (b"qThreadExtraInfo,", lambda rest: self._guest.core(self._thread(rest)).encode().hex().encode()),
            (b"qC", lambda rest: NOT_KNOWN if rest else b"QC%x" % (self._looked_at + 1)),
            (b"qAttached", lambda rest: b"1"),
            (b"qSymbol:", lambda rest: OK),
            (b"qRcmd,", self._command),
            (b"vCont?", lambda rest: b"vCont;c;C;s;S"),
            (b"vCont;", self._continue),
            (b"vFile:", self._files.answer),
            (b"?", lambda rest: self._stopped(target.stop)),
            (b"H", self._choose),
            (b"T", lambda rest: OK if 0 <= self._thread(rest) < self._cores else NO_THREAD),
            (b"g", lambda rest: b"".join(self._register(number) for number in range(len(REGISTERS)))),
            (b"p", lambda rest: self._register(int(rest, 16))),
            (b"m", self._read),
            (b"Z", lambda rest: self._set(rest, self._insert)),
            (b"z", lambda rest: self._set(rest, self._points.remove)),
            (b"bc", lambda rest: self._stopped(target.go_back(connection.interrupted))),
            (b"bs", lambda rest: self._stopped(target.step_back(self._resumed, connection.interrupted))),
            (b"c", lambda rest: self._stopped(target.go_on(connection.interrupted))),
            (b"s", lambda rest: self._stopped(target.go_on(connection.interrupted, self._resumed))),
            *((name, lambda rest: WRITES_REFUSED) for name in (b"G", b"P", b"M", b"X")),
        ]

    def serve(self) -> Left:
        """Answer until it leaves."""
        while True:
            packet = self._connection.packet()
            if packet[:1] == b"D":
                self._connection.send(OK)
                return Left.DETACHED
            if packet == b"k" or packet.startswith(b"vKill"):
                if packet != b"k":
                    self._connection.send(OK)
                return Left.KILLED
            self._connection.send(self._answer(packet))

    def _answer(self, packet: bytes) -> bytes:
        for name, answer in self._answers:
            if packet.startswith(name):
                try:
                    return answer(packet[len(name) :])
                except (ValueError, IndexError, OverflowError):
                    return MALFORMED
        return NOT_KNOWN

    def _no_acknowledges(self, rest: bytes) -> bytes:
        self._connection.acknowledges = False
        return OK

    @staticmethod
    def _part(rest: bytes, content: bytes) -> bytes:
        """A part of a document (qXfer)."""
        found = BEGUN_AT.fullmatch(rest)
        if found is None:
            return MALFORMED
        offset, size = int(found[1], 16), int(found[2], 16)
        return (b"m" if offset + size < len(content) else b"l") + content[offset : offset + size]

    @staticmethod
    def _thread(text: bytes) -> int:
        """The core of a thread's number."""
        return int(text, 16) - 1

    def _command(self, rest: bytes) -> bytes:
        text = bytes.fromhex(rest.decode()).decode("utf-8", "replace")
        return self._monitor.run(text, self._looked_at).encode().hex().encode() or OK

    def _choose(self, rest: bytes) -> bytes:
        """Hg: the thread whose registers and memory are meant; Hc: the one that takes steps; 0 and -1: any."""
        core = int(rest[1:], 16) - 1
        if core >= self._cores:
            return NO_THREAD
        if core >= 0:
            if rest[:1] == b"g":
                self._looked_at = core
            else:
                self._resumed = core
        return OK

    # registers and memory

    def _register(self, number: int) -> bytes:
        register = REGISTERS[number]
        return register.content(self._target.register(self._looked_at, register.name))

    def _read(self, rest: bytes) -> bytes:
        address, size = (int(each, 16) for each in rest.split(b","))
        content = self._target.read(self._looked_at, address, min(size, PACKET_MAX // 2 - 16))
        return content.hex().encode() or (BAD_ADDRESS if size else OK)

    def _set(self, rest: bytes, change: Callable[[Point], None]) -> bytes:
        """Insert or remove a break- or watchpoint; conditions are gdb's affair."""
        kind, address, size = (int(each, 16) for each in rest.split(b";")[0].split(b","))
        if kind > ACCESSES:
            return NOT_KNOWN
        try:
            change(Point(kind, address, size))
        except NotMapped:
            return BAD_ADDRESS
        except TooMany:
            return NO_ROOM
        return OK

    def _insert(self, point: Point) -> None:
        self._points.insert(point, self._looked_at)

    # running

    def _continue(self, rest: bytes) -> bytes:
        """Actions by thread: all cores go on, and one may take a step (the first action that fits a thread counts)."""
        stepping = None
        for action in rest.split(b";"):
            what, _, thread = action.partition(b":")
            if what[:1] not in (b"c", b"C", b"s", b"S"):
                return MALFORMED
            core = self._looked_at if thread in (b"", b"-1", b"0") else self._thread(thread)
            if not 0 <= core < self._cores:
                return NO_THREAD
            if what[:1] in (b"s", b"S"):
                stepping = core
                break
            if thread in (b"", b"-1"):
                break
        return self._stopped(self._target.go_on(self._connection.interrupted, stepping))

    def _stopped(self, stop: Stop) -> bytes:
        """Where and why the machine stands."""
        self._looked_at = self._resumed = stop.core
        signal = INTERRUPTED if stop.reason == Reason.INTERRUPT else TRAP
        return b"T%02xthread:%x;" % (signal, stop.core + 1) + self._why(stop)

    def _why(self, stop: Stop) -> bytes:
        match stop.reason:
            case Reason.BEGIN:
                return b"replaylog:begin;"
            case Reason.END:
                self._tell(self._end())
                return b"replaylog:end;"
            case Reason.PLACE:
                point = self._points.at(self._target.pc(stop.core))
                return b"hwbreak:;" if point is not None and point.kind == HARDWARE else b"swbreak:;"
            case Reason.WATCH if stop.access is not None:
                point = self._points.of(stop.access)
                if point.kind == LINE:
                    self._tell(self._moved(stop.access, point))
                    return b""
                return b"%s:%x;" % (WATCHED[point.kind], point.address)
        return b""

    def _end(self) -> str:
        return f"the run is over ({self._target.end()}); it can be gone back in, and detach ends emu with it\n"

    def _moved(self, access: Access, point: Point) -> str:
        holders = ", ".join(str(each) for each in access.holders)
        what = f"{'stores' if access.writes else 'loads'} at +{access.address % point.size:#x}"
        place = self._guest.place(access.pc)
        return f"line {point.address:#x} goes from core {holders} to core {access.core}, which {what} in {place}\n"

    def _tell(self, text: str) -> None:
        """Text for the debugger's user, who waits for the machine to stop."""
        self._connection.send(b"O" + text.encode().hex().encode())

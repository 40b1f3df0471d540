"""Words for what is in a trace record: states, causes, values, events."""

import re
from typing import Any

from emu.trace.header import TraceHeader
from emu.trace.record import Access, Cause, Kind, State, Transfer
from emu.units import line_of

STATE_LETTERS = {
    State.USER: "u",
    State.KERNEL: "k",
    State.SCHEDULER: "s",
    State.INTERRUPT: "i",
    State.LOCK_WAIT: "w",
    State.SPIN: "m",
    State.STALL: "h",
    State.IDLE: ".",
}
STATE_LEGEND = "u user, k kernel, s scheduler, i interrupt, w lock wait, m spin, h stall, . idle"
CAUSES = {
    Cause.NONE: "",
    Cause.L2_HIT: "L2",
    Cause.L3_HIT: "L3",
    Cause.SIBLING_LINE: "sibling line",
    Cause.REMOTE_LINE: "remote line",
    Cause.MEMORY: "memory",
    Cause.UPGRADE: "upgrade",
    Cause.STORE_BUFFER_FULL: "buffer full",
    Cause.STORE_BUFFER_DRAIN: "drains stores",
    Cause.STORE_FORWARD: "forwarded",
    Cause.MISPREDICT: "mispredicted",
    Cause.TLB_MISS: "TLB miss",
    Cause.LINE_BUSY: "line busy",
    Cause.MMIO: "APIC",
    Cause.SYSTEM: "system",
}
TRANSFERS = {
    Transfer.WITHIN_MODULE: "transferred within the module",
    Transfer.ACROSS_MODULES: "transferred across modules",
    Transfer.UPGRADE: "upgraded",
    Transfer.MEMORY_READ: "read from memory",
}
VECTORS = {0xFD: "reschedule", 0xEF: "local timer"}
_TARGET = re.compile(r"(call|j\w+|loop\w*) (0x[0-9a-f]+)")
_ASSIGN = {Access.LOAD: "=", Access.STORE: ":=", Access.READ_MODIFY_WRITE: "<>"}


def state_letter(state: int) -> str:
    """One letter, as the legend explains."""
    return STATE_LETTERS[State(state)] if state in STATE_LETTERS else "?"


def cause_words(cause: int) -> str:
    """Why an instruction took longer; empty for no reason."""
    return CAUSES[Cause(cause)] if cause in CAUSES else f"cause {cause}"


def short_value(value: int) -> str:
    """A value in hex; the upper half of an address that the kernel maps carries no information and is left out."""
    if value >> 32 in (0xFFFF8800, 0xFFFFFFFF):
        return f"..{value & 0xFFFFFFFF:08x}"
    return f"{value:#x}"


def short_instruction(text: str, header: TraceHeader) -> str:
    """Disassembly without what is plain from the registers; where it branches to by the routine's name."""
    target = _TARGET.fullmatch(text)
    if target is not None:
        return f"{target.group(1)} {place_words(int(target.group(2), 16), header)}"
    return text.replace("qword ptr ", "").replace(" ptr ", " ").replace(" + ", "+").replace(" - ", "-")


def shorten(name: str, width: int) -> str:
    """Leave out the middle of a name that is too long: both its ends tell it from its neighbours."""
    if len(name) <= width:
        return name
    half = (width - 2) // 2
    return f"{name[: width - 2 - half]}..{name[-half:]}"


def place_words(address: int, header: TraceHeader) -> str:
    """An address of code as ROUTINE+offset, ROUTINE alone at its beginning."""
    symbol, offset = header.symbol_at(address)
    return f"{symbol}+{offset:#x}" if offset else symbol


def memory_words(record: Any, header: TraceHeader) -> str:
    """Which object an instruction touched and the value it loaded (=), stored (:=) or changed it to (<>)."""
    access = int(record["access"])
    if access not in _ASSIGN:
        return ""
    return f"{header.object_at(int(record['address']))}{_ASSIGN[Access(access)]}{short_value(int(record['value']))}"


def instruction_words(record: Any, header: TraceHeader) -> tuple[str, str]:
    """Disassembly; and memory operand and cause, if there is anything to say."""
    text = short_instruction(header.instructions.get(int(record["pc"]), "?"), header)
    notes = memory_words(record, header), cause_words(int(record["cause"]))
    return text, "; ".join(part for part in notes if part)


def event_words(record: Any, header: TraceHeader) -> str:
    """An event as a phrase."""
    kind, detail, value, address = (int(record[name]) for name in ("kind", "detail", "value", "address"))
    lock = header.lock_name(detail)
    match kind:
        case Kind.MARK:
            return f"{header.mark_name(detail)}{_mark_value(value, header)}"
        case Kind.LOCK_ACQUIRED:
            return f"acquired {lock}" + (f" after {value} cycles" if value else "")
        case Kind.LOCK_CONTENDED:
            return f"contended {lock}: first failed attempt"
        case Kind.LOCK_RELEASED:
            return f"released {lock}, held for {value} cycles"
        case Kind.SPIN_BEGIN:
            return f"{header.spin_name(detail)} begins"
        case Kind.SPIN_END:
            return f"{header.spin_name(detail)} ends after {value} loads"
        case Kind.LINE_TRANSFER:
            how = TRANSFERS[Transfer(detail)] if detail in TRANSFERS else f"transaction {detail}"
            return f"line {header.object_at(line_of(address))} {how}, {value} cycles"
        case Kind.IPI_SENT:
            return f"IPI to core {detail}, {vector_words(value)}"
        case Kind.INTERRUPT:
            return f"interrupt, {vector_words(detail)}"
        case Kind.HALT:
            return "halts"
        case Kind.WAKE:
            return f"wakes after {value} cycles halted"
        case Kind.STALL:
            return f"stall: held at {header.mark_name(detail)} for {value} cycles"
        case Kind.STORE_DRAINED:
            return f"store visible: {header.object_at(address)}:={short_value(value)}"
        case Kind.ACCESS:
            return f"before: {memory_words(record, header)}"
    return f"event {kind}"


def _mark_value(value: int, header: TraceHeader) -> str:
    if not value:
        return ""
    task = header.task_of_pointer(value)
    return f" {header.task_name(task)}" if task is not None else f" {short_value(value)}"


def vector_words(vector: int) -> str:
    """An interrupt by its vector, and by what that is for where that is known."""
    return f"vector {vector:#x}" + (f" ({VECTORS[vector]})" if vector in VECTORS else "")

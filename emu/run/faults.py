"""What a run says when the guest goes wrong: which core, which task, where, and how it came there."""

from typing import TYPE_CHECKING

import numpy as np

from emu.engine import records as rec
from emu.guest.ram import DIRECT_MAP
from emu.native import MASK64

if TYPE_CHECKING:
    from emu.run.wiring import Wired

SHOWN = 20
PAGE_FAULT = 14
EXCEPTIONS = {
    0: "#DE",
    1: "#DB",
    3: "#BP",
    6: "#UD",
    7: "#NM",
    8: "#DF",
    10: "#TS",
    11: "#NP",
    12: "#SS",
    13: "#GP",
    14: "#PF",
}
ACCESSES = {
    16: "load",
    17: "store",
    18: "fetch",
    19: "load",
    20: "store",
    21: "fetch",
    22: "load",
    23: "store",
    24: "fetch",
}


def place(setup: "Wired", address: int) -> str:
    """Routine and offset of a virtual address, or the bare number."""
    found = setup.image.symbol_at(address & MASK64)
    return f"{address & MASK64:#x}" if found is None else f"{found[0]}+{found[1]:#x}"


def instruction(setup: "Wired", address: int) -> str:
    """Disassembly of the instruction at an address."""
    each = setup.text.decoded.get(address & MASK64)
    return "no instruction" if each is None else each.text


def task_name(setup: "Wired", index: int) -> str:
    """Name of a task by index."""
    return setup.guest.tasks[index].plan.name if index >= 0 else "idle"


def describe_fault(setup: "Wired") -> str:
    """One line for the fault, then the last instructions of the core."""
    core = setup.machine.cores[int(setup.machine.record["outcome_core"][0])]
    pc = int(core["pc"])
    kind, code, address = int(core["fault"]), int(core["fault_code"]), int(core["fault_address"])
    if kind == rec.FAULT_FETCH:
        what = f"jump to {place(setup, address)}, where there is no code"
    elif kind == rec.FAULT_MEMORY:
        what = f"{ACCESSES.get(code, 'access')} at {address & MASK64:#x}, which is not mapped or not allowed"
    elif kind == rec.FAULT_EXCEPTION:
        what = _exception(setup, int(core["index"]), code)
    else:
        what = f"the core stopped without a reason (Unicorn error {code})"
    if (pool := _exhausted(setup, int(core["index"]), pc)) is not None:
        what = f"{pool}: that is a limit of emu, and none of the kernel's errors"
    mark = next((m for m in setup.image.marks if m.name == "unsupported" and m.address == pc & MASK64), None)
    if mark is not None:
        what += " after a path that this version does not support (tracing, a stop signal, load balancing or the like)"
        if mark.register is not None:
            value = setup.machine.unicorns[int(core["index"])].register(mark.register.upper())
            what += f", value {value - 2**64 if value >> 63 else value}"
    where = f"core {int(core['index'])}, task {task_name(setup, int(core['task']))}, at {place(setup, pc)}"
    return f"guest fault: {what}: {where}: {instruction(setup, pc)}; the last instructions: {_history(setup, core)}"


def _exhausted(setup: "Wired", index: int, pc: int) -> str | None:
    """Which of the guest's pools has nothing left, if that is what ended the run."""
    mark = next((m for m in setup.image.marks if m.name in ("out_of_slabs", "out_of_ids") and m.address == pc & MASK64), None)
    if mark is None or mark.register is None:
        return None
    if mark.name == "out_of_ids":
        return "the tree of queue ids has one layer of 256 ids, and none is left"
    address = setup.machine.unicorns[index].register(mark.register.upper())
    cache = setup.guest.object_at(address - DIRECT_MAP)
    name = "?" if cache is None else cache.name
    return (
        f"guest memory has run out: all {setup.guest.ipc.objects_of(name)} objects of {name} are allocated or kept by other cores"
    )


def _exception(setup: "Wired", index: int, number: int) -> str:
    unicorn = setup.machine.unicorns[index]
    target = unicorn.register("RIP")
    if setup.image.symbol_at(target) is None:
        return f"exception {EXCEPTIONS.get(number, number)}: jump to {target:#x}, where there is no code"
    if number == PAGE_FAULT:
        return f"exception #PF: {unicorn.register('CR2'):#x} is not mapped or not allowed"
    return f"exception {EXCEPTIONS.get(number, number)}"


def _history(setup: "Wired", core: np.void) -> str:
    count = int(core["history_count"])
    recent = [int(core["history"][n % rec.HISTORY]) for n in range(max(0, count - SHOWN), count)]
    return "; ".join(f"{place(setup, pc)} {instruction(setup, pc)}" for pc in recent)


def what_cores_do(setup: "Wired") -> str:
    """Where each core is, in a few words."""
    words = []
    for core in setup.machine.cores:
        if core["status"] == rec.WAITING_FOR_STARTUP:
            doing = "not started"
        elif core["status"] == rec.HALTED:
            doing = "halted"
        else:
            doing = f"in {place(setup, int(core['pc']))}"
        if core["wait_depth"]:
            doing += f", waiting for {setup.guest.locks[int(core['wait_lock'][core['wait_depth'] - 1])].name}"
        if core["spinning"] >= 0:
            doing += ", spinning on r_msg"
        words.append(f"core {int(core['index'])} ({task_name(setup, int(core['task']))}) {doing}")
    return "; ".join(words)

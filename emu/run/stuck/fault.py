"""A fault: the guest did what its machine does not allow; which core, which task, where, and how it came there."""

import numpy as np

from emu.engine import records as rec
from emu.guest.ram import DIRECT_MAP
from emu.native import MASK64
from emu.run.stuck.facts import FAULT, Stuck, sentence
from emu.run.stuck.places import place, source, task_name
from emu.run.stuck.view import View
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


def fault(view: View) -> Stuck:
    """The fault that a machine has come back with."""
    wired = view.wired
    core = wired.machine.cores[int(wired.machine.record["outcome_core"][0])]
    what, where, history = _what(wired, core), _where(wired, core), _history(wired, core)
    return Stuck(
        kind=FAULT,
        summary=f"guest fault: {what}: {where}",
        words=(sentence(f"{what}: {where}"), "The last instructions of that core: " + "; ".join(history) + "."),
        tasks=view.tasks,
        cores=view.cores,
        details={"core": int(core["index"]), "last_instructions": history},
    )


def _what(wired: Wired, core: np.void) -> str:
    pc = int(core["pc"])
    kind, code, address = int(core["fault"]["kind"]), int(core["fault"]["code"]), int(core["fault"]["address"])
    if kind == rec.FAULT_FETCH:
        what = f"jump to {place(wired, address)}, where there is no code"
    elif kind == rec.FAULT_MEMORY:
        what = f"{ACCESSES.get(code, 'access')} at {address & MASK64:#x}, which is not mapped or not allowed"
    elif kind == rec.FAULT_EXCEPTION:
        what = _exception(wired, int(core["index"]), code)
    else:
        what = f"the core stopped without a reason (Unicorn error {code})"
    if (pool := _exhausted(wired, int(core["index"]), pc)) is not None:
        what = f"{pool}: that is a limit of emu, and none of the kernel's errors"
    mark = next((m for m in wired.image.marks if m.name == "unsupported" and m.address == pc & MASK64), None)
    if mark is not None:
        what += " after a path that this version does not support (tracing, a stop signal, load balancing or the like)"
        if mark.register is not None:
            value = wired.machine.unicorns[int(core["index"])].register(mark.register.upper())
            what += f", value {value - 2**64 if value >> 63 else value}"
    return what


def _where(wired: Wired, core: np.void) -> str:
    pc = int(core["pc"])
    line = source(wired, pc)
    task = task_name(wired, int(core["task"]))
    return f"core {int(core['index'])}, task {task}, at {place(wired, pc)}: {_instruction(wired, pc)}{line and f', {line}'}"


def _instruction(wired: Wired, address: int) -> str:
    """Disassembly of the instruction at an address."""
    each = wired.text.decoded.get(address & MASK64)
    return "no instruction" if each is None else each.text


def _exhausted(wired: Wired, index: int, pc: int) -> str | None:
    """Which of the guest's pools has nothing left, if that is what ended the run."""
    mark = next((m for m in wired.image.marks if m.name in ("out_of_slabs", "out_of_ids") and m.address == pc & MASK64), None)
    if mark is None or mark.register is None:
        return None
    if mark.name == "out_of_ids":
        return "the tree of queue ids has one layer of 256 ids, and none is left"
    address = wired.machine.unicorns[index].register(mark.register.upper())
    cache = wired.guest.object_at(address - DIRECT_MAP)
    name = "?" if cache is None else cache.name
    return (
        f"guest memory has run out: all {wired.guest.ipc.objects_of(name)} objects of {name} are allocated or kept by other cores"
    )


def _exception(wired: Wired, index: int, number: int) -> str:
    unicorn = wired.machine.unicorns[index]
    target = unicorn.register("RIP")
    if wired.image.symbol_at(target) is None:
        return f"exception {EXCEPTIONS.get(number, number)}: jump to {target:#x}, where there is no code"
    if number == PAGE_FAULT:
        return f"exception #PF: {unicorn.register('CR2'):#x} is not mapped or not allowed"
    return f"exception {EXCEPTIONS.get(number, number)}"


def _history(wired: Wired, core: np.void) -> list[str]:
    count = int(core["history_count"])
    recent = [int(core["history"][n % rec.HISTORY]) for n in range(max(0, count - SHOWN), count)]
    return [f"{place(wired, pc)} {_instruction(wired, pc)}" for pc in recent]

"""Use of a stack frame that has been left: a core reaches into another task's stack, below that task's stack pointer.

What lies there belonged to a call that has returned: whoever still has a pointer to it reads what anybody has left there since.
"""

import numpy as np

from emu.engine.records import CORE, RUNNING
from emu.engine.registers import RSP, get
from emu.explore.checkers.records import I64, LEFT_FRAME, NOTHING, PAGE_SHIFT, STACK
from emu.memory.records import BUFFER, BUS, RING, STORE
from emu.memory.store_buffer import read_ram
from emu.native import array_at, njit


@njit
def check_frame(machine, core, checks, address):  # type: ignore[no-untyped-def]
    """What is wrong with an access to a stack, and the task whose stack it is."""
    page = address >> PAGE_SHIFT
    index = I64(array_at(checks.stack_of_page, page + 1, np.int16)[page])
    if index < 0:
        return NOTHING, index
    stack = array_at(checks.stacks, checks.stack_count, STACK)[index]
    if address < stack.begins or stack.task == core.task or on_stack(machine, core, checks, stack):
        return NOTHING, index
    return NOTHING if address >= live_from(machine, checks, stack) else LEFT_FRAME, stack.task


@njit
def on_stack(machine, core, checks, stack):  # type: ignore[no-untyped-def]
    """Whether a core's stack pointer is in this stack: while tasks are switched it comes to it before it runs the task."""
    pointer = get(core, RSP) - checks.direct_map
    return stack.begins <= pointer <= stack.ends


@njit
def live_from(machine, checks, stack):  # type: ignore[no-untyped-def]
    """Lowest physical address of a stack that belongs to a call of its task."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    for index in range(machine.core_count):
        if cores[index].task == stack.task and cores[index].status == RUNNING:
            if on_stack(machine, cores[index], checks, stack):
                return get(cores[index], RSP) - checks.direct_map
            if 0 <= cores[index].pc - machine.text.user_base < machine.text.user_bytes:
                return stack.ends  # in user mode no call of the kernel's is left
    return newest(machine, stack.saved_at) - checks.direct_map


@njit
def newest(machine, address):  # type: ignore[no-untyped-def]
    """8 bytes of memory as the core sees them that has stored there last, be that visible to others or not."""
    bus = array_at(machine.bus, 1, BUS)[0]
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    for core in range(bus.cores):
        for back in range(buffers[core].count - 1, -1, -1):
            entry = stores[core * RING + (buffers[core].head + back) % RING]
            if entry.address == address:
                return entry.new
    return read_ram(bus, address, 8)

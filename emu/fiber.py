"""Fibers: stacks of their own, so that compiled code can be left in the middle of a call into C and gone back to.

A core waits in a hook of Unicorn for its turn while others act. Going from one stack to another takes a few nanoseconds; leaving
Unicorn and coming back takes most of a microsecond. Only compiled code goes from stack to stack, and no Python frame is left behind
on one: whoever resumes a fiber gets control back from it, by `pause`, before it returns to Python.
"""

import ctypes
import mmap
import platform
import sys
from collections.abc import Sequence
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from emu.native import JIT, address_of, njit

# The switch is written for the System V ABI of x86-64. From 3.14 on, Python takes a call on another stack for an overflow.
AVAILABLE = JIT and sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)
STACK_BYTES = 1 << 20  # committed as it is used: Unicorn's translator takes some 20 KiB of it, a device's Python code more
GUARD_BYTES = 1 << 16  # below it, which nobody may touch
FIBER = np.dtype(
    [
        ("stack", np.int64),  # its stack pointer while it is paused
        ("caller", np.int64),  # and that of whoever has resumed it
        ("argument", np.int64),  # for its entry
    ]
)
CALLER = 8  # offset of FIBER.caller
SAVED_REGISTERS = 6
# void switch(int64_t *from, const int64_t *to): the registers that a call keeps go on the stack that is left, and come from the
# one that is entered; `to` becomes the first argument of a fiber's entry, to which it "returns" the first time.
SWITCH = """\
pushq %rbp
pushq %rbx
pushq %r12
pushq %r13
pushq %r14
pushq %r15
movq %rsp, (%rdi)
movq (%rsi), %rsp
popq %r15
popq %r14
popq %r13
popq %r12
popq %rbx
popq %rbp
movq %rsi, %rdi
retq"""


@intrinsic
def _switch(typingctx: Any, left: Any, entered: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        module, nothing = builder.module, ir.FunctionType(ir.VoidType(), [])
        function = module.globals.get("emu_switch")
        if function is None:
            function = ir.Function(module, ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * 2), "emu_switch")
            function.linkage = "internal"
            function.attributes.add("naked")
            function.attributes.add("noinline")
            body = ir.IRBuilder(function.append_basic_block())
            body.asm(nothing, SWITCH, "~{memory}", [], True)
            body.unreachable()
        builder.call(function, args)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def switch(left: int, entered: int) -> None:
    """Go on with the stack whose pointer is kept at address `entered`; this one's is kept at `left` until somebody goes back."""
    raise NotImplementedError("plain Python has one stack")


@overload(switch)
def _switch_compiled(left, entered):  # type: ignore[no-untyped-def]
    def compiled(left, entered):  # type: ignore[no-untyped-def]
        _switch(left, entered)

    return compiled


@njit
def resume(fiber):  # type: ignore[no-untyped-def]
    """Go on with the fiber at an address; comes back when it pauses."""
    switch(fiber + CALLER, fiber)


@njit
def pause(fiber):  # type: ignore[no-untyped-def]
    """On the fiber at an address: go back to whoever has resumed it; comes back when it is resumed again."""
    switch(fiber, fiber + CALLER)


class Fibers:
    """Paused fibers, one an argument: the first `resume` of each calls `entry` with the address of its record. It never returns."""

    def __init__(self, entry: int, arguments: Sequence[int]) -> None:
        """Stacks are reserved, and committed as they are used."""
        self.records = np.zeros(len(arguments), FIBER)
        self._stacks = mmap.mmap(-1, max(len(arguments), 1) * STACK_BYTES)
        self._view = (ctypes.c_char * len(self._stacks)).from_buffer(self._stacks)
        base = ctypes.addressof(self._view)
        protect = ctypes.CDLL(None).mprotect
        for index, argument in enumerate(arguments):
            bottom = base + index * STACK_BYTES
            protect(ctypes.c_void_p(bottom), ctypes.c_size_t(GUARD_BYTES), ctypes.c_int(0))
            top = bottom + STACK_BYTES - 8 * (SAVED_REGISTERS + 2)  # so that the stack is aligned as at any function's entry
            ctypes.c_int64.from_address(top + 8 * SAVED_REGISTERS).value = entry
            self.records[index] = (top, 0, argument)

    def address(self, index: int) -> int:
        """Of a fiber's record."""
        return address_of(self.records[index : index + 1])


if JIT:
    llvmlite.binding.initialize_native_asmparser()  # Numba has no use for it; it must be there when `_switch` is compiled

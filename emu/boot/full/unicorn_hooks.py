"""The hooks of a core in full detail, compiled and added to its Unicorn instance."""

import ctypes
from functools import cache

from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86

from emu.boot.full.hot import hooks, road
from emu.boot.unicorn_cpu import UnicornCpu
from emu.native import callback


@cache
def compiled_hooks() -> dict[str, tuple[int, object]]:
    """C function pointers of the compiled hooks, and what keeps them alive: made once a process."""
    return {
        "code": callback(hooks.CODE_HOOK, hooks.on_code),
        "load": callback(hooks.MEMORY_HOOK, hooks.on_load),
        "store": callback(hooks.MEMORY_HOOK, hooks.on_store),
        "fill": callback(hooks.FILL_HOOK, hooks.on_fill),
        "exception": callback(hooks.INTERRUPT_HOOK, hooks.on_exception),
        "invalid": callback(hooks.INVALID_HOOK, hooks.on_invalid),
        "syscall": callback(hooks.INSTRUCTION_HOOK, hooks.on_syscall),
        "rdtsc": callback(hooks.INSTRUCTION_HOOK, hooks.on_rdtsc),
        "rdtscp": callback(hooks.INSTRUCTION_HOOK, hooks.on_rdtscp),
        "road_read": callback(road.ROAD, road.on_road_read),
        "road_write": callback(road.ROAD, road.on_road_write),
    }


KINDS = (
    ("code", uc_const.UC_HOOK_CODE),
    ("load", uc_const.UC_HOOK_MEM_READ),
    ("store", uc_const.UC_HOOK_MEM_WRITE),
    ("fill", uc_const.UC_HOOK_TLB_FILL),
    ("exception", uc_const.UC_HOOK_INTR),
    ("invalid", uc_const.UC_HOOK_INSN_INVALID),
)
INSTRUCTIONS = (("syscall", x86.UC_X86_INS_SYSCALL), ("rdtsc", x86.UC_X86_INS_RDTSC), ("rdtscp", x86.UC_X86_INS_RDTSCP))
ANSWER = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)  # what compiled code calls Python by


def attach(cpu: UnicornCpu, user: int) -> None:
    """Add them all, with the address of the core's record as their argument."""
    made = compiled_hooks()
    for name, kind in KINDS:
        cpu.add_hook(kind, made[name][0], user)
    for name, instruction in INSTRUCTIONS:
        cpu.add_hook(uc_const.UC_HOOK_INSN, made[name][0], user, instruction=instruction)

"""The hooks of a core in full detail, compiled and added to its Unicorn instance."""

import ctypes

from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86

from emu.boot.full.hot import hooks, road
from emu.boot.unicorn_cpu import UnicornCpu

HOOKS = {
    "code": hooks.on_code,
    "load": hooks.on_load,
    "store": hooks.on_store,
    "fill": hooks.on_fill,
    "exception": hooks.on_exception,
    "invalid": hooks.on_invalid,
    "syscall": hooks.on_syscall,
    "rdtsc": hooks.on_rdtsc,
    "rdtscp": hooks.on_rdtscp,
    "road_read": road.on_road_read,
    "road_write": road.on_road_write,
}  # by what they are called here


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
    for name, kind in KINDS:
        cpu.add_hook(kind, HOOKS[name].address, user)
    for name, instruction in INSTRUCTIONS:
        cpu.add_hook(uc_const.UC_HOOK_INSN, HOOKS[name].address, user, instruction=instruction)

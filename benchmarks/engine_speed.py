"""How fast the engine is, in ratios against Unicorn driven in two other ways, all measured in this process.

Prints guest MIPS of the default run (four cores, full accounting, no tracing), of the same kind of instructions stepped
with emu_start(count=1) from Python, and of Unicorn with empty Python code and memory hooks; then the ratios.
"""

import resource
import time

import unicorn
from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86

from emu.run.experiment import run
from emu.run.experiment_spec import Experiment

CODE, DATA, STACK = 0x100000, 0x200000, 0x300000
# load, add, store, push, pop, compare, branch: the mix of the kernel path; eight instructions a round
LOOP = bytes.fromhex("488b064883c00148894608505b4839d848ffc975ec")
STEPPED, HOOKED = 60_000, 400_000


def machine() -> unicorn.Uc:
    uc = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
    for base in (CODE, DATA, STACK):
        uc.mem_map(base, 0x1000)
    uc.mem_write(CODE, LOOP)
    uc.reg_write(x86.UC_X86_REG_RSI, DATA)
    uc.reg_write(x86.UC_X86_REG_RSP, STACK + 0x800)
    uc.reg_write(x86.UC_X86_REG_RCX, 1 << 40)
    return uc


def stepped_mips() -> float:
    uc, pc = machine(), CODE
    begin = time.perf_counter()
    for _ in range(STEPPED):
        uc.emu_start(pc, 0, count=1)
        pc = uc.reg_read(x86.UC_X86_REG_RIP)
    return STEPPED / (time.perf_counter() - begin) / 1e6


def hooked_mips() -> float:
    uc = machine()
    uc.hook_add(uc_const.UC_HOOK_CODE, lambda *_: None)
    uc.hook_add(uc_const.UC_HOOK_MEM_READ | uc_const.UC_HOOK_MEM_WRITE, lambda *_: None)
    begin = time.perf_counter()
    uc.emu_start(CODE, 0, count=HOOKED)
    return HOOKED / (time.perf_counter() - begin) / 1e6


def main() -> None:
    run(Experiment(messages=100))  # compile, or load what is compiled
    results = {cores: run(Experiment(cores=cores)) for cores in (2, 4, 16)}
    stepped, hooked = stepped_mips(), hooked_mips()
    for cores, result in results.items():
        print(f"emu, {cores} cores: {result.mips:.2f} MIPS ({result.instructions} instructions)")
    mips = results[4].mips
    print(f"count=1 stepping from Python: {stepped:.2f} MIPS; emu at 4 cores is {mips / stepped:.1f} times as fast")
    print(f"empty Python hooks: {hooked:.2f} MIPS; emu at 4 cores is {mips / hooked:.1f} times as fast")
    print(f"peak memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()

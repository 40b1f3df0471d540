"""A core of the boot machine: its record, its Unicorn instance, and the states that it begins in."""

import ctypes
from typing import Any

import numpy as np
from unicorn import x86_const as x86

from emu.boot.hot.records import (
    BLOCK,
    BLOCK_ENTRIES,
    CODE_BYTES,
    I64,
    NEVER_MET,
    RUNNING,
    SITES,
    STALE,
    TLB,
    TLB_ENTRIES,
    U8,
    WAIT_FOR_SIPI,
)
from emu.boot.loader.linux import Entry
from emu.boot.loader.memory_map import STACK_AT
from emu.boot.msrs import Msrs
from emu.boot.unicorn_cpu import SITE_HOOKS, UnicornCpu
from emu.engine import env
from emu.native import address_of

CR0_ENTRY, CR4_ENTRY, EFER_ENTRY = 0x80000033, 0x20, 0x500  # paging, protection, numeric errors; PAE; long mode
CR0_RESET = 0x60000010
EFER_MSR = 0xC0000080
BOOT_CODE, BOOT_DATA = 0x10, 0x18  # selectors of the boot protocol
REAL_CODE, REAL_DATA, REAL_LIMIT = 0x9B00, 0x9300, 0xFFFF
DATA_SEGMENTS = (env.ES, env.SS, env.DS, env.FS, env.GS)
STATE_KEPT = (  # fields of the record that are state of the guest, or of what it would see
    "status", "count", "irq", "nmi", "nmi_blocked", "unblock", "cut_end", "generation", "tlb_used", "flushing",
)  # fmt: skip


class Core:
    """One of the machine's cores. `record` is its CORE, shared with compiled code."""

    def __init__(self, index: int, record: Any, machine_at: int, ram: tuple[tuple[int, int, int], ...]) -> None:
        """Waiting for a start-up interrupt, but for the first."""
        self.index, self.record = index, record
        self.cpu = UnicornCpu(ram)
        self.msrs = Msrs(index)
        self.tlb = np.zeros(TLB_ENTRIES, TLB)
        self._blocks = np.zeros(BLOCK_ENTRIES, BLOCK)
        self._blocks["key"] = NEVER_MET
        self._code, self._stale = np.zeros(CODE_BYTES, U8), np.zeros(STALE, I64)
        self._sites = np.zeros(SITES, I64)
        record["machine"], record["index"], record["bit"] = machine_at, index, 1 << index
        record["uc"], record["env"], record["cpu"] = self.cpu.handle, self.cpu.env, self.cpu.cpu
        record["fault_at"] = self.cpu.fault_at
        record["generation"] = 1
        for name in ("tlb", "blocks", "code", "stale", "sites"):
            record[name] = address_of(self.tlb if name == "tlb" else getattr(self, f"_{name}"))
        record["scratch_at"] = record["scratch"].ctypes.data
        record["status"] = RUNNING if index == 0 else WAIT_FOR_SIPI
        self.cpu.attach(self.address)

    @property
    def address(self) -> int:
        """Host address of the record."""
        return int(self.record["scratch"].ctypes.data) - self._scratch_offset()

    def _scratch_offset(self) -> int:
        return int(self.record.dtype.fields["scratch"][1])

    def add_site(self, address: int, kind: int) -> None:
        """Hook one instruction from now on."""
        self._remember_site(address)
        self.cpu.hook_address(SITE_HOOKS[kind], address)

    def _remember_site(self, address: int) -> None:
        at = (address ^ (address >> 10)) & (SITES - 1)
        while self._sites[at] != 0:
            at = (at + 1) % SITES
        self._sites[at] = address

    def forget_sites(self) -> None:
        """A new engine has no hooks in front of single instructions yet."""
        self._sites[:] = 0
        self._blocks["key"] = NEVER_MET

    def forget_frame(self, address: int) -> None:
        """Before its next turn the core drops its translations of the code of a frame, which has changed."""
        record = self.record
        if record["stale_count"] < STALE:
            self._stale[record["stale_count"]] = address
        record["stale_count"] += 1
        record["flush"] = 1

    def enter(self, entry: Entry) -> None:
        """The state in which the 64-bit boot protocol wants the first core."""
        uc = self.cpu.uc
        uc.reg_write(x86.UC_X86_REG_CR4, CR4_ENTRY)
        uc.reg_write(x86.UC_X86_REG_CR3, entry.page_tables)
        uc.msr_write(EFER_MSR, EFER_ENTRY)
        uc.reg_write(x86.UC_X86_REG_CR0, CR0_ENTRY)
        self._segment(env.CS, BOOT_CODE, 0, 0xFFFFFFFF, env.CODE_64)
        for segment in DATA_SEGMENTS:
            self._segment(segment, BOOT_DATA, 0, 0xFFFFFFFF, env.STACK)
        self._segment(env.GDT, 0, entry.gdt, 31, 0)
        self._segment(env.IDT, 0, 0, 0, 0)
        cpu = self.cpu
        cpu.put64(env.EIP, entry.rip)
        cpu.put64(env.RSI, entry.boot_params)
        cpu.put64(env.RSP, STACK_AT)
        cpu.put64(env.EFLAGS, 2)
        hidden = cpu.get32(env.HFLAGS) & ~(env.CPL | env.ADDSEG)
        cpu.put32(env.HFLAGS, hidden | env.LMA | env.CS64 | env.CS32 | env.SS32)
        self._forget_translations()

    def initialise(self) -> None:
        """INIT: the core stops, and waits for a start-up interrupt."""
        self.record["status"] = WAIT_FOR_SIPI
        self.record["nmi_blocked"] = 0

    def start(self, vector: int) -> None:
        """A start-up interrupt: real mode at 4 KiB times the vector, if the core waits for one."""
        if self.record["status"] != WAIT_FOR_SIPI:
            return
        cpu = self.cpu
        for register in range(16):
            cpu.put64(8 * register, 0)
        cpu.put64(env.EIP, 0)
        cpu.put64(env.EFLAGS, 2)
        cpu.put32(env.CC_OP, env.CC_OP_EFLAGS)
        cpu.put64(env.CC_SRC, 0)
        cpu.put32(env.DF, 1)
        cpu.put32(env.HFLAGS, env.ADDSEG)
        for segment in DATA_SEGMENTS:
            self._segment(segment, 0, 0, REAL_LIMIT, REAL_DATA)
        self._segment(env.CS, vector << 8, vector << 12, REAL_LIMIT, REAL_CODE)
        for table in (env.GDT, env.IDT):
            self._segment(table, 0, 0, REAL_LIMIT, 0)
        cpu.put64(env.CR0, CR0_RESET)
        for register in (env.CR2, env.CR3, env.CR4, env.EFER):
            cpu.put64(register, 0)
        cpu.put32(env.OLD_EXCEPTION, -1)
        self.record["status"] = RUNNING
        self._forget_translations()

    def _forget_translations(self) -> None:
        self.record["generation"] += 1
        self.record["tlb_used"] = 0
        self.cpu.flush_tlb()

    def _segment(self, segment: int, selector: int, base: int, limit: int, flags: int) -> None:
        self.cpu.put32(segment, selector)
        self.cpu.put64(segment + 8, base)
        self.cpu.put32(segment + 16, limit)
        self.cpu.put32(segment + 20, flags)

    def state(self) -> tuple[bytes, bytes, dict[str, int]]:
        """All that a snapshot must have of it: the CPU, the own TLB, the record's fields."""
        cpu = ctypes.string_at(self.cpu.env, self.cpu.context_bytes)
        live = self.tlb["generation"] == self.record["generation"]
        tlb = np.where(live, self.tlb, np.zeros(1, TLB))
        return cpu, tlb.tobytes(), {name: int(self.record[name]) for name in STATE_KEPT}

    def take_cpu(self, cpu: UnicornCpu, state: bytes, companion: int) -> None:
        """Go on with another engine, in the state of the one before; `companion` is what full detail keeps of the core."""
        self.cpu = cpu
        record = self.record
        record["uc"], record["env"], record["cpu"], record["fault_at"] = cpu.handle, cpu.env, cpu.cpu, cpu.fault_at
        record["companion"] = companion
        record["event"] = record["flush"] = record["stale_count"] = record["cut_end"] = 0
        self.put_cpu(state)

    def put_cpu(self, state: bytes) -> None:
        """Make the CPU what `state` gave, in this or another process: pointers within it stay this engine's own."""
        pointers = ctypes.string_at(self.cpu.env + env.BREAKPOINTS, 8 * env.BREAKPOINT_COUNT)
        ctypes.memmove(self.cpu.env, state, len(state))
        ctypes.memmove(self.cpu.env + env.BREAKPOINTS, pointers, len(pointers))
        self.cpu.flush_tlb()

"""Exceptions and interrupts of a core against the SDM: vector, error code, return address, stack; some bytes for a kernel."""

import struct
from pathlib import Path

import pytest

from emu.assembly.keystone_engine import encode
from emu.boot.hot.records import HALTED
from emu.boot.identity import Generic
from emu.boot.loader.linux import load_linux
from emu.boot.loader.memory_map import MIB
from emu.boot.machine import Halted, Machine
from emu.boot.ram import Ram
from emu.elf.elf_file import Load
from emu.elf.kernel_file import Vmlinux
from emu.engine import env

CODE, HANDLERS, IDT, TSS, STACK, IST = 0x1000000, 0x1010000, 0x1020000, 0x1030000, 0x1040000, 0x1050000
UNMAPPED = 0x180000000  # behind the 4 GiB that the loader maps
NOT_PRESENT = 0x21  # a vector whose gate is not there
INTERRUPT_GATE, PRESENT, SELECTOR = 0x8E, 0x80, 0x10
NONE = -1


def machine_with(text: str, handlers: dict[int, str], ist: int = 0) -> Machine:
    """One core before `text`, an IDT whose handlers put their vector into EBX and halt, or do what is given."""
    ram = Ram(32 * MIB)
    machine = Machine(ram, 1, Generic(1), 1000, 0, False, lambda byte: None)
    code = encode(text, CODE)
    machine.load(load_linux(ram, Vmlinux(Path("test"), CODE, (Load(CODE, 0, code, len(code)),)), "", b"", 1, (0, 0)))
    for vector in range(256):
        at = HANDLERS + 64 * vector
        ram.write(at, encode(handlers.get(vector, f"mov ebx, {vector:#x}; hlt"), at))
        kind = INTERRUPT_GATE & ~PRESENT if vector == NOT_PRESENT else INTERRUPT_GATE
        ram.write(IDT + 16 * vector, struct.pack("<HHBBHII", at & 0xFFFF, SELECTOR, ist, kind, at >> 16 & 0xFFFF, 0, 0))
    ram.write(TSS + 36, struct.pack("<Q", IST))
    cpu = machine.cores[0].cpu
    cpu.put64(env.IDT + 8, IDT)
    cpu.put32(env.IDT + 16, 0xFFF)
    cpu.put64(env.TR + 8, TSS)
    cpu.put64(env.RSP, STACK)
    return machine


def run_to_halt(machine: Machine) -> None:
    while True:
        try:
            if machine.run(100_000) or machine.ended:
                return
        except Halted:
            return


def frame_of(machine: Machine, with_code: bool) -> tuple[int, int, int]:
    """Error code, RIP and RSP as the handler finds them."""
    at = machine.cores[0].cpu.get64(env.RSP)
    words = struct.unpack("<6Q", machine.ram.read(at, 48))
    return (words[0], words[1], words[4]) if with_code else (NONE, words[0], words[3])


@pytest.mark.parametrize(
    "before, text, vector, code, returns_behind",
    [
        (1, "nop; ud2", 6, NONE, False),
        (2, "xor edx, edx; mov ecx, 0x0; div ecx", 0, NONE, False),
        (1, "nop; int3", 3, NONE, True),
        (0, "int 0x80", 0x80, NONE, True),
        (0, f"int {NOT_PRESENT:#x}", 11, 8 * NOT_PRESENT + 2, False),
        (1, f"mov rax, {UNMAPPED:#x}; mov rcx, [rax]", 14, 0, False),
        (1, f"mov rax, {UNMAPPED:#x}; mov [rax], rcx", 14, 2, False),
        (1, f"mov rax, {UNMAPPED:#x}; lock inc dword ptr [rax]", 14, 2, False),
        (2, f"mov rdx, {UNMAPPED:#x}; xor eax, eax; lock cmpxchg [rdx], ecx", 14, 2, False),
        (1, "mov rax, 0x800000000000; mov rcx, [rax]", 13, 0, False),
        (1, "mov ecx, 0x12345; rdmsr", 13, 0, False),
        (1, "mov ecx, 0x12345; wrmsr", 13, 0, False),
        (0, ".byte 0x0f, 0x33", 13, 0, False),
        (1, "mov eax, 0x1238; mov ds, ax", 13, 0x1238, False),
    ],
)
def test_an_exception(before: int, text: str, vector: int, code: int, returns_behind: bool) -> None:
    """`before`: how many instructions retire; a trap's own does too."""
    machine = machine_with(text, {})
    run_to_halt(machine)
    core = machine.cores[0]
    assert core.cpu.get64(env.REGS + env.RBX) == vector
    size = len(encode(text, CODE))
    last = len(encode(text.split(";")[-1], CODE))
    assert frame_of(machine, code != NONE) == (code, CODE + size - (0 if returns_behind else last), STACK)
    retired = before + returns_behind
    assert machine.instructions() == retired + 2, "and the handler's two"
    if vector == 14:
        assert core.cpu.get64(env.CR2) == UNMAPPED
    assert machine.unknown_msrs == ({0x12345} if "msr" in text else set())


def test_a_fetch_that_faults() -> None:
    machine = machine_with(f"mov rax, {UNMAPPED + 0x123:#x}; jmp rax", {})
    run_to_halt(machine)
    cpu = machine.cores[0].cpu
    assert (cpu.get64(env.RBX), cpu.get64(env.CR2)) == (14, UNMAPPED + 0x123)
    assert frame_of(machine, True) == (0, UNMAPPED + 0x123, STACK)
    assert machine.instructions() == 4


def test_an_interrupt_stack() -> None:
    machine = machine_with("ud2", {}, ist=1)
    run_to_halt(machine)
    assert machine.cores[0].cpu.get64(env.RSP) == IST - 40
    assert frame_of(machine, False) == (NONE, CODE, STACK)


def test_a_fault_in_delivering_a_page_fault_is_a_double_fault() -> None:
    machine = machine_with(f"mov rsp, {UNMAPPED:#x}; push rax", {})
    machine.ram.write(IDT + 16 * 8 + 4, b"\1")  # the double fault alone has a stack of its own
    run_to_halt(machine)
    assert machine.cores[0].cpu.get64(env.RBX) == 8
    assert frame_of(machine, True)[0] == 0


def test_a_triple_fault_ends_the_machine() -> None:
    machine = machine_with(f"mov rsp, {UNMAPPED:#x}; push rax", {})
    run_to_halt(machine)
    assert machine.ended == "triple fault"


def test_an_nmi_blocks_the_next_until_iret() -> None:
    """One that comes in its handler is taken behind the handler's IRET."""
    machine = machine_with("again: inc ecx; jmp again", {2: "inc edx; jmp further; further: inc edi; iretq"})
    core, apic = machine.cores[0], machine.board.apics[0]

    def run_while(blocked: bool) -> None:
        while bool(core.record["nmi_blocked"]) == blocked:
            machine.run(int(machine.record["now"]) + 1)

    machine.run(100)
    apic.nmi = True
    machine.refresh()
    run_while(False)
    apic.nmi = True
    machine.refresh()
    run_while(True)
    assert core.cpu.get64(env.RDX) == core.cpu.get64(env.RDI) == 1, "the second has waited"
    run_while(False)
    run_while(True)
    assert core.cpu.get64(env.RDX) == core.cpu.get64(env.RDI) == 2
    assert core.cpu.get64(env.RSP) == STACK


def test_the_instruction_behind_sti_goes_before_an_interrupt() -> None:
    machine = machine_with("inc eax; sti; inc eax; inc eax; hlt", {})
    machine.board.apics[0].accept(0x40)
    machine.refresh()
    run_to_halt(machine)
    cpu = machine.cores[0].cpu
    assert (cpu.get64(env.RBX), cpu.get64(env.RAX)) == (0x40, 2)
    assert frame_of(machine, False)[1] == CODE + len(encode("inc eax; sti; inc eax", CODE))


def test_a_halted_core_is_woken_by_its_timer() -> None:
    machine = machine_with("sti; hlt; mov ecx, 0x7; cli; hlt", {0x50: "inc edx; iretq"})
    apic = machine.board.apics[0]
    apic.write(0x320, 0x50)
    apic.write(0x380, 1000)
    machine.refresh()
    run_to_halt(machine)
    core = machine.cores[0]
    assert (core.cpu.get64(env.RDX), core.cpu.get64(env.RCX)) == (1, 7)
    assert core.record["status"] != HALTED and machine.record["now"] >= 20_000, "with interrupts off for good"

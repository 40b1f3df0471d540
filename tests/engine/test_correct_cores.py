"""Hooks change nothing: random sequences of the guest's kinds of instruction must leave the same registers, flags and memory with
the engine's hooks and without them. What the host processor makes of instructions is asked in tests/cpu.
"""

import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from unicorn import x86_const as x86

from emu.assembly.assembler import assemble_text
from emu.assembly.source import prepare
from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.probe_file import Probes
from emu.engine.text import build_text
from emu.engine.unicorn_core import UnicornCore
from emu.memory.bus import Bus
from emu.native import address_of

REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14")
FREE = REGISTERS[:-1]  # r14 holds the address of the data page
STATUS_FLAGS = 0x8D5 & ~0x10  # CF PF ZF SF OF; AF is not defined after all of them
TEXT, DATA, SAVED = 0x100000, 0x200000, 0x201000


def narrow(register: str) -> str:
    return f"{register}d" if register[1:].isdigit() else f"e{register[1:]}"


def one_instruction(rng: random.Random) -> str:
    a, b, c = rng.sample(FREE, 3)
    offset = f"0x{8 * rng.randrange(32):x}"
    memory = f"qword ptr [r14 + {offset}]"
    shift, number = f"0x{rng.randrange(1, 63):x}", f"0x{rng.randrange(2**31):x}"
    return rng.choice(
        [
            f"{rng.choice(('add', 'sub', 'and', 'or', 'xor'))} {a}, {b}",
            f"{rng.choice(('add', 'sub', 'and', 'or', 'xor'))} {narrow(a)}, {number}",
            f"{rng.choice(('add', 'sub', 'xor'))} {memory}, {a}",
            f"{rng.choice(('add', 'cmp', 'and'))} {a}, {memory}",
            f"mov {a}, {memory}",
            f"mov {memory}, {a}",
            f"mov dword ptr [r14 + {offset}], {narrow(a)}",
            f"mov byte ptr [r14 + {offset}], 0x{rng.randrange(256):x}",
            f"movzx {a}, byte ptr [r14 + {offset}]",
            f"movsxd {a}, dword ptr [r14 + {offset}]",
            f"lea {a}, [{b} + {c}*0x4 + {number}]",
            f"imul {a}, {b}",
            f"{rng.choice(('shl', 'shr', 'sar'))} {a}, {shift}",
            f"shrd {a}, {b}, {shift}",
            f"cmp {a}, {b}\n    cmovb {a}, {c}",
            f"test {a}, {b}\n    cmovne {narrow(a)}, {narrow(c)}",
            f"cmp {a}, {memory}\n    setg bl",
            f"bswap {a}",
            f"{rng.choice(('inc', 'dec', 'neg', 'not'))} {a}",
            f"push {a}\n    pop {b}",
            f"lock xadd {memory}, {a}",
            f"lock inc {memory}",
            f"lock cmpxchg {memory}, {a}",
            f"xchg {memory}, {a}",
            f"lock or dword ptr [r14 + {offset}], 0x8",
            "mov edx, 0x0\n    mov ecx, 0x7\n    div rcx",
            f"mul {a}",
            f"add {a}, {b}\n    adc {c}, 0x0",
            f"bt {a}, 0x3\n    sbb {b}, {b}",
            f"mov rsi, r14\n    lea rdi, [r14 + {offset}]\n    mov ecx, 0x3\n    cld\n    rep movsq\n"
            "    mov esi, 0x1\n    mov edi, 0x2",
        ]
    )


def program(seed: int) -> str:
    """Load all registers from the page behind the data, run the sequence, store them and the flags there."""
    rng = random.Random(seed)
    body = "\n    ".join(one_instruction(rng) for _ in range(60))
    load = "\n    ".join(f"mov {r}, qword ptr [r15 + AT_{r}]" for r in REGISTERS)
    store = "\n    ".join(f"mov qword ptr [r15 + AT_{r}], {r}" for r in REGISTERS)
    names = "\n".join(f".set AT_{r}, 0x{8 * i:x}" for i, r in enumerate(REGISTERS))
    return f"""//@ state kernel
program:
{names}
.set AT_flags, 0x{8 * len(REGISTERS):x}
    {load}
    {body}
    add rax, r8
    {store}
    pushfq
    pop qword ptr [r15 + AT_flags]
//@ event task_exit
    nop
.Lend:
    jmp .Lend
"""


def start_values(seed: int, data: int) -> bytes:
    rng = random.Random(seed + 1)
    page = bytes(rng.randrange(256) for _ in range(0x200)).ljust(0x1000, b"\0")
    registers = [rng.getrandbits(64) for _ in FREE] + [data]
    return page + struct.pack(f"<{len(registers)}Q", *registers).ljust(0x1000, b"\0")


def result(memory: bytes) -> tuple[bytes, tuple[int, ...], int]:
    """Data page, registers, status flags; the data address itself left out."""
    words = struct.unpack_from(f"<{len(REGISTERS) + 1}Q", memory, 0x1000)
    return memory[:0x200], words[: len(FREE)], words[-1] & STATUS_FLAGS


@pytest.fixture(scope="module")
def seeds() -> range:
    return range(40)


def assembled(seed: int, folder: Path) -> tuple[Path, bytes, int]:
    path = folder / "program.S"
    path.write_text(program(seed))
    text = assemble_text([prepare(path)], TEXT, {})
    return path, text.code, next(mark.address for mark in text.marks) - TEXT


def run_bare(seed: int, folder: Path) -> tuple[bytes, tuple[int, ...], int]:
    _, code, end = assembled(seed, folder)
    bus = Bus(load_machine("a10-7800"), 1, 4 << 20)
    bus.ram[TEXT : TEXT + len(code)] = list(code)
    bus.ram[DATA : DATA + 0x2000] = list(start_values(seed, DATA))
    core = UnicornCore(address_of(bus.ram), len(bus.ram), 0)
    core.uc.reg_write(x86.UC_X86_REG_R15, SAVED)
    core.uc.reg_write(x86.UC_X86_REG_RSP, 0x300000)
    core.uc.ctl_set_exits([TEXT + end])
    core.uc.emu_start(TEXT, 0)
    return result(bytes(bus.ram[DATA : DATA + 0x2000]))


def run_hooked(seed: int, folder: Path) -> tuple[bytes, tuple[int, ...], int]:
    from emu.assembly import assemble

    path, _, _ = assembled(seed, folder)
    image = assemble([path], structs={}, placed={})
    text = replace(build_text(image, load_machine("a10-7800").costs), kernel_base=TEXT)
    bus = Bus(load_machine("a10-7800"), 1, 4 << 20)
    bus.ram[TEXT : TEXT + len(image.text.data)] = list(image.text.data)
    bus.ram[DATA : DATA + 0x2000] = list(start_values(seed, DATA))
    machine = Machine(bus, text, Start(0, TEXT, TEXT, probes=Probes(done="task_exit")), Options())
    machine.unicorns[0].uc.reg_write(x86.UC_X86_REG_R15, SAVED)
    machine.unicorns[0].uc.reg_write(x86.UC_X86_REG_RSP, 0x300000)
    assert machine.run() == rec.RUN_DONE
    return result(bytes(bus.ram[DATA : DATA + 0x2000]))


def test_hooks_change_nothing(seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        assert run_hooked(seed, tmp_path) == run_bare(seed, tmp_path), f"seed {seed}"

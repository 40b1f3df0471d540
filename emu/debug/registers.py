"""The registers of a core as gdb wants them: its description of a target in XML, and their bytes.

Source: GDB's manual, appendix G (Target Descriptions), features org.gnu.gdb.i386.core, .sse and .segments.
"""

from collections.abc import Callable
from dataclasses import dataclass

from emu.boot.core import Core
from emu.boot.hot import env

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)))
PLACES = dict(zip(("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"), range(0, 64, 8), strict=True))
SEGMENTS = {"cs": env.CS, "ss": env.SS, "ds": env.DS, "es": env.ES, "fs": env.FS, "gs": env.GS}
CONTROL = {
    "k_gs_base": env.KERNEL_GS_BASE, "cr0": env.CR0, "cr2": env.CR2, "cr3": env.CR3, "cr4": env.CR4, "efer": env.EFER,
}  # fmt: skip
FLOATING = ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")
PC = "rip"


@dataclass(frozen=True, slots=True)
class Register:
    """One register."""

    name: str
    bits: int
    kind: str  # gdb's name of its type
    read: Callable[[Core], int]

    def content(self, core: Core) -> bytes:
        """As the processor would store it."""
        return self.read(core).to_bytes(self.bits // 8, "little")


def pc_of(core: Core) -> int:
    """Where a core is."""
    return core.cpu.get64(env.EIP)


def _general(name: str) -> Register:
    at = PLACES[name] if name in PLACES else 8 * int(name[1:])
    return Register(name, 64, "data_ptr" if name in ("rbp", "rsp") else "int64", lambda core: core.cpu.get64(at))


def _segment(name: str, at: int) -> Register:
    return Register(name, 32, "int32", lambda core: core.cpu.get32(at))


def _word(name: str, at: int) -> Register:
    return Register(name, 64, "int64", lambda core: core.cpu.get64(at))


def _floating(number: int) -> Register:
    return Register(f"st{number}", 80, "i387_ext", lambda core: core.cpu.floating(number))


def _control(name: str, number: int) -> Register:
    return Register(name, 32, "int", lambda core: core.cpu.floating_control()[number] if number < 3 else 0)


def _vector(number: int) -> Register:
    return Register(f"xmm{number}", 128, "vec128", lambda core: core.cpu.vector(number))


FEATURES: dict[str, tuple[Register, ...]] = {
    "org.gnu.gdb.i386.core": (
        *(_general(name) for name in GENERAL),
        Register(PC, 64, "code_ptr", pc_of),
        Register("eflags", 32, "i386_eflags", lambda core: core.cpu.flags() & 0xFFFFFFFF),
        *(_segment(name, at) for name, at in SEGMENTS.items()),
        *(_floating(number) for number in range(8)),
        *(_control(name, number) for number, name in enumerate(FLOATING)),
    ),
    "org.gnu.gdb.i386.sse": (
        *(_vector(number) for number in range(16)),
        Register("mxcsr", 32, "i386_mxcsr", lambda core: core.cpu.floating_control()[3]),
    ),
    "org.gnu.gdb.i386.segments": (_word("fs_base", env.FS + 8), _word("gs_base", env.GS + 8)),
    "emu.system": tuple(_word(name, at) for name, at in CONTROL.items()),
}
REGISTERS = tuple(register for registers in FEATURES.values() for register in registers)
EFLAGS = ("CF", None, "PF", None, "AF", None, "ZF", "SF", "TF", "IF", "DF", "OF", None, None, "NT", None, "RF", "VM", "AC")
VECTOR = (("v4_float", "ieee_single", 4), ("v2_double", "ieee_double", 2), ("v16_int8", "int8", 16), ("v8_int16", "int16", 8),
          ("v4_int32", "int32", 4), ("v2_int64", "int64", 2))  # fmt: skip


def description() -> bytes:
    """The target in XML."""
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE target SYSTEM "gdb-target.dtd">', "<target>"]
    lines.append("<architecture>i386:x86-64</architecture>")
    for feature, registers in FEATURES.items():
        lines.append(f'<feature name="{feature}">')
        lines += _types(feature)
        lines += [f'<reg name="{each.name}" bitsize="{each.bits}" type="{each.kind}"/>' for each in registers]
        lines.append("</feature>")
    return "\n".join([*lines, "</target>"]).encode()


def _types(feature: str) -> list[str]:
    """The types that a feature's registers have beside gdb's own."""
    if feature.endswith("core"):
        flags = [f'<field name="{name}" start="{bit}" end="{bit}"/>' for bit, name in enumerate(EFLAGS) if name]
        return ['<flags id="i386_eflags" size="4">', *flags, "</flags>"]
    if feature.endswith("sse"):
        vectors = [f'<vector id="{name}" type="{element}" count="{count}"/>' for name, element, count in VECTOR]
        fields = [f'<field name="{name}" type="{name}"/>' for name, _, _ in VECTOR]
        flags = ['<flags id="i386_mxcsr" size="4">', '<field name="IE" start="0" end="0"/>', "</flags>"]
        return [*vectors, '<union id="vec128">', *fields, '<field name="uint128" type="uint128"/>', "</union>", *flags]
    return []

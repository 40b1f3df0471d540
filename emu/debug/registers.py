"""The registers of a core as gdb wants them: its description of a target in XML, and their bytes.

Source: GDB's manual, appendix G (Target Descriptions), features org.gnu.gdb.i386.core, .sse and .segments.
"""

from dataclasses import dataclass

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)))
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")
CONTROL = ("k_gs_base", "cr0", "cr2", "cr3", "cr4", "efer")
FLOATING = ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")


@dataclass(frozen=True, slots=True)
class Register:
    """One register."""

    name: str
    bits: int
    kind: str  # gdb's name of its type

    def content(self, value: int | None) -> bytes:
        """A value in hex as the processor would store it; None: gdb's words for one that nobody knows."""
        return b"xx" * (self.bits // 8) if value is None else value.to_bytes(self.bits // 8, "little").hex().encode()


FEATURES: dict[str, tuple[Register, ...]] = {
    "org.gnu.gdb.i386.core": (
        *(Register(name, 64, "data_ptr" if name in ("rbp", "rsp") else "int64") for name in GENERAL),
        Register("rip", 64, "code_ptr"),
        Register("eflags", 32, "i386_eflags"),
        *(Register(name, 32, "int32") for name in SEGMENTS),
        *(Register(f"st{number}", 80, "i387_ext") for number in range(8)),
        *(Register(name, 32, "int") for name in FLOATING),
    ),
    "org.gnu.gdb.i386.sse": (
        *(Register(f"xmm{number}", 128, "vec128") for number in range(16)),
        Register("mxcsr", 32, "i386_mxcsr"),
    ),
    "org.gnu.gdb.i386.segments": (Register("fs_base", 64, "int64"), Register("gs_base", 64, "int64")),
    "emu.system": tuple(Register(name, 64, "int64") for name in CONTROL),
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

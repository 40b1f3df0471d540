"""Every assembled routine against a second assembler: GNU as must give the same instructions, up to the choice of encoding."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import capstone
import pytest

from emu.assembly import get_variant, guest_folder, load_globals, load_structs
from emu.assembly.assembler import TEXT_VIRTUAL, USER_VIRTUAL, assemble_text, gnu_text
from emu.assembly.constants import kernel_constants
from emu.assembly.inline import load_inlines
from emu.assembly.source import prepare
from emu.assembly.structs import constants
from emu.assembly.variants import kernel_inlines, kernel_sources, user_sources

pytestmark = pytest.mark.skipif(
    not (shutil.which("as") and shutil.which("objcopy") and shutil.which("ld")), reason="GNU binutils are not installed"
)
ALIKE = {"pushfq": "pushf", "popfq": "popf", "movabs": "mov", "sysretq": "sysret", "retfq": "retf"}


@cache
def values() -> dict[str, int]:
    firmware = guest_folder("firmware")
    structs = load_structs(sorted((firmware / "structs").glob("*.toml")))
    placed = load_globals(sorted((firmware / "globals").glob("*.toml")), structs)
    return kernel_constants() | dict(constants(structs)) | {each.name: each.virtual for each in placed.values()}


def disassemble(code: bytes, base: int) -> list[str]:
    """Instructions in order without padding; branch targets and RIP-relative addresses as the number of the instruction."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    found = [
        each
        for each in engine.disasm(code, base)
        if not re.match(r"nop|int3|data16|cs nop|xchg +(e?ax), ", f"{each.mnemonic} {each.op_str}")
    ]
    number = {each.address: index for index, each in enumerate(found)}
    lines = []
    for each in found:
        operands = each.op_str
        if re.fullmatch(r"0x[0-9a-f]+", operands) and (each.mnemonic[0] == "j" or each.mnemonic == "call"):
            operands = f"#{number.get(int(operands, 16))}"
        if relative := re.search(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]", operands):
            distance = int(relative.group(2), 0) * (1 if relative.group(1) == "+" else -1)
            operands = operands.replace(relative.group(0), f"[#{number.get(each.address + each.size + distance)}]")
        lines.append(f"{ALIKE.get(each.mnemonic, each.mnemonic)} {operands}".strip())
    return lines


def assemble_with_gnu(text: str, base: int, folder: Path) -> bytes:
    source, linked, flat = folder / "text.s", folder / "text.elf", folder / "text.bin"
    source.write_text(text)
    subprocess.run(["as", "--64", "--fatal-warnings", "-o", str(folder / "text.o"), str(source)], check=True)
    subprocess.run(["ld", f"-Ttext={base:#x}", "-e", f"{base:#x}", "-o", str(linked), str(folder / "text.o")], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", str(linked), str(flat)], check=True)
    return flat.read_bytes()


@pytest.mark.parametrize("variant", ["baseline", "wakeq", "user"])
def test_same_instructions(variant: str, tmp_path: Path) -> None:
    files = user_sources() if variant == "user" else kernel_sources(get_variant(variant))
    inlines = {} if variant == "user" else load_inlines(kernel_inlines(get_variant(variant)))
    base = USER_VIRTUAL if variant == "user" else TEXT_VIRTUAL
    ours = assemble_text([prepare(path, inlines) for path in files.values()], base, values()).code
    theirs = assemble_with_gnu(gnu_text([prepare(path, inlines) for path in files.values()], values()), base, tmp_path)
    assert disassemble(ours, base) == disassemble(theirs, base)

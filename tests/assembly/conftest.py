"""Small guests written for one test."""

from collections.abc import Callable, Mapping
from pathlib import Path

import capstone
import pytest

from emu.assembly.assembler import TEXT_VIRTUAL, assemble_text
from emu.assembly.source import prepare
from emu.assembly.text import AssembledText

Assemble = Callable[..., AssembledText]
Listing = Callable[[bytes], list[str]]


@pytest.fixture
def assembled(tmp_path: Path) -> Assemble:
    """Assemble routines given as name=body (the label and a final `ret` are added); `values` are the names known before."""

    def run(values: Mapping[str, int] | None = None, **bodies: str) -> AssembledText:
        paths = []
        for name, body in bodies.items():
            paths.append(tmp_path / f"{name}.S")
            paths[-1].write_text(f"{name}:\n{body}\n    ret\n")
        return assemble_text([prepare(path) for path in paths], TEXT_VIRTUAL, values or {})

    return run


@pytest.fixture
def listing() -> Listing:
    """Disassembly of kernel text, without padding."""

    def disassemble(code: bytes) -> list[str]:
        engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
        lines = [f"{each.mnemonic} {each.op_str}".strip() for each in engine.disasm(code, TEXT_VIRTUAL)]
        return [line for line in lines if not line.startswith("nop")]

    return disassemble

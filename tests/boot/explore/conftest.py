"""Two threads that add one to a counter, right and wrong, on a small kernel: boots and regions that tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emu.boot.explore.explorer import Strategy
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.boot.user_program import Data, assemble_program
from emu.explore.strategy.records import RANDOM
from emu.subjects.kernel.explore.exploration import Exploration
from emu.subjects.kernel.explore.spec import ExploreSpec

PROGRAM = Path(__file__).with_name("two_adders.S")
ADD = {
    "racy": "mov rax, qword ptr [rbx]\n    inc rax\n    mov qword ptr [rbx], rax",
    "locked": "lock inc qword ptr [rbx]",
    # Two locks, which the threads take in opposite orders: once each has one, both go round for ever.
    "opposed": """lock inc qword ptr [rbx + 0x18]
.Lmeet:
    pause
    cmp qword ptr [rbx + 0x18], 0x2
    jl .Lmeet
    test r12d, r12d
    jz .Lsecond
.Lone:
    lock bts qword ptr [rbx + 0x8], 0x0
    jc .Lone
.Ltwo:
    lock bts qword ptr [rbx + 0x10], 0x0
    jc .Ltwo
    jmp .Lboth
.Lsecond:
    lock bts qword ptr [rbx + 0x10], 0x0
    jc .Lsecond
.Lfirst:
    lock bts qword ptr [rbx + 0x8], 0x0
    jc .Lfirst
.Lboth:
    lock inc qword ptr [rbx]
    mov qword ptr [rbx + 0x10], 0x0
    mov qword ptr [rbx + 0x8], 0x0""",
}


@pytest.fixture(scope="module", autouse=True)
def cache(boots_apart: None) -> None:
    """All tests here keep their boots apart."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """An ELF file of the program, by how it adds."""
    folder = tmp_path_factory.mktemp("programs")

    def make(name: str) -> Path:
        data = Data()
        data.add(bytes(8), "COUNTER")
        data.add(bytes(4096))
        data.add(bytes(16), "STACK_END")
        source = folder / PROGRAM.name
        source.write_text(PROGRAM.read_text().replace("ADD_ONE", ADD[name]))
        path = folder / name
        path.write_bytes(assemble_program([source], data))
        path.chmod(0o755)
        return path

    return make


@pytest.fixture(scope="module")
def spec(vmlinux: Path, program: Callable[[str], Path]) -> Callable[[str], ExploreSpec]:
    """What is explored, by how the program adds."""

    def make(name: str) -> ExploreSpec:
        boot = BootSpec(kernel=vmlinux, cpus=2, program=program(name), identity="generic", memory_mib=64)
        return ExploreSpec(boot, parse_mark("--from", "work_begin"), None, None, Strategy(RANDOM, 1), 100)

    return make


@pytest.fixture(scope="module")
def racy(spec: Callable[[str], ExploreSpec]) -> Exploration:
    """The wrong one, at its first instruction."""
    return Exploration(spec("racy"), Watchers())

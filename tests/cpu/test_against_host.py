"""Random programs of all instructions that the emulator carries out, on it and on the host processor; 300, or as many as asked for:

CPU_PROGRAMS=20000 python -m pytest tests/cpu -k a_program_does_what_the_host_does

CPU_SEED=N takes the programs from seed N on.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

import emu.engine.text
from bench.cpu import emulated as cpu_emulated
from bench.cpu.code import Code
from bench.cpu.compare import Comparison, against_host
from bench.cpu.flags import ALWAYS, effect
from bench.cpu.forms import FEATURES, forms
from bench.cpu.host import Host, HostUnusable
from bench.cpu.programs import LIVE, RSP, USED, VECTORS, Program, Statement, program
from bench.cpu.special import SPECIAL
from bench.cpu.state import Result
from emu.isa.carried_out import USER

PROGRAMS, SEED = int(os.environ.get("CPU_PROGRAMS", "300")), int(os.environ.get("CPU_SEED", "0"))
# Other names of the same instructions, which Capstone gives to some of their encodings.
SYNONYMS = {"movabs": "mov", "sal": "shl", "pushf": "pushfq", "popf": "popfq"}
UPPER = 0x5555555500000000


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The host processor, or a skip that says why it cannot be asked."""
    try:
        found = Host()
    except HostUnusable as problem:
        pytest.skip(str(problem))
    yield found
    found.close()


def check(host: Host, seeds: range, *, wanted: str = "", longest: int = 4, interpret: bool = True) -> None:
    """The programs of these seeds come out the same."""
    comparison = against_host(host, interpret=interpret)
    programs = (program(seed, host.features, wanted=wanted, longest=longest) for seed in seeds)
    for failure in comparison.failures(programs):
        pytest.fail(comparison.report(comparison.reduce(failure)))


def test_a_program_does_what_the_host_does(host: Host) -> None:
    check(host, range(SEED, SEED + PROGRAMS))


def test_a_long_program_does_what_the_host_does(host: Host) -> None:
    check(host, range(20), longest=60)


def test_a_program_does_so_with_all_instructions_left_to_unicorn(host: Host) -> None:
    check(host, range(SEED, SEED + PROGRAMS), interpret=False)


@pytest.mark.deep
def test_thousands_of_programs_do_what_the_host_does(host: Host) -> None:
    check(host, range(10_000, 15_000))


@pytest.mark.parametrize("feature", sorted(set(FEATURES.values())))
def test_instructions_that_not_every_processor_has(host: Host, feature: str) -> None:
    if feature not in host.features:
        pytest.skip(f"CPUID of the host does not have {feature}: its instructions are in none of the programs")
    check(host, range(20_000, 20_020), wanted=feature)


def test_every_instruction_carried_out_is_in_the_programs() -> None:
    made = {each.name for each in forms()}.union(*SPECIAL.values())
    assert {SYNONYMS.get(name, name) for name in USER} == made


def handmade(*lines: str, flags: int = 0, memory: bytes = b"", **registers: int) -> Program:
    """A program of these lines, whose flags are all compared; registers that are not given are 0."""
    found = tuple(Statement((line,), line.split()[0], effect("nop", 64, None)) for line in lines)
    start = dict.fromkeys(USED, 0) | registers | {"rsp": RSP, "flags": flags | ALWAYS}
    return Program(found, start, (0,) * VECTORS, memory.ljust(len(LIVE), b"\0"))


AT = f"[riz*0x1 + {LIVE.start:#x}]"
MENDED = {
    "cmpxchg r32 that fails": handmade("cmpxchg ecx, edx", rax=UPPER, rcx=UPPER + 1, rdx=2),
    "cmpxchg r32 that succeeds": handmade("cmpxchg ecx, edx", rax=UPPER + 1, rcx=UPPER + 1, rdx=2),
    "cmpxchg m32 that succeeds": handmade(f"cmpxchg dword ptr {AT}, edx", rax=UPPER, rdx=2),
    "lock cmpxchg m32 that succeeds": handmade(f"lock cmpxchg dword ptr {AT}, edx", rax=UPPER, rdx=2),
    "bsf of 0": handmade("test eax, eax", "bsf ecx, eax", rcx=UPPER + 3),
    "bsr of 0": handmade(f"bsr ecx, dword ptr {AT}", rcx=UPPER + 3),
    "lock neg": handmade(f"lock neg qword ptr {AT}", memory=b"\x03"),
    "lock neg behind another subtraction": handmade("cmp rax, rbx", f"lock neg qword ptr {AT}", rbx=1, memory=b"\x03"),
}

# Unicorn loses flags of instructions before one of these, if they are carried out in one call.
RIGHT = {
    "pushfq": handmade("add al, bl", "pushfq", rax=8, rbx=8),
    "cmpxchg8b": handmade("add al, bl", f"cmpxchg8b qword ptr {AT}", rax=8, rbx=8),
    "cmpxchg16b": handmade("add al, bl", f"lock cmpxchg16b xmmword ptr {AT}", rax=8, rbx=8),
    "rep movsb": handmade("add al, bl", "rep movsb", rax=8, rbx=8, rcx=3, rsi=LIVE.start, rdi=LIVE.start + 64),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("interpret", [True, False])
def test_flags_outlive_an_access(host: Host, name: str, interpret: bool) -> None:
    comparison = against_host(host, interpret=interpret)
    assert not list(comparison.failures([RIGHT[name]])), comparison.report(RIGHT[name])


@pytest.mark.parametrize("name", MENDED)
def test_what_unicorn_gets_wrong_is_mended(host: Host, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = against_host(host, interpret=False)
    assert not list(comparison.failures([MENDED[name]])), comparison.report(MENDED[name])
    monkeypatch.setattr(emu.engine.text, "mending", lambda each: (0, (0, 0)))
    assert list(comparison.failures([MENDED[name]])), "Unicorn does it by itself now: emu.engine.mend need not"


def wrong_where(name: str) -> Callable[[Sequence[Program], Code], list[Result]]:
    """An emulator that adds 1 to R9 where an instruction of this name is."""

    def run(programs: Sequence[Program], code: Code) -> list[Result]:
        results = cpu_emulated.run(programs, code)
        for index, each in enumerate(programs):
            if any(statement.name == name for statement in each.statements):
                state = bytearray(results[index].state)
                state[8 * 9] ^= 1
                results[index] = replace(results[index], state=bytes(state))
        return results

    return run


def test_a_failure_is_told_in_its_shortest_form(host: Host) -> None:
    comparison = Comparison(wrong_where("not"), host.run)
    long = handmade("mov rbx, 0x5", "not rdx", "add rcx, rbx", flags=1, memory=b"\x07", rcx=9, r9=6)
    (failure,) = comparison.failures([handmade("inc rdx"), long])
    assert failure is long
    assert comparison.report(comparison.reduce(long)).splitlines() == [
        "the emulator and the host do not do the same:",
        "    not rdx",
        "begins with flags none; all else 0",
        "    r9: emulated 0x1, host 0x0",
    ]


def test_a_program_that_faults_on_the_host_ends_no_other(host: Host) -> None:
    comparison = against_host(host)
    faulty = handmade("mov rax, qword ptr [rbx]", rbx=0x10)
    found = list(comparison.failures([handmade("inc rax"), faulty, handmade("dec rax")]))
    assert found == [faulty]
    assert "host: ends the process by SIGSEGV" in comparison.report(faulty)

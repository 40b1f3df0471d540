"""A trace holds every access of every instruction, in the order in which they were made."""

from collections.abc import Iterator

import numpy as np
import pytest

from emu.run.experiment import run
from emu.run.experiment_spec import Experiment
from emu.trace.file import Records, TraceFile
from emu.trace.record import Access, Kind

LOAD, STORE, RMW = int(Access.LOAD), int(Access.STORE), int(Access.READ_MODIFY_WRITE)
APIC = 0xFEE00000


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> TraceFile:
    path = tmp_path_factory.mktemp("trace") / "t"
    run(Experiment(variant="wakeq", threads=2, messages=12, trace=path))
    return TraceFile(path)


@pytest.fixture(scope="module")
def executed(trace: TraceFile) -> dict[str, list[tuple[int, list[tuple[int, int, int]]]]]:
    """By mnemonic and operands: core, and accesses (kind, address, size) of each execution."""
    found: dict[str, list[tuple[int, list[tuple[int, int, int]]]]] = {}
    for core in range(trace.header.cores):
        for text, accesses in _instructions(trace, core):
            found.setdefault(text, []).append((core, accesses))
    return found


def _instructions(trace: TraceFile, core: int) -> Iterator[tuple[str, list[tuple[int, int, int]]]]:
    records: Records = trace.records()
    accesses: list[tuple[int, int, int]] = []
    for record in records[(records["core"] == core) & np.isin(records["kind"], (int(Kind.INSTRUCTION), int(Kind.ACCESS)))]:
        if record["access"]:
            accesses.append((int(record["access"]), int(record["address"]), int(record["size"])))
        if record["kind"] == Kind.INSTRUCTION:
            yield trace.header.instructions[int(record["pc"])], accesses
            accesses = []


def each(executed: dict[str, list[tuple[int, list[tuple[int, int, int]]]]], beginning: str) -> list[list[tuple[int, int, int]]]:
    found = [accesses for text, all_of_it in executed.items() if text.startswith(beginning) for _, accesses in all_of_it]
    assert found, beginning
    return found


def test_push_and_call_through_memory(executed):
    for accesses in (*each(executed, "push qword ptr gs:"), *each(executed, "call qword ptr [")):
        assert [kind for kind, _, _ in accesses] == [LOAD, STORE]
        assert accesses[0][1] != accesses[1][1]


def test_a_read_modify_write_is_one_access(executed):
    assert all([kind for kind, _, _ in accesses] == [RMW] for accesses in each(executed, "inc dword ptr ["))


def test_plain_accesses(executed):
    assert all([kind for kind, _, _ in accesses] == [STORE] for accesses in each(executed, "push rbx"))
    assert all([kind for kind, _, _ in accesses] == [LOAD] for _, accesses in executed["ret"])


def test_string_instructions_have_each_element(executed):
    for accesses in each(executed, "rep movsq"):
        assert [kind for kind, _, _ in accesses] == [LOAD, STORE] * (len(accesses) // 2)
    assert any(accesses for accesses in each(executed, "rep movsq"))


def test_the_fpu_image_is_stored_field_by_field(executed):
    for accesses in each(executed, "fxsave64"):
        assert all(kind == STORE for kind, _, _ in accesses)
        image = min(address for _, address, _ in accesses)
        assert len({address // 64 for _, address, _ in accesses}) == 7  # x87, SSE registers; the rest of 512 bytes is not used
        assert len(accesses) > 40
        assert image % 16 == 0


def test_registers_of_the_apic_are_accesses_too(executed):
    sent = [accesses for found in executed.values() for _, accesses in found for _, address, _ in accesses if address >= APIC]
    assert sent
    assert all(len(accesses) == 1 for accesses in sent)

"""Copies to and from user memory on the real engine: page faults go to their fixups, with the bytes left as Linux counts them."""

import random
from functools import cache
from typing import Any

import pytest

from bench.firmware.kernel_bench import CALLER, MASK, USER, Bench, image_of, in_plain_python, make
from emu.engine import records as rec
from emu.trace.record import Kind

EFAULT = -14 & MASK
KERNEL = 0xFFFF880003000000  # free RAM in the direct map: the kernel's side of the copies
PAGE = 0x1000
END = USER + PAGE  # the first byte that is not mapped
LIMIT = 0x7FFFFFFFF000
TEXT = 0x400000  # user text: mapped, read-only
UNMAPPED = 0x1000
CF, OF = 0x1, 0x800
FAULTS = {
    "load": "mov rbx, qword ptr [rdi]",
    "store": "mov qword ptr [rdi], rbx",
    "string": "rep movsb",
    "locked": "lock inc qword ptr [rdi]",
}
# IMUL leaves CF and OF clear, and they are still lazy in Unicorn when the next instruction faults.
FLAGS_BEFORE_A_FAULT = """//@ state kernel
{name}:
    mov eax, 0x3
    mov edx, 0x1
    imul eax, edx
//@ fixup .Lfix
    {fault}
.Lfix:
    pushfq
    pop rax
    ret
"""
ROUTINES = {f"flags_{name}": FLAGS_BEFORE_A_FAULT.format(name=f"flags_{name}", fault=fault) for name, fault in FAULTS.items()}
ROUTINES |= {
    f"bad_{name}": f"//@ state kernel\nbad_{name}:\n    {text}\n    ret\n"
    for name, text in (("opcode", "ud2"), ("load", "mov rax, qword ptr [rdi]"), ("store", "mov qword ptr [rdi], rax"))
}


def prepared(routines: list[tuple[str, dict[str, int]]], *, trace: bool = False) -> Bench:
    """A machine that will call routines one after the other. User page and kernel page hold known bytes."""
    bench = make(image_of("wakeq", (("bench", CALLER), *ROUTINES.items())), primary="bench", done=1, trace=trace)
    bench.put(USER, bytes(i % 251 + 1 for i in range(PAGE)))
    bench.put(KERNEL, bytes(i % 241 + 2 for i in range(PAGE)))
    bench.put_calls(routines)
    return bench


def run(routines: list[tuple[str, dict[str, int]]]) -> tuple[Bench, list[tuple[int, int]]]:
    """Call routines; gives each one's rax and rdx."""
    bench = prepared(routines)
    bench.run_to_end()
    return bench, bench.results(len(routines))


def copy(to: int, source: int, size: int) -> dict[str, int]:
    return {"rdi": to, "rsi": source, "rdx": size}


def user_bytes(offset: int, size: int) -> bytes:
    return bytes((offset + i) % 251 + 1 for i in range(size))


def test_get_user_8() -> None:
    addresses = [USER + 8, END - 8, END - 7, END, UNMAPPED, LIMIT - 8, LIMIT - 7, LIMIT, KERNEL, MASK - 3]
    bench, results = run([("__get_user_8", {"rax": address}) for address in addresses])
    good = [(0, int.from_bytes(user_bytes(address - USER, 8), "little")) for address in addresses[:2]]
    assert results == good + [(EFAULT, 0)] * 8
    bench.check_sums()


def test_put_user_8() -> None:
    value = 0x1122334455667788
    addresses = [USER + 16, END - 8, END - 4, END, UNMAPPED, TEXT, LIMIT - 8, LIMIT - 7, KERNEL, MASK - 3]
    bench, results = run([("__put_user_8", {"rax": value, "rcx": address}) for address in addresses])
    assert [rax for rax, _ in results] == [0, 0] + [EFAULT] * 8
    assert bench.get(USER + 16) == value
    assert bench.bytes_at(END - 8, 8) == value.to_bytes(8, "little"), "a store across the end of the page leaves nothing behind"
    bench.check_sums()


@cache
def cases() -> list[tuple[int, int]]:
    """(bytes that are there, bytes asked for) for copies that run into the page that is not."""
    rng = random.Random(4)
    fixed = [(0, 1), (0, 8), (0, 100), (1, 2), (7, 8), (8, 9), (8, 16), (9, 24), (16, 17), (100, 108), (100, 200), (4096, 4100)]
    return fixed + [(rng.randrange(1, 300), rng.randrange(300, 600)) for _ in range(12)]


def test_copy_from_user_counts_what_is_missing_and_clears_it() -> None:
    place = [KERNEL + 0x10000 + 0x2000 * number + number % 9 for number in range(len(cases()))]
    bench, results = run(
        [("_copy_from_user", copy(to, END - there, size)) for to, (there, size) in zip(place, cases(), strict=True)]
    )
    for to, (there, size), (rax, _) in zip(place, cases(), results, strict=True):
        assert rax == size - there, (there, size)
        assert bench.bytes_at(to, size + 1) == user_bytes(PAGE - there, there) + bytes(size - there + 1)
    bench.check_sums()


def test_copy_to_user_counts_what_is_missing() -> None:
    routines = [("_copy_to_user", copy(END - there, KERNEL + number, size)) for number, (there, size) in enumerate(cases())]
    bench, results = run(routines)
    assert [rax for rax, _ in results] == [size - there for there, size in cases()]
    there, _ = cases()[-1]
    number = len(cases()) - 1
    assert bench.bytes_at(END - there, there) == bytes((number + i) % 241 + 2 for i in range(there))
    bench.check_sums()


def test_a_copy_that_faults_at_once_or_is_out_of_range() -> None:
    routines = [
        ("_copy_to_user", copy(UNMAPPED, KERNEL, 64)),
        ("_copy_to_user", copy(TEXT, KERNEL, 64)),  # there, but read-only
        ("_copy_to_user", copy(TEXT + 3, KERNEL, 64)),
        ("_copy_to_user", copy(LIMIT - 8, KERNEL, 16)),
        ("_copy_to_user", copy(KERNEL, KERNEL, 16)),
        ("_copy_to_user", copy(MASK - 3, KERNEL, 16)),
        ("_copy_from_user", copy(KERNEL + 0x100, UNMAPPED, 64)),
        ("_copy_from_user", copy(KERNEL + 0x200, KERNEL, 64)),
        ("_copy_from_user", copy(KERNEL + 0x300, MASK - 3, 64)),
        ("_copy_from_user", copy(KERNEL + 0x400, USER, 0)),
        ("_copy_to_user", copy(USER, KERNEL, 0)),
    ]
    bench, results = run(routines)
    assert [rax for rax, _ in results] == [64, 64, 64, 16, 16, 16, 64, 64, 64, 0, 0]
    for at in (0x100, 0x200, 0x300):
        assert bench.bytes_at(KERNEL + at, 64) == bytes(64)
    assert bench.bytes_at(KERNEL + 0x400, 1) != bytes(1)


def faults() -> dict[str, Any]:
    """A run with faults in loads, stores and in the middle of string moves: what it gave, for the twin to compare."""
    routines: list[tuple[str, dict[str, int]]] = [
        ("__get_user_8", {"rax": END - 4}),
        ("__put_user_8", {"rax": 5, "rcx": END - 4}),
        ("_copy_from_user", copy(KERNEL + 0x801, END - 100, 120)),
        ("_copy_to_user", copy(END - 99, KERNEL, 120)),
    ]
    bench, results = run(routines)
    return {"results": results, **bench.summary()}


def test_the_twin_in_plain_python_agrees() -> None:
    here = faults()
    assert [rax for rax, _ in here["results"]] == [EFAULT, EFAULT, 20, 21]
    there = in_plain_python("firmware.test_usercopy", "faults")
    assert {**here, "results": [list(each) for each in here["results"]]} == there


def test_the_frame_of_a_fault_tells_what_was_tried() -> None:
    """The error code on the stack, seen where page_fault begins: bit 0 the page is there, bit 1 a store."""
    tried: list[tuple[str, dict[str, int], list[int]]] = [
        ("__get_user_8", {"rax": UNMAPPED}, [0]),
        ("__put_user_8", {"rcx": UNMAPPED}, [2]),
        ("__put_user_8", {"rcx": TEXT}, [3]),
        ("__put_user_8", {"rcx": END - 4}, [2]),
        ("_copy_from_user", copy(KERNEL, END - 9, 64), [0, 0]),  # the words, then the bytes that may be there
        ("_copy_to_user", copy(END - 16, KERNEL, 64), [2, 2]),
        ("_copy_to_user", copy(TEXT, KERNEL, 64), [3, 3]),
    ]
    bench = prepared([(name, registers) for name, registers, _ in tried], trace=True)
    bench.run_to_end()
    records = bench.machine.trace[: int(bench.machine.record["tracing"]["count"][0])]
    loads = records[(records["kind"] == Kind.INSTRUCTION) & (records["pc"] == _load_of_error_code(bench))]
    assert [int(load["value"]) for load in loads] == [code for _, _, codes in tried for code in codes]
    assert (records["kind"] == Kind.INTERRUPT).sum() == len(loads), "the trace shows the exceptions"


def _load_of_error_code(bench: Bench) -> int:
    """Address of page_fault's `mov rsi, [rsp + orig_ax]`."""
    routine = next(each for each in bench.image.routines if each.name == "page_fault")
    body = [each for at, each in bench.text.decoded.items() if routine.address <= at < routine.address + routine.size]
    return next(each.address for each in body if each.mnemonic == "mov" and "rsi" in each.writes)


def test_a_fault_leaves_the_flags_as_they_were() -> None:
    _, results = run([(f"flags_{name}", {"rdi": UNMAPPED, "rsi": KERNEL, "rcx": 1}) for name in FAULTS])
    assert [rax & (CF | OF) for rax, _ in results] == [0] * len(FAULTS)


@pytest.mark.parametrize(("routine", "vector"), [("opcode", 6), ("load", 14), ("store", 14)])
def test_what_has_no_fixup_still_ends_the_run(routine: str, vector: int) -> None:
    bench = prepared([(f"bad_{routine}", {"rdi": UNMAPPED})])
    assert bench.run() == rec.FAULT
    core = bench.machine.cores[0]
    assert (int(core["fault"]["kind"]), int(core["fault"]["code"])) == (rec.FAULT_EXCEPTION, vector)
    assert bench.image.symbol_at(int(core["pc"]) & MASK) == (f"bad_{routine}", 0)


def test_the_table_is_sorted_and_complete() -> None:
    image = image_of("wakeq")
    table, entry = image.symbols["__ex_table"], image.structs["exception_table_entry"]
    base = image.data.virtual
    count = int.from_bytes(image.data.data[image.symbols["__ex_table_entries"] - base :][:8], "little")
    found = {}
    for index in range(count):
        at = table + index * entry.size
        words = [at + f.offset + int.from_bytes(image.data.data[at + f.offset - base :][:4], "little", signed=True) for f in
                 entry.fields.values()]  # fmt: skip
        found[words[0]] = words[1]
        assert words[2] == image.symbols["ex_handler_default"]
    assert list(found.items()) == sorted(image.fixups.items())
    assert count >= 8

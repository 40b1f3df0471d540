"""The shipped tests: made anew they are the same, the oracle gives their kinds, and emu finds exactly the oracle's final states."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.litmus.generated_set import FOLDER, chosen, generated_texts
from bench.litmus.kinds import kinds, texts_in
from bench.litmus.tso_model import Model, judge
from bench.litmus.tso_text import REGISTERS, RSP, Reg, Text, read
from emu.description import load_machine
from emu.explore.explorer import Bounds
from emu.litmus.batch import Batch
from emu.litmus.parse import parse
from emu.litmus.program import assemble
from emu.litmus.test import Cell, LitmusTest, Observable, Register

HANDWRITTEN = Path(__file__).parent / "handwritten"
WIDE = [name for name, (number, size, _) in REGISTERS.items() if size == 8 and number != RSP]


def test_the_set_is_what_the_generator_makes(request):
    made = generated_texts()
    if request.config.getoption("--update-golden"):
        FOLDER.mkdir(exist_ok=True)
        for path in FOLDER.glob("*.litmus"):
            path.unlink()
        for name, text in made.items():
            (FOLDER / f"{name}.litmus").write_text(text)
    shipped = texts_in(FOLDER)
    assert sorted(shipped) == sorted(made)
    differing = [name for name, text in made.items() if shipped[name] != text]
    assert not differing, f"{differing[0]} differs: if the new text is right, run pytest with --update-golden"


@pytest.mark.parametrize("folder", [FOLDER, HANDWRITTEN], ids=["generated", "handwritten"])
def test_kinds_are_the_oracles(folder, request):
    got = kinds(texts_in(folder))
    if request.config.getoption("--update-golden"):
        (folder / "kinds.txt").write_text(got)
    assert got == (folder / "kinds.txt").read_text()


def test_no_cycle_happens_where_stores_take_effect_at_once():
    reached = [name for name, text in texts_in(FOLDER).items() if judge(read(text), "sc").reachable]
    assert not reached


def test_the_set_is_broad():
    texts = texts_in(FOLDER)
    assert 300 <= len(texts) <= 600
    headers = [text.split()[0] for text in texts.values()]
    assert abs(headers.count("X86") - headers.count("X86_64")) <= 1
    assert {len(cycle.threads) for cycle in chosen()} == {2, 3, 4}
    allowed = (FOLDER / "kinds.txt").read_text().count(" Allow")
    assert 0.3 < allowed / len(texts) < 0.7


@pytest.mark.parametrize(
    ("folder", "model"),
    [
        pytest.param(FOLDER, "tso", id="generated-tso"),
        pytest.param(FOLDER, "sc", id="generated-sc", marks=pytest.mark.deep),
        pytest.param(HANDWRITTEN, "tso", id="handwritten-tso"),
        pytest.param(HANDWRITTEN, "sc", id="handwritten-sc"),
    ],
)
def test_emu_finds_the_oracles_states(folder, model):
    """All of them and no others, with the registers and every byte of the locations."""
    texts = {name: read(text) for name, text in texts_in(folder).items()}
    tests = [show_everything(parse(name, text), texts[name]) for name, text in texts_in(folder).items()]
    program = assemble(tests)
    batch = Batch(program, tests, load_machine("a10-7800"), model, Bounds())
    for number, (text, test) in enumerate(zip(texts.values(), tests, strict=True)):
        wanted = oracle_states(test, text, model, program.tests[number].addresses)
        assert set(batch.run(number).states) == wanted, f"{text.name} under {model}"


def show_everything(test: LitmusTest, text: Text) -> LitmusTest:
    """Observe every element of the locations, and every register that the code names or that is always part of an instruction."""
    registers = []
    for thread, code in enumerate(text.code):
        named = {each.number for op in code for each in op.operands if isinstance(each, Reg)}
        named |= {REGISTERS[name][0] for name in ("rax", "rcx", "rsi", "rdi")} if any(op.rep for op in code) else {0}
        registers += [Register(thread, name, 8) for name in WIDE if REGISTERS[name][0] in named]
    cells = [Cell(each.name, index) for each in test.locations for index in range(len(each.initial))]
    return dataclasses.replace(test, observed=(*registers, *cells))


def oracle_states(test: LitmusTest, text: Text, model: str, addresses: Mapping[str, int]) -> set[tuple[int, ...]]:
    machine = Model(text, model, addresses)
    sizes = {each.name: each.size for each in test.locations}

    def value(final, what: Observable) -> int:
        if isinstance(what, Register):
            return final.registers[what.thread][REGISTERS[what.name][0]]
        size = sizes[what.location]
        return machine.layout.read(final.memory, addresses[what.location] + what.index * size, size)

    return {tuple(value(final, what) for what in test.observed) for final in machine.finals()}

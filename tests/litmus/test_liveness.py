"""Which threads can come to wait for ever: small random programs that spin, against the oracle."""

from itertools import zip_longest
from random import Random

import pytest

from bench.litmus.texts import ABBA, INORDER, NOBODY, SB
from bench.litmus.tso_model import Model
from bench.litmus.tso_text import read
from emu.description import load_machine
from emu.explore.explorer import Bounds
from emu.litmus.batch import Batch
from emu.litmus.parse import parse
from emu.litmus.program import assemble

BATCH = 40


def spinning(random: Random, threads: int) -> str:
    """Threads that store, go round in a loop, and store again; a loop has no plain stores: buffers would grow without end."""
    parts = ["AB"[: random.randint(1, 2) if threads == 2 else 1] for _ in range(threads)]
    columns = [[each for label in labels for each in _part(random, label)] for labels in parts]
    rows = [" | ".join(cells) for cells in zip_longest(*columns, fillvalue="")]
    head = " | ".join(f"P{index}" for index in range(threads))
    return f"X86_64 spinning\n{{ }}\n {head} ;\n" + "".join(f" {row} ;\n" for row in rows) + "exists (x=0)\n"


def _part(random: Random, label: str) -> list[str]:
    def store() -> list[str]:
        return [f"movl ${random.randint(0, 1)},({random.choice('xy')})"] * random.randint(0, 1)

    place = random.choice("xy")
    looks = (f"cmpl ${random.randint(0, 1)},({place})", f"xchgl %eax,({place})", f"movl ({place}),%eax", "testl %eax,%eax")
    see, jump = random.choice([*((look, random.choice(("je", "jne"))) for look in looks), (f"lock btsl $0,({place})", "jc")])
    rare = random.random()
    loop = [f"{label}: {see}", "hlt" if rare < 0.05 else f"{'jmp' if rare > 0.95 else jump} {label}"]
    return [*store(), *loop, *store()]


def differences(texts: list[str], model: str) -> list[tuple[str, object, object]]:
    """Texts of which emu and the oracle say different things."""
    tests = [parse("t", text) for text in texts]
    batch = Batch(assemble(tests), tests, load_machine("a10-7800"), model, Bounds())
    found = []
    for number, text in enumerate(texts):
        wanted = Model(read(text), model).endless()
        got = {frozenset(thread for thread, _ in endless) for endless, _ in batch.run(number).endless}
        if got != wanted:
            found.append((text, got, wanted))
    return found


@pytest.mark.parametrize("model", ["tso", "sc"])
def test_known_ones(model: str) -> None:
    wanted = [{frozenset((0, 1))}, set(), {frozenset((1,))}, set()]
    texts = [ABBA, INORDER, NOBODY, SB]
    assert [Model(read(text), model).endless() for text in texts] == wanted
    assert not differences(texts, model)


@pytest.mark.parametrize("model", ["tso", "sc"])
@pytest.mark.parametrize("threads", [2, 3])
def test_random_programs(threads: int, model: str) -> None:
    random = Random(threads)
    texts = [spinning(random, threads) for _ in range(BATCH)]
    assert not differences(texts, model)
    endless = sum(bool(Model(read(text), model).endless()) for text in texts)
    assert 0.05 < endless / BATCH < 0.95, "both kinds are among them"


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_many_random_programs(seed: int) -> None:
    random = Random(seed)
    for threads in (2, 3):
        assert not differences([spinning(random, threads) for _ in range(200)], "tso")

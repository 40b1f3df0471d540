"""Cases as text: there and back, and refusals that name the line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.errors import UserError
from emu.stress.case import Case, Shape, no_operations
from emu.stress.records import NAMES, OF_ENTRIES, OP_CMPXCHG, WITHOUT_VALUE
from emu.stress.text import parse, read, render

HEAD = "machine a10-7800\ncores 2\nl1 64 4\nl2 2048 16\nmodule 2\nbuffer 24 8\n"


@st.composite
def cases(draw):
    operations = no_operations(draw(st.integers(0, 5)))
    for operation in operations:
        width = draw(st.sampled_from([1, 2, 4, 8]))
        kind = draw(st.integers(0, len(NAMES) - 1))
        if kind in OF_ENTRIES:
            width = 8
        values = st.integers(-(2**63), 2**63 - 1) if width == 8 else st.integers(0, 2 ** (8 * width) - 1)
        operation["kind"], operation["width"] = kind, width
        operation["time"] = draw(st.integers(0, 10**9))
        operation["core"] = draw(st.integers(0, 3))
        operation["address"] = draw(st.integers(0, 2**29)) & (~7 if kind in OF_ENTRIES else -1)
        operation["value"] = draw(values) if kind not in WITHOUT_VALUE else 0
        operation["expected"] = draw(values) if kind == OP_CMPXCHG else 0
    ways = st.integers(1, 128)
    sets = st.sampled_from([1, 2, 64, 1024])
    shape = Shape((draw(sets), draw(ways)), (draw(sets), draw(ways)), draw(st.integers(1, 64)), draw(ways), draw(ways))
    return Case("a10-7800", 4, shape, operations)


@settings(max_examples=50, deadline=None)
@given(cases())
def test_there_and_back(case):
    again = parse(render(case), "case")
    assert (again.machine, again.cores, again.shape) == (case.machine, case.cores, case.shape)
    np.testing.assert_array_equal(again.operations, case.operations)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "case:1: there is no line 'machine': a case begins with machine, cores, l1, l2, module, buffer"),
        ("machine nowhere\n", "case:1: "),
        ("frobnicate 1\n", "case:1: wanted machine, cores, l1, l2, l3, module, buffer or an operation"),
        (HEAD + "cores 3\n", "case:7: cores must stand once, before the first operation"),
        ("cores\n", "case:1: cores is followed by 1 word(s), not 0"),
        ("cores 65\n", "case:1: cores must be 1 to 64, not 65"),
        ("l1 64 four\n", "case:1: l1 must be a whole number, not 'four'"),
        (HEAD.replace("l1 64", "l1 63"), "case:6: l1: the sets must be a power of two up to 1024, not 63"),
        (HEAD.replace("24 8", "999 8"), "case:6: the depth must be 1 to 128, not 999"),
        (HEAD.replace("module", "l3 4 4\nmodule"), "case:7: machine a10-7800 has no L3"),
        (HEAD + "0 0 load 0x1000 8\n0 0 store\n", "case:8: wanted time core operation address size value expected"),
        (HEAD + "0 0 store 0x1000 8\n", "case:7: store takes 6 words (time core operation address size value), not 5"),
        (HEAD + "0 2 load 0x1000 8\n", "case:7: core must be 0 to 1, not 2"),
        (HEAD + "0 0 load 0x1000 3\n", "case:7: size must be 1, 2, 4 or 8, not 3"),
        (HEAD + "0 0 load 0xffffffffff 8\n", "case:7: address must be 0 to 0x3ffffff8, not 0xffffffffff"),
        (HEAD + "0 0 store 0x1000 1 0x100\n", "case:7: value must be 0 to 255, not 0x100"),
        (HEAD + "0 0 walk 0x1004 8\n", "case:7: walk is of 8 bytes at a multiple of 8, not of 8 at 0x1004"),
        (HEAD + "0 0 mark 0x1000 4 0x1\n", "case:7: mark is of 8 bytes at a multiple of 8, not of 4 at 0x1000"),
        (HEAD + "-1 0 load 0x1000 8\n", "case:7: time must be 0 to 0x1000000000000000, not -1"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(UserError) as refusal:
        parse(text, "case")
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


def test_unreadable_files(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read(tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="it is not text"):
        read(tmp_path / "binary")

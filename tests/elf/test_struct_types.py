"""Members of structures, from BTF and from DWARF: the same C, the same answers."""

import random
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import debian_kernel
import pytest

from bench.elf.made_files import elf
from emu.elf import btf
from emu.elf.btf import Btf
from emu.elf.elf_file import Elf
from emu.elf.members import Member
from emu.elf.struct_types import StructTypes, struct_types
from emu.errors import UserError

STOCK = debian_kernel.fetched()
C = """
typedef unsigned long word; typedef volatile word vword;
struct list { struct list *next, *prev; };
struct task {
    int first; const char comm[16]; union { struct { short a, b; }; long whole; }; vword many[3][2];
    unsigned low : 3, high : 9; struct list tasks; void *stack; enum { X } state; double d; char behind[];
};
struct lock { int word; };
typedef const struct lock lock_t; typedef volatile lock_t named;
struct guarded {
    long first; struct { named own; }; union { long other; struct { int pad; lock_t inner; } in; }; struct lock many[2][2];
};
struct task task; struct guarded guarded;
"""
MEMBERS = {
    "first": (0, 4), "comm": (4, 16), "a": (24, 2), "b": (26, 2), "whole": (24, 8), "many": (32, 48), "low": (80, 1),
    "high": (80, 2), "tasks": (88, 16), "stack": (104, 8), "state": (112, 4), "d": (120, 8), "behind": (128, 0),
}  # fmt: skip
# Offset and names of types, and the path to what is there.
PATHS = {
    (8, "lock"): "own", (8, "named"): "own", (10, "named"): "own", (12, "lock"): None, (8, "task"): None, (16, "lock"): None,
    (20, "lock_t"): "in.inner", (20, "named"): None, (36, "lock"): "many[][]", (40, "lock"): None, (-1, "lock"): None,
}  # fmt: skip


class Types:
    """A BTF section while it is put together."""

    def __init__(self) -> None:
        self.strings, self.types, self.count = b"\0", b"", 0

    def add(self, kind: int, name: str = "", third: int = 0, behind: bytes = b"", entries: int = 0, flag: int = 0) -> int:
        place = self.strings.index(name.encode() + b"\0") if name.encode() + b"\0" in self.strings else len(self.strings)
        if place == len(self.strings):
            self.strings += name.encode() + b"\0"
        self.types += struct.pack("<III", place, flag << 31 | kind << 24 | entries, third) + behind
        self.count += 1
        return self.count

    def struct(self, kind: int, name: str, size: int, members: Sequence[tuple[str, int, int]], flag: int = 0) -> int:
        behind = b""
        for member, type_id, place in members:
            if member.encode() + b"\0" not in self.strings:
                self.strings += member.encode() + b"\0"
            behind += struct.pack("<III", self.strings.index(member.encode() + b"\0") if member else 0, type_id, place)
        return self.add(kind, name, size, behind, len(members), flag)

    def section(self) -> bytes:
        return (
            struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
            + self.types
            + self.strings
        )


def written_by_hand() -> bytes:
    """The C above, as Documentation/bpf/btf.rst would have it."""
    types = Types()
    integer, short, long, char = (
        types.add(btf.INT, name, size, bytes(4)) for name, size in (("int", 4), ("short", 2), ("long", 8), ("char", 1))
    )
    double = types.add(btf.FLOAT, "double", 8)
    constant = types.add(btf.CONST, third=char)
    comm = types.add(btf.ARRAY, behind=struct.pack("<III", constant, integer, 16))
    pair = types.struct(btf.STRUCT, "", 4, [("a", short, 0), ("b", short, 16)])
    either = types.struct(btf.UNION, "", 8, [("", pair, 0), ("whole", long, 0)])
    word = types.add(btf.VOLATILE, third=types.add(btf.TYPEDEF, "word", long))
    row = types.add(btf.ARRAY, behind=struct.pack("<III", types.add(btf.TYPEDEF, "vword", word), integer, 2))
    many = types.add(btf.ARRAY, behind=struct.pack("<III", row, integer, 3))
    types.add(btf.FUNC, "f", types.add(btf.FUNC_PROTO, third=0, behind=struct.pack("<II", 0, integer), entries=1))
    pointer = types.add(btf.PTR, third=types.count + 2)
    listed = types.struct(btf.STRUCT, "list", 16, [("next", pointer, 0), ("prev", pointer, 64)])
    state = types.add(btf.ENUM, behind=struct.pack("<II", 0, 0), third=4, entries=1)
    rest = types.add(btf.ARRAY, behind=struct.pack("<III", char, integer, 0))
    members = [
        ("first", integer, 0), ("comm", comm, 32), ("", either, 24 * 8), ("many", many, 32 * 8), ("low", integer, 3 << 24 | 640),
        ("high", integer, 9 << 24 | 643), ("tasks", listed, 704), ("stack", pointer, 832), ("state", state, 896),
        ("d", double, 960), ("behind", rest, 1024),
    ]  # fmt: skip
    types.struct(btf.STRUCT, "task", 128, members, flag=1)
    lock = types.struct(btf.STRUCT, "lock", 4, [("word", integer, 0)])
    lock_t = types.add(btf.TYPEDEF, "lock_t", types.add(btf.CONST, third=lock))
    named = types.add(btf.TYPEDEF, "named", types.add(btf.VOLATILE, third=lock_t))
    own = types.struct(btf.STRUCT, "", 4, [("own", named, 0)])
    inner = types.struct(btf.STRUCT, "", 8, [("pad", integer, 0), ("inner", lock_t, 32)])
    either = types.struct(btf.UNION, "", 8, [("other", long, 0), ("in", inner, 0)])
    row = types.add(btf.ARRAY, behind=struct.pack("<III", lock, integer, 2))
    rows = types.add(btf.ARRAY, behind=struct.pack("<III", row, integer, 2))
    guarded = types.struct(btf.STRUCT, "guarded", 40, [("first", long, 0), ("", own, 64), ("", either, 128), ("many", rows, 192)])
    types.add(btf.VAR, "guard", guarded, bytes(4))
    types.add(btf.VAR, "guards", types.add(btf.ARRAY, behind=struct.pack("<III", guarded, integer, 3)), bytes(4))
    types.add(btf.VAR, "number", integer, bytes(4))
    return types.section()


def check(types: StructTypes | None) -> None:
    assert types is not None
    assert {name: types.member("task", name) for name in MEMBERS} == {name: Member(*place) for name, place in MEMBERS.items()}
    assert types.member("list", "prev") == Member(8, 8)
    assert types.member("task", "next") is None  # of a structure that has a name there
    assert types.member("task", "nothing") is types.member("nothing", "first") is None
    assert {question: types.member_at("guarded", question[0], {question[1]}) for question in PATHS} == PATHS
    assert types.member_at("nothing", 0, {"lock"}) is None
    assert [types.size(name) for name in ("task", "guarded", "nothing")] == [128, 40, None]


def test_btf() -> None:
    types = struct_types(Elf(elf(sections={".BTF": written_by_hand()}), "kernel"))
    check(types)
    assert types is not None
    assert [types.variable(name) for name in ("guard", "guards", "number", "nothing")] == ["guarded", "guarded", None, None]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.parametrize("option", ["-gdwarf-4", "-gdwarf-5"])
def test_dwarf(tmp_path: Path, option: str) -> None:
    (tmp_path / "task.c").write_text(C)
    subprocess.run(["cc", option, "-c", "task.c", "-o", "task.o"], cwd=tmp_path, check=True)
    check(struct_types(Elf((tmp_path / "task.o").read_bytes(), "kernel")))


def test_a_kernel_without_types() -> None:
    assert struct_types(Elf(elf(), "kernel")) is None


def test_damaged_btf_is_a_line() -> None:
    whole, chance = written_by_hand(), random.Random(5)
    for content in (b"", b"x" * 40, whole[:100], bytes(24)):
        with pytest.raises(UserError, match="kernel: its BTF makes no sense"):
            Btf(content, "kernel")
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(3):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            types = Btf(bytes(content), "kernel")
            for name in MEMBERS:
                types.member("task", name)
            for offset, _ in PATHS:
                types.member_at("guarded", offset, {"lock"})
            types.variable("guards")
        except UserError as refusal:
            assert "makes no sense" in str(refusal)


@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_the_stock_kernels_types() -> None:
    assert STOCK is not None
    types = struct_types(Elf(STOCK.vmlinux.read_bytes(), "kernel"))
    assert types is not None
    comm = types.member("task_struct", "comm")
    assert comm is not None
    assert comm.size == 16
    assert types.member("list_head", "prev") == Member(8, 8)
    assert types.member("qspinlock", "locked") == Member(0, 1)  # in a structure in a union, both anonymous
    pi_lock = types.member("task_struct", "pi_lock")
    assert pi_lock is not None
    assert types.member_at("task_struct", pi_lock.offset, {"raw_spinlock"}) == "pi_lock"
    assert types.member_at(types.variable("runqueues") or "", 0, {"raw_spinlock"}) == "__lock"

"""The struct table: what it gives to assembly, and every way in which a file can be wrong."""

import re
from pathlib import Path

import pytest

from emu.assembly import load_structs
from emu.assembly.structs import constants
from emu.errors import UserError

GOOD = """
[outer]
prefix = "OUT"
size = 0x40
[outer.fields]
first = { at = 0x0, size = 8 }
inner = { at = 0x10, struct = "inner" }
[inner]
prefix = "IN"
size = 0x10
[inner.fields]
lock = { at = 0x8, size = 4, lock = "rq.lock", note = "a qspinlock" }
"""


def load(folder: Path, *texts: str):
    paths = [folder / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return load_structs(paths)


def test_offsets_and_sizes(tmp_path: Path) -> None:
    structs = load(tmp_path, GOOD, "[outer]\ncontinues = true\n[outer.fields]\nlast = { at = 0x20, size = 0x20 }")
    assert dict(constants(structs)) == {
        "OUT__size": 0x40, "OUT_first": 0, "OUT_inner": 0x10, "OUT_last": 0x20, "IN__size": 0x10, "IN_lock": 8,
    }  # fmt: skip
    assert structs["outer"].fields["inner"].size == 0x10
    assert structs["inner"].fields["lock"].lock == "rq.lock"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("b = { at = 0x4, size = 8 }", r"0.toml: s.b: bytes 0x4 to 0xc overlap a at 0x0"),
        ("b = { at = 0x3c, size = 8 }", r"0.toml: s.b: bytes 0x3c to 0x44 must lie inside the struct's 0x40"),
        ("b = { at = -8, size = 8 }", r"s.b: at must be a whole number of at least 0, not -8"),
        ("b = { at = 0x8 }", r"s.b: size is missing"),
        ("b = { size = 0x8 }", r"s.b: at is missing"),
        ("b = { at = 0x8, size = 0 }", r"s.b: size must be a whole number of at least 1, not 0"),
        ("b = { at = true, size = 8 }", r"s.b: at must be a whole number of at least 0, not True"),
        ('b = { at = "8", size = 8 }', r"s.b: at must be a whole number of at least 0, not '8'"),
        ("b = { at = 0x8, size = 8, sise = 4 }", r"s.b: unknown key 'sise'; known are at, size, lock, sleeping, note"),
        ('b = { at = 0x8, struct = "t" }', r"s.b: there is no struct t"),
        ("b = 8", r"s.b: must be a table with at, size"),
        ("_size = { at = 0x8, size = 8 }", r"struct s: S__size already belongs to struct s: choose another prefix"),
        ("b = { at = 0x8, size = 8", r"0.toml: not TOML: .*line"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, fields: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, f'[s]\nprefix = "S"\nsize = 0x40\n[s.fields]\na = {{ at = 0x0, size = 8 }}\n{fields}\n')


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (GOOD, "1.toml: struct outer is defined twice; a second part needs continues = true"),
        ("[other]\ncontinues = true\n[other.fields]", "1.toml: struct other is continued here, but no file begins it"),
        ('[outer]\ncontinues = true\nprefix = "O"\n[outer.fields]', "prefix must be 'OUT', as where it begins, not 'O'"),
        ('[other]\nprefix = "OUT"\nsize = 8', "OUT__size already belongs to struct outer"),
        ("[other]\nsize = 8", "struct other: prefix is missing"),
        ("[outer]\ncontinues = true\n[outer.fields]\nx = { at = 0x18, size = 1 }", "x: bytes 0x18 to 0x19 overlap inner at 0x10"),
    ],
)
def test_a_wrong_second_file_is_named(tmp_path: Path, second: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        load(tmp_path, GOOD, second)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.toml: cannot be read: No such file"):
        load_structs([tmp_path / "gone.toml"])


def test_a_structure_may_be_replaced_as_a_whole(tmp_path: Path) -> None:
    """What embeds it sees the new one; its old fields are gone."""
    new = '[inner]\nreplaces = true\nprefix = "IN"\nsize = 0x20\n[inner.fields]\n'
    new += 'owner = { at = 0x10, size = 8, lock = "q", sleeping = true }'
    structs = load(tmp_path, GOOD, new)
    assert dict(constants(structs)) == {
        "OUT__size": 0x40, "OUT_first": 0, "OUT_inner": 0x10, "IN__size": 0x20, "IN_owner": 0x10,
    }  # fmt: skip
    assert structs["outer"].fields["inner"].size == 0x20
    assert structs["inner"].fields["owner"].sleeping


def test_what_is_not_there_cannot_be_replaced(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"0.toml: struct s replaces nothing: no earlier file has it"):
        load(tmp_path, '[s]\nreplaces = true\nprefix = "S"\nsize = 0x8')

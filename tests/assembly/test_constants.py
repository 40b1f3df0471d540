"""The table of constants: read, checked, and named in assembly."""

from pathlib import Path

import pytest

from emu.assembly.assembler import assemble
from emu.assembly.constants import load_constants
from emu.errors import UserError

TABLE = '[errors]\nsource = "somewhere"\n[errors.values]\nEDOM = 0x21\nNOBODY = -1\n'


def test_a_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(TABLE)
    assert load_constants(tmp_path / "c.toml") == {"EDOM": 0x21, "NOBODY": -1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("errors = 1\n", "c.toml: errors: must be a table with source, values, not 1"),
        ("[errors.values]\nEDOM = 1\n", "c.toml: errors: source is missing"),
        (TABLE + "edom = 1\n", "c.toml: errors: edom must be in capitals"),
        (TABLE + 'ERANGE = "0x22"\n', "ERANGE must be a whole number of up to 64 bits, not '0x22'"),
        (TABLE + "ERANGE = true\n", "ERANGE must be a whole number of up to 64 bits, not True"),
        (TABLE + f"ERANGE = {2**64}\n", "ERANGE must be a whole number of up to 64 bits"),
        (TABLE + TABLE.replace("errors", "more"), "c.toml: more: EDOM has a value already"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UserError, match=message):
        load_constants(tmp_path / "c.toml")


def test_every_routine_can_name_a_constant(tmp_path: Path) -> None:
    for name, error in (("named", "EINVAL"), ("plain", "0x16")):
        (tmp_path / f"{name}.S").write_text(f"{name}:\n    mov rax, -{error}\n    ret\n")
    named, plain = (assemble([tmp_path / f"{name}.S"], structs={}, placed={}).text.data for name in ("named", "plain"))
    assert named == plain

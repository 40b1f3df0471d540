"""Instruction tables: one line for every way in which a user's can be wrong, and where a machine file looks for it."""

import re
from pathlib import Path

import pytest

from emu.description import load_machine
from emu.description.instruction_table import COLUMNS, LOAD, STORE_AND_LOAD, read_table
from emu.description.machine_file import machine_path
from emu.errors import UserError

HEAD = ",".join(COLUMNS) + "\n"
NEEDED = "".join(f'{mnemonic},"{operands}",,1,4,1,made up,low\n' for mnemonic, operands in (LOAD, STORE_AND_LOAD))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mnemonic,form\n", "the columns must be mnemonic, operands, when"),
        (HEAD, "there must be a row MOV r64,m64|r32,m32 with a latency"),
        (HEAD + NEEDED + "NOP,,,1,1\n", "table.csv:4: a row has 8 columns"),
        (HEAD + NEEDED + "NOP,,,1,one,1,made up,low\n", "table.csv:4: latency must be a number or nothing, not 'one'"),
        (HEAD + NEEDED + "NOP,,,1,-1,1,made up,low\n", "table.csv:4: latency.value: Input should be greater than or equal to 0"),
        (HEAD + NEEDED + "NOP,,,1,1,1,,low\n", "table.csv:4: macro_ops.source"),
        (HEAD + NEEDED + "NOP,,,1,1,1,made up,certain\n", "table.csv:4: macro_ops.confidence"),
        (
            HEAD + NEEDED + "NOP,,sometimes,1,1,1,made up,low\n",
            "when must be nothing, same register, three parts or a scale or note: ",
        ),
        (
            HEAD + NEEDED + 'NOP,"r,q",,1,1,1,made up,low\n',
            "an operand is r, m or x, with or without a width, imm, cl, sr or cr, not 'q'",
        ),
        (HEAD + NEEDED + "NOP,,,1,1,1,made up,low\n" * 2, "NOP and NOP have one key, nop"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(message)) as raised:
        read_table(path, "table.csv")
    assert "\n" not in str(raised.value)


def test_a_table_lies_beside_its_machine_file_or_comes_with_emu(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(machine_path("a10-7800").read_text())
    assert load_machine(str(mine)).instructions == load_machine("a10-7800").instructions
    (tmp_path / "steamroller_instructions.csv").write_text(HEAD + NEEDED)
    assert len(load_machine(str(mine)).instructions.rows) == 2

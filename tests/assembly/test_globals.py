"""Static objects: where they come to lie, what they hold at first, and every way in which a file can be wrong."""

import re
from pathlib import Path

import pytest

from emu.assembly import Global, load_globals
from emu.assembly.globals import PHYSICAL_BASE, TEXT_MAP, render
from emu.errors import UserError
from emu.image import Field, Struct

PAIR = Struct("pair", "PAIR", 0x10, "", {"low": Field("low", 0, 4), "high": Field("high", 8, 8)})


def load(folder: Path, text: str) -> dict[str, Global]:
    (folder / "g.toml").write_text(text)
    return load_globals([folder / "g.toml"], {"pair": PAIR})


def test_each_object_has_lines_of_its_own_unless_it_shares(tmp_path: Path) -> None:
    placed = load(tmp_path, """
[a]
size = 0x4
[far]
size = 0x8
align = 0x1000
[b]
struct = "pair"
share = "a"
[c]
size = 0x1
share = "b"
[d]
size = 0x1
share = "c"
align = 0x1
[last]
size = 0x41
""")  # fmt: skip
    at = {name: each.physical - PHYSICAL_BASE for name, each in placed.items()}
    assert at == {"a": 0x0, "b": 0x8, "c": 0x18, "d": 0x19, "far": 0x1000, "last": 0x1040}
    assert placed["far"].virtual == TEXT_MAP + PHYSICAL_BASE + 0x1000
    assert len(render(placed, {})) == 0x1081


def test_first_contents(tmp_path: Path) -> None:
    placed = load(tmp_path, """
[a]
size = 0x1c
init = { at_0 = -1, at_8 = "&b", at_10 = 0xffffffffffffffff, at_18 = 0x1234 }
[b]
struct = "pair"
init = { low = 0x89abcdef, high = "&routine" }
""")  # fmt: skip
    data = render(placed, {"b": placed["b"].virtual, "routine": 0x1122334455667788})
    assert data[:0x1C] == b"\xff" * 8 + placed["b"].virtual.to_bytes(8, "little") + b"\xff" * 8 + b"\x34\x12\0\0"
    assert data[0x40:0x50] == bytes.fromhex("efcdab89 00000000 8877665544332211")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "g.toml: a: size must be at least 0x1, not 0x0"),
        ('[a]\nstruct = "pear"', "g.toml: a: there is no struct pear"),
        ('[a]\nstruct = "pair"\nsize = 0x8', "g.toml: a: size must be at least 0x10, not 0x8"),
        ("[a]\nsize = 0x8\nalign = 0x30", "a: align must be a power of two, not 0x30"),
        ('[a]\nsize = 0x8\nshare = "b"', "a: there is no global b to share a line with"),
        ('[a]\nsize = 0x8\nshare = "b"\n[b]\nsize = 0x8\nshare = "a"', "a: share leads in a circle (a, b)"),
        ("[a]\nsize = 0x8\ninit = { at_8 = 0x1 }", "a: init at_8 must lie inside the object's 0x8 bytes"),
        ("[a]\nsize = 0x8\ninit = { at_x = 0x1 }", "a: init key 'at_x' must be at_OFFSET (in hex) or a field"),
        ('[a]\nstruct = "pair"\ninit = { lo = 0x1 }', "a: init key 'lo' must be"),
        (
            '[a]\nstruct = "pair"\ninit = { low = 0x100000000 }',
            'a: init low: must be a number of 4 bytes or "&NAME", not 4294967296',
        ),
        ('[a]\nstruct = "pair"\ninit = { low = "&a" }', "init low: text must be \"&NAME\", an address of 8 bytes, not '&a' in 4"),
        ('[a]\nsize = 0x8\ninit = { at_0 = "a" }', "init at_0: text must be"),
        (
            '[a]\nsize = 0x8\ninit = { at_0 = "&nothing" }',
            "init +0x0: '&nothing' is neither a routine, a label in one, nor a global",
        ),
        ("[a]\nsize = 0x8\nshares = 0x1", "a: unknown key 'shares'; known are size, struct, align, share, init, note"),
    ],
)
def test_a_wrong_object_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        render(load(tmp_path, text), {})


def test_a_partial_image_takes_unknown_names_as_zero(tmp_path: Path) -> None:
    placed = load(tmp_path, '[a]\nsize = 0x8\ninit = { at_0 = "&nothing" }')
    assert render(placed, {}, partial=True) == bytes(8)

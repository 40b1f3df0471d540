"""Ways through a routine: is there a loop that avoids the calls which make it harmless?"""

from pathlib import Path

import pytest

from emu.assembly import assemble
from emu.isa import decode
from emu.isa.flow import cycle_without, routine_body

SPIN = ".Lagain:\n mov rax, qword ptr [rdi]\n test rax, rax\n {between}\n je .Lagain\n ret"


def image_of(folder: Path, body: str):
    for name, text in {"spin": body, "sleep": "ret", "other": "ret"}.items():
        (folder / f"{name}.S").write_text(f"{name}:\n{text}\n")
    return assemble([folder / f"{name}.S" for name in ("spin", "sleep", "other")], structs={}, placed={})


@pytest.mark.parametrize(
    ("body", "loops"),
    [
        (SPIN.format(between="pause"), True),
        (SPIN.format(between="call other"), True),
        (SPIN.format(between="call sleep"), False),
        (SPIN.format(between="jne .Lout"), True),
        (SPIN.format(between="ud2"), False),
        (SPIN.replace("je .Lagain", "jmp sleep").format(between=""), False),
        (SPIN.replace("je .Lagain", "je .Lmore").format(between="") + "\n.Lmore: call sleep\n jmp .Lagain", False),
        (SPIN.replace("je .Lagain", "je .Lmore").format(between="") + "\n.Lmore: pause\n jmp .Lagain", True),
    ],
)
def test_a_loop_is_found_unless_a_barrier_is_on_every_way(tmp_path: Path, body: str, loops: bool) -> None:
    image = image_of(tmp_path, body + "\n.Lout: ret" * (".Lout" in body))
    decoded = decode(image)
    load = image.symbols["spin"]
    way = cycle_without(image, decoded, "spin", [load], ["sleep"])
    assert bool(way) == loops
    if way:
        assert way[0] == way[-1] == load
        assert all(address in routine_body(image, decoded, "spin") for address in way)


def test_an_unknown_routine(tmp_path: Path) -> None:
    image = image_of(tmp_path, "ret")
    with pytest.raises(StopIteration):
        routine_body(image, decode(image), "nothing")

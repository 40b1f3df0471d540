"""Fixtures: the reduced kernel (boot, entry, interrupts and user program over a stand-in scheduler), and whole kernels."""

from functools import cache
from pathlib import Path

import pytest

from emu.assembly import assemble, guest_folder, load_globals, load_structs
from emu.image import Image

HERE = Path(__file__).parent


@cache
def assemble_reduced_kernel() -> Image:
    """Real boot, entry, exit, irq, lock and user routines; stand-ins of `reduced_kernel`; all other routines are labels only."""
    firmware, reduced = guest_folder("firmware"), HERE / "reduced_kernel"
    kernel = {p.stem: p for name in ("boot", "entry", "exit", "irq", "lock") for p in sorted((firmware / name).glob("*.S"))}
    kernel |= {path.stem: path for path in sorted(reduced.glob("*.S"))}
    user = {path.stem: path for path in sorted((firmware / "user").glob("*.S"))}
    structs = load_structs([*sorted((firmware / "structs").glob("*.toml")), reduced / "structs.toml"])
    placed = load_globals([*sorted((firmware / "globals").glob("*.toml")), reduced / "globals.toml"], structs)
    others = {path.stem for path in (*firmware.rglob("*.S"), *guest_folder("kernel_snippets").rglob("*.S"))}
    others |= {value[1:] for each in placed.values() for value, _ in each.init.values() if isinstance(value, str)}
    return assemble(
        kernel.values(),
        user.values(),
        inlines={path.stem: path for path in (firmware / "inline").glob("*.S")},
        structs=structs,
        placed=placed,
        variant="reduced",
        stubs=sorted(others - kernel.keys() - user.keys() - placed.keys()),
    )


@pytest.fixture
def reduced_image() -> Image:
    """The reduced kernel."""
    return assemble_reduced_kernel()

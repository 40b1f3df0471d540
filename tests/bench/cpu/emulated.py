"""Programs on the emulated machine: one core of the engine, with its hooks, its memory and its timing."""

import ctypes
from collections.abc import Sequence

from unicorn.unicorn_py3.unicorn import uclib

from bench.cpu.code import Code
from bench.cpu.programs import DATA, DATA_BYTES, LIVE, STACK, STACK_BYTES, TEXT, VECTORS, Program
from bench.cpu.state import NAMES, STATE_BYTES, VECTORS_OFFSET, Result, beginning
from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.unicorn_core import register_id
from emu.explore.flat import flat_machine
from emu.image import Image, Segment

IDS = [register_id("RFLAGS" if name == "flags" else name.upper()) for name in NAMES]
IDS += [register_id(f"XMM{index}") for index in range(VECTORS)]


def run(programs: Sequence[Program], code: Code, *, interpret: bool = True) -> list[Result]:
    """The results of all programs, each on its own initial state; without `interpret` Unicorn carries out all instructions."""
    image = Image(
        variant="programs", text=Segment("text", TEXT, TEXT, code.text.code), user_text=Segment("user", 0, 0, b""),
        data=Segment("data", DATA, DATA, b""), routines=code.text.routines, symbols=code.text.labels, globals={}, structs={},
        marks=(), lines=code.text.lines, _starts=tuple(each.address for each in code.text.routines),
    )  # fmt: skip
    machine = Machine(image, interpret=interpret)
    return [machine.run(program, entry) for program, entry in zip(programs, code.entries, strict=True)]


class Machine:
    """One core that runs program after program."""

    def __init__(self, image: Image, *, interpret: bool) -> None:
        """Registers are read and written all at once, by way of a block of bytes."""
        self._machine = flat_machine(image, 1, load_machine("a10-7800"), interpret=interpret)
        self._block = (ctypes.c_char * STATE_BYTES)()
        base = ctypes.addressof(self._block)
        places = [base + 8 * index for index in range(len(NAMES))]
        places += [base + VECTORS_OFFSET + 16 * index for index in range(VECTORS)]
        self._ids, self._places = (ctypes.c_int * len(IDS))(*IDS), (ctypes.c_void_p * len(IDS))(*places)

    def run(self, program: Program, entry: int) -> Result:
        """Run one program to its end."""
        machine, core, ram = self._machine, self._machine.cores[0], self._machine.bus.ram
        data, stack = ram[DATA : DATA + DATA_BYTES], ram[STACK : STACK + STACK_BYTES]
        data[:] = 0
        stack[:] = 0
        ram[LIVE.start : LIVE.stop] = bytearray(program.memory)
        self._block[:] = beginning(program)
        handle = ctypes.c_void_p(machine.unicorns[0].handle)
        assert uclib.uc_reg_write_batch(handle, self._ids, self._places, len(IDS)) == 0
        for name, value in (("pc", entry), ("status", rec.RUNNING), ("stage", rec.FRESH), ("current", -1), ("fault", rec.NO_FAULT)):
            core[name] = value
        outcome = rec.SLICE_DONE
        while outcome == rec.SLICE_DONE:
            outcome = machine.run()
        if outcome != rec.DEADLOCK:  # it does not halt, with nothing left to come
            return Result(failure=f"fault {core['fault']['kind']}, code {core['fault']['code']}, at {core['pc']:#x}")
        assert uclib.uc_reg_read_batch(handle, self._ids, self._places, len(IDS)) == 0
        return Result(bytes(self._block), data.tobytes(), stack.tobytes())

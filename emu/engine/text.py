"""From an assembled image to the engine's INSTRUCTION records: costs, kinds, states and marks by address."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from emu.description.machine_file import Costs
from emu.engine import records as rec
from emu.engine.mend import MEND_NOTHING, mending
from emu.errors import UserError
from emu.image import Image, Mark
from emu.isa import Instruction, Memory, decode, leaders
from emu.isa.operation import REGISTERS
from emu.timing.schedule import UNTIMED, Timing, timings
from emu.trace.record import State

SPECIAL = {"syscall": rec.SP_SYSCALL, "hlt": rec.SP_HLT, "rdtsc": rec.SP_RDTSC, "cpuid": rec.SP_CPUID}
# AMD64 APM volume 2, 7.6.4 (serialising instructions) and volume 3, MFENCE; SFENCE and LFENCE leave the buffer alone.
WAITS_FOR_STORES = frozenset(("mfence", "cpuid", "iretq", "wrmsr", "invlpg", "lgdt", "lidt", "lldt", "ltr"))
CHANGES_IF = frozenset(("popf", "popfq", "iretq", "sysret", "sysretq"))


@dataclass(frozen=True, slots=True)
class Text:
    """The program: one INSTRUCTION record a byte of text, kernel first; marks by id; instructions by address."""

    instructions: np.ndarray
    kernel_base: int
    kernel_bytes: int
    user_base: int
    user_bytes: int
    marks: Sequence[str]
    decoded: Mapping[int, Instruction]
    image: Image

    def mark(self, name: str) -> int:
        """Id of an event or point, -1 if the image has none of that name."""
        return self.marks.index(name) if name in self.marks else -1

    def index(self, address: int) -> int:
        """Place of an instruction of the text in `instructions`."""
        return _index(self.image, address)


def build_text(image: Image, costs: Costs | None) -> Text:
    """Decode an image and look up what its instructions cost by a machine's `costs`; None: time stands still, they need none."""
    decoded = decode(image)
    times = timings(decoded, leaders(decoded, image.symbols.values()), costs) if costs else dict.fromkeys(decoded, UNTIMED)
    names = sorted({mark.name for mark in image.marks if mark.kind in ("event", "point")})
    kernel, user = image.text, image.user_text
    table = np.zeros(len(kernel.data) + len(user.data), rec.INSTRUCTION)
    for field in ("mark", "point", "register"):
        table[field] = -1
    marks: dict[int, list[Mark]] = {}
    for mark in image.marks:
        if mark.kind == "load":
            continue  # a probe may ask for it
        marks.setdefault(mark.address, []).append(mark)
    for routine in image.routines:
        state = int(State[routine.state.upper()])
        for address in range(routine.address, routine.address + routine.size):
            if each := decoded.get(address):
                index = _index(image, address)
                fill_row(table[index], each, times[address], state)
                for mark in marks.get(address, []):
                    _mark(table[index], mark, names)
                if address in image.fixups:
                    table[index]["traits"] |= rec.FIXUP
    return Text(table, kernel.virtual, len(kernel.data), user.virtual, len(user.data), names, decoded, image)


def _index(image: Image, address: int) -> int:
    """Kernel text comes first, user text behind it."""
    kernel, user = image.text, image.user_text
    return address - kernel.virtual if address >= kernel.virtual else len(kernel.data) + address - user.virtual


def fill_row(row: np.void, each: Instruction, timing: Timing, state: int) -> None:
    """Make a record that of an instruction, without its events."""
    special = SPECIAL.get(each.mnemonic, rec.SP_NONE)
    traits = rec.VALID
    if each.locked or each.mnemonic in WAITS_FOR_STORES or (each.mnemonic == "mov" and each.operands[0] == "c"):
        traits |= rec.WAIT_STORES | rec.ORDERED
    if each.memory != Memory.NONE or special != rec.SP_NONE or each.mnemonic in CHANGES_IF:
        traits |= rec.ORDERED
    if each.locked:
        traits |= rec.LOCKED
    if each.memory & Memory.LOAD:
        traits |= rec.LOADS
    if each.memory & Memory.STORE:
        traits |= rec.STORES
    if timing.serialising:
        traits |= rec.SERIALISING
    if each.mnemonic == "pause":
        traits |= rec.PAUSE
    if special != rec.SP_NONE:
        traits |= rec.SPECIAL
    if each.mnemonic in CHANGES_IF:
        traits |= rec.IF_CHANGE
    if each.mnemonic == "sti":
        traits |= rec.STI
    if each.repeated:
        traits |= rec.REPEAT
    row["mend"], row["kept"] = mending(each)
    if row["mend"] != MEND_NOTHING:
        traits |= rec.MENDED
    row["traits"], row["length"] = traits, each.size
    for name in ("macro_ops", "latency", "unit", "ticks", "blocks", "address_registers", "reads", "writes"):
        row[name] = getattr(timing, name)
    row["branch"], row["special"], row["state"] = each.branch, special, state
    row["operation"] = astuple(each.operation)


def of_register(name: str) -> int:
    """INSTRUCTION.register of a general register."""
    number, size = REGISTERS[name]
    return size << 8 | number


def _mark(row: np.void, mark: Mark, names: Sequence[str]) -> None:
    row["traits"] |= rec.ORDERED | (rec.EVENT if mark.kind == "event" else rec.POINT)
    row["mark" if mark.kind == "event" else "point"] = names.index(mark.name)
    if mark.register is not None:
        if mark.register not in REGISTERS:
            raise UserError(f"{mark.file}:{mark.line}: {mark.register!r} is not a register")
        row["register"] = of_register(mark.register)
        row["traits"] |= rec.IF_ZERO if mark.zero else 0

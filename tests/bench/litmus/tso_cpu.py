"""One thread of the oracle for the length of one instruction: registers, flags, its buffer, and what each instruction does."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bench.litmus.tso_text import REGISTERS, RSP, VECTOR_MOVES, Imm, Label, Mem, Op, Reg

if TYPE_CHECKING:
    from bench.litmus.tso_model import Model

LINE = 64

Buffer = tuple[tuple[int, bytes], ...]
Local = tuple[int, tuple[int, ...], tuple[bool, ...], Buffer]  # program counter, registers, flags, stores from the oldest on


class Cpu:
    """One thread for the length of one instruction."""

    def __init__(self, model: "Model", memory: bytes, local: Local, direct: bool) -> None:
        self.model = model
        self.memory = memory
        self.pc, registers, flags, self.buffer = local
        self.registers = list(registers)
        self.zero, self.sign, self.carry, self.overflow = flags
        self.direct = direct  # stores take effect at once: a locked instruction

    def local(self) -> Local:
        return self.pc, tuple(self.registers), (self.zero, self.sign, self.carry, self.overflow), self.buffer

    def load(self, address: int, size: int) -> int:
        """Each byte from the newest store in the own buffer that has it, or from memory."""
        found = bytearray(self.model.bytes_at(self.memory, address, size))
        for start, data in self.buffer:
            if start < address + size and address < start + len(data):
                for offset, byte in enumerate(data):
                    if 0 <= start + offset - address < size:
                        found[start + offset - address] = byte
        return int.from_bytes(found, "little")

    def store(self, address: int, size: int, value: int) -> None:
        data = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        if size > 8:  # the halves of a vector are stores of their own
            self.store(address, 8, value)
            self.store(address + 8, size - 8, value >> 64)
        elif self.direct:
            self.memory = self.model.with_bytes(self.memory, address, data)
        elif address // LINE == (address + size - 1) // LINE:
            self.buffer = (*self.buffer, (address, data))
        else:  # others may see a part of a store that crosses into the next line
            self.buffer = (*self.buffer, *((address + offset, data[offset : offset + 1]) for offset in range(size)))

    def address(self, operand: Mem) -> int:
        total = operand.displacement + (self.model.layout.addresses[operand.location] if operand.location else 0)
        if operand.base:
            total += self.get(operand.base, operand.base.size)
        if operand.index:
            total += operand.scale * self.get(operand.index, operand.index.size)
        return total % (1 << 64)

    def get(self, operand: Reg | Imm | Mem | Label, size: int) -> int:
        if isinstance(operand, Reg):
            return self.registers[operand.number] >> 8 * operand.offset & (1 << 8 * operand.size) - 1
        if isinstance(operand, Imm):
            value = self.model.layout.addresses[operand.value] if isinstance(operand.value, str) else operand.value
            return value & (1 << 8 * size) - 1
        assert isinstance(operand, Mem)
        return self.load(self.address(operand), size)

    def put(self, operand: Reg | Imm | Mem | Label, size: int, value: int) -> None:
        value &= (1 << 8 * size) - 1
        if isinstance(operand, Reg):
            mask = (1 << 8 * size) - 1 << 8 * operand.offset
            kept = 0 if size == 4 else self.registers[operand.number] & ~mask  # a 32-bit result clears the upper half
            self.registers[operand.number] = kept | value << 8 * operand.offset
        else:
            assert isinstance(operand, Mem)
            self.store(self.address(operand), size, value)

    def set_result(self, size: int, value: int) -> int:
        value &= (1 << 8 * size) - 1
        self.zero, self.sign = value == 0, bool(value >> (8 * size - 1))
        return value

    def add(self, size: int, left: int, right: int) -> int:
        result = self.set_result(size, left + right)
        self.carry = result < left
        self.overflow = bool((left ^ result) & (right ^ result) & 1 << (8 * size - 1))
        return result

    def subtract(self, size: int, left: int, right: int) -> int:
        result = self.set_result(size, left - right)
        self.carry = left < right
        self.overflow = bool((left ^ right) & (left ^ result) & 1 << (8 * size - 1))
        return result

    def add_carry(self, size: int, left: int, right: int) -> int:
        result = self.set_result(size, left + right + self.carry)
        self.carry = left + right + self.carry >= 1 << 8 * size
        self.overflow = bool((left ^ result) & (right ^ result) & 1 << (8 * size - 1))
        return result

    def subtract_borrow(self, size: int, left: int, right: int) -> int:
        result = self.set_result(size, left - right - self.carry)
        self.carry = left < right + self.carry
        self.overflow = bool((left ^ right) & (left ^ result) & 1 << (8 * size - 1))
        return result

    def holds(self, condition: str) -> bool:
        """Whether a condition code, as in jne, is true."""
        table = {
            "e": self.zero, "z": self.zero, "ne": not self.zero, "nz": not self.zero,
            "s": self.sign, "ns": not self.sign, "c": self.carry, "b": self.carry, "nc": not self.carry, "ae": not self.carry,
            "a": not self.carry and not self.zero, "be": self.carry or self.zero,
            "l": self.sign != self.overflow, "ge": self.sign == self.overflow,
            "g": not self.zero and self.sign == self.overflow, "le": self.zero or self.sign != self.overflow,
        }  # fmt: skip
        return table[condition]


def _logic(function: Callable[[int, int], int]) -> Callable[[Cpu, Op, int], None]:
    def carry_out(cpu: Cpu, op: Op, size: int) -> None:
        cpu.carry = cpu.overflow = False
        target, source = op.operands
        cpu.put(target, size, cpu.set_result(size, function(cpu.get(target, size), cpu.get(source, size))))

    return carry_out


def _test(cpu: Cpu, op: Op, size: int) -> None:
    cpu.carry = cpu.overflow = False
    cpu.set_result(size, cpu.get(op.operands[0], size) & cpu.get(op.operands[1], size))


def _sum(method: str) -> Callable[[Cpu, Op, int], None]:
    def carry_out(cpu: Cpu, op: Op, size: int) -> None:
        target, source = op.operands
        cpu.put(target, size, getattr(cpu, method)(size, cpu.get(target, size), cpu.get(source, size)))

    return carry_out


def _carry(change: Callable[[bool], bool]) -> Callable[[Cpu, Op, int], None]:
    def carry_out(cpu: Cpu, op: Op, size: int) -> None:
        cpu.carry = change(cpu.carry)

    return carry_out


def _step(amount: int) -> Callable[[Cpu, Op, int], None]:
    def carry_out(cpu: Cpu, op: Op, size: int) -> None:
        carry = cpu.carry  # inc and dec keep it
        step = cpu.add if amount > 0 else cpu.subtract
        cpu.put(op.operands[0], size, step(size, cpu.get(op.operands[0], size), 1))
        cpu.carry = carry

    return carry_out


def _xchg(cpu: Cpu, op: Op, size: int) -> None:
    # Memory first: its address may be made with the register.
    left, right = op.operands if isinstance(op.operands[0], Mem) else op.operands[::-1]
    old, new = cpu.get(left, size), cpu.get(right, size)
    cpu.put(left, size, new)
    cpu.put(right, size, old)


def _xadd(cpu: Cpu, op: Op, size: int) -> None:
    target, source = op.operands
    old, addend = cpu.get(target, size), cpu.get(source, size)
    result = cpu.add(size, old, addend)
    if isinstance(target, Mem):
        cpu.put(target, size, result)
        cpu.put(source, size, old)
    else:
        cpu.put(source, size, old)
        cpu.put(target, size, result)


def _cmpxchg(cpu: Cpu, op: Op, size: int) -> None:
    target, source = op.operands
    accumulator = Reg(0, size, 0)
    old, new = cpu.get(target, size), cpu.get(source, size)
    cpu.subtract(size, cpu.get(accumulator, size), old)
    cpu.put(target, size, new if cpu.zero else old)
    if not cpu.zero:
        cpu.put(accumulator, size, old)


def _signed(value: int, size: int) -> int:
    return value - (1 << 8 * size) if value >> (8 * size - 1) else value


def _push(cpu: Cpu, op: Op, size: int) -> None:
    value = _signed(cpu.get(op.operands[0], 8), 8)
    cpu.registers[RSP] -= 8
    cpu.store(cpu.registers[RSP], 8, value)


def _pop(cpu: Cpu, op: Op, size: int) -> None:
    value = cpu.load(cpu.registers[RSP], 8)
    cpu.registers[RSP] += 8
    cpu.put(op.operands[0], 8, value)


def _string(cpu: Cpu, op: Op, size: int) -> None:
    """One element; with a prefix the instruction stays where it is until the count is 0, or the comparison ends it."""
    rcx, rsi, rdi = (REGISTERS[name][0] for name in ("rcx", "rsi", "rdi"))
    accumulator = Reg(0, size, 0)
    if op.rep and cpu.registers[rcx] == 0:
        return
    source = cpu.get(accumulator, size) if op.name in ("stos", "scas") else cpu.load(cpu.registers[rsi], size)
    if op.name == "lods":
        cpu.put(accumulator, size, source)
    elif op.name in ("movs", "stos"):
        cpu.store(cpu.registers[rdi], size, source)
    else:
        cpu.subtract(size, source, cpu.load(cpu.registers[rdi], size))
    if op.name in ("movs", "lods", "cmps"):
        cpu.registers[rsi] += size
    if op.name != "lods":
        cpu.registers[rdi] += size
    if op.rep:
        cpu.registers[rcx] -= 1
        compared = op.name in ("scas", "cmps")
        cpu.pc -= cpu.registers[rcx] != 0 and not (compared and cpu.zero == (op.rep == "repne"))


def _bit(value: bool) -> Callable[[Cpu, Op, int], None]:
    def carry_out(cpu: Cpu, op: Op, size: int) -> None:
        old, bit = cpu.get(op.operands[0], size), 1 << cpu.get(op.operands[1], size) % (8 * size)
        cpu.carry = bool(old & bit)
        cpu.put(op.operands[0], size, old | bit if value else old & ~bit)

    return carry_out


PERFORM: dict[str, Callable[[Cpu, Op, int], object]] = {
    "mov": lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.get(op.operands[1], size)),
    "movnti": lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.get(op.operands[1], size)),
    "movzx": lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.get(op.operands[1], op.source_size)),
    "movsx": lambda cpu, op, size: cpu.put(
        op.operands[0], size, _signed(cpu.get(op.operands[1], op.source_size), op.source_size)
    ),
    "lea": lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.address(op.operands[1])),  # type: ignore[arg-type]
    "cmp": lambda cpu, op, size: cpu.subtract(size, cpu.get(op.operands[0], size), cpu.get(op.operands[1], size)),
    "test": _test,
    "and": _logic(lambda a, b: a & b), "or": _logic(lambda a, b: a | b), "xor": _logic(lambda a, b: a ^ b),
    "add": _sum("add"), "sub": _sum("subtract"), "adc": _sum("add_carry"), "sbb": _sum("subtract_borrow"),
    "inc": _step(1), "dec": _step(-1), "xchg": _xchg, "xadd": _xadd, "cmpxchg": _cmpxchg,
    "push": _push, "pop": _pop, "bts": _bit(True), "btr": _bit(False),
    "neg": lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.subtract(size, 0, cpu.get(op.operands[0], size))),
    "not": lambda cpu, op, size: cpu.put(op.operands[0], size, ~cpu.get(op.operands[0], size)),
    **dict.fromkeys(("movs", "stos", "lods", "scas", "cmps"), _string),
    "clc": _carry(lambda carry: False), "stc": _carry(lambda carry: True), "cmc": _carry(lambda carry: not carry),
    **dict.fromkeys(VECTOR_MOVES, lambda cpu, op, size: cpu.put(op.operands[0], size, cpu.get(op.operands[1], size))),
    **{name: lambda cpu, op, size: None for name in ("mfence", "lfence", "sfence", "nop", "pause")},
}  # fmt: skip


def perform(cpu: Cpu, op: Op, size: int, labels: Mapping[str, int]) -> None:
    cpu.pc += 1
    if op.name in PERFORM:
        PERFORM[op.name](cpu, op, size)
    elif op.name.startswith("set"):
        cpu.put(op.operands[0], 1, cpu.holds(op.name[3:]))
    elif op.name.startswith("cmov"):
        value = cpu.get(op.operands[1], size)
        cpu.put(op.operands[0], size, value if cpu.holds(op.name[4:]) else cpu.get(op.operands[0], size))
    else:
        assert isinstance(op.operands[0], Label)
        if op.name == "jmp" or cpu.holds(op.name[1:]):
            cpu.pc = labels[op.operands[0].name]

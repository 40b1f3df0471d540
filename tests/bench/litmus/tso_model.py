"""The oracle: x86-TSO as an abstract machine, after Sewell, Sarkar, Owens, Zappa Nardelli, Myreen: "x86-TSO", CACM 53(7), 2010.

Shared memory, a first-in first-out buffer of stores for each thread, and a lock for locked instructions. It visits every
state of a litmus test. It is slow and plain, works on single bytes, and imports nothing of emu: emu is judged by it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.litmus.tso_cpu import LINE, Cpu, Local, perform
from bench.litmus.tso_text import REGISTERS, RSP, VECTOR, Mem, Op, Text

DATA = 0x200000
STACK = 0x300000
STACK_BYTES = 64
STATES_MAX = 3_000_000

State = tuple[bytes, tuple[Local, ...]]


@dataclass(frozen=True, order=True)
class Final:
    """One final state: memory, and all registers of each thread."""

    memory: bytes
    registers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Layout:
    """Where locations and stacks are: address, and index into the bytes of memory."""

    addresses: Mapping[str, int]
    indices: Mapping[int, int]

    def read(self, memory: bytes, address: int, size: int) -> int:
        start = self.indices[address]
        return int.from_bytes(memory[start : start + size], "little")


class Model:
    """A test on the abstract machine.

    `model` is "tso", or "sc": there a thread goes on only when its stores have taken effect. A plain read-modify-write is a load
    and a store in both, and others may come between.
    """

    def __init__(self, text: Text, model: str = "tso", addresses: Mapping[str, int] | None = None) -> None:
        self.text = text
        self.buffered = {"tso": True, "sc": False}[model]
        self.layout, self.memory = _lay_out(text, addresses or default_addresses(text))
        self._known: dict[tuple[int, bytes, Local], list[tuple[bytes, Local]]] = {}

    def bytes_at(self, memory: bytes, address: int, size: int) -> bytes:
        start = self.layout.indices[address]
        assert self.layout.indices[address + size - 1] == start + size - 1
        return memory[start : start + size]

    def with_bytes(self, memory: bytes, address: int, data: bytes) -> bytes:
        start = self.layout.indices[address]
        return memory[:start] + data + memory[start + len(data) :]

    def finals(self) -> set[Final]:
        """All states in which every thread has ended and every buffer is empty."""
        return {
            Final(memory, tuple(local[1] for local in locals_))
            for (memory, locals_), _ in self._walk()
            if not self._going_on((memory, locals_))
        }

    def endless(self) -> set[frozenset[int]]:
        """The sets of threads that can come to be all that is left for ever: no end can be reached, and no other one goes on."""
        after = dict(self._walk())
        going_on = {state: self._going_on(state) for state in after}
        ending = {state for state, left in going_on.items() if not left}
        while more := {state for state in after.keys() - ending if not ending.isdisjoint(after[state])}:
            ending |= more
        settled = after.keys() - ending
        while less := {
            state for state in settled if any(each not in settled or going_on[each] != going_on[state] for each in after[state])
        }:
            settled -= less
        return {going_on[state] for state in settled}

    def _walk(self) -> Iterator[tuple[State, list[State]]]:
        """Every state once, with those that follow it."""
        first = self.first()
        seen, waiting = {first}, [first]
        while waiting:
            state = waiting.pop()
            after = list(self._successors(state))
            yield state, after
            waiting += [each for each in dict.fromkeys(after) if each not in seen]
            seen.update(after)
            if len(seen) > STATES_MAX:
                raise RuntimeError(f"{self.text.name}: more than {STATES_MAX} states")

    def _going_on(self, state: State) -> frozenset[int]:
        """Threads that have not ended, or whose stores have not all taken effect."""
        threads = enumerate(zip(state[1], self.text.code, strict=True))
        return frozenset(thread for thread, (local, code) in threads if local[0] < len(code) or local[3])

    def first(self) -> State:
        locals_ = []
        for thread in range(len(self.text.code)):
            registers = [0] * (VECTOR + 16 if self.text.has_vectors else VECTOR)
            registers[RSP] = STACK + (thread + 1) * STACK_BYTES
            for (owner, name), value in self.text.registers.items():
                if owner == thread:
                    number = self.layout.addresses[value] if isinstance(value, str) else value
                    register, size, offset = REGISTERS[name]
                    mask = (1 << 8 * size) - 1
                    registers[register] = registers[register] & ~(mask << 8 * offset) | (number & mask) << 8 * offset
            locals_.append((0, tuple(registers), (False,) * 4, ()))
        return self.memory, tuple(locals_)

    def _successors(self, state: State) -> Iterator[State]:
        memory, locals_ = state
        for thread, local in enumerate(locals_):
            for after, changed in self._steps(thread, memory, local):
                yield after, (*locals_[:thread], changed, *locals_[thread + 1 :])

    def _steps(self, thread: int, memory: bytes, local: Local) -> list[tuple[bytes, Local]]:
        """What one thread can do: its oldest store takes effect, or its next instruction executes."""
        key = thread, memory, local
        if key not in self._known:  # the same for all that the other threads may be doing
            self._known[key] = list(self._step(thread, memory, local))
        return self._known[key]

    def _step(self, thread: int, memory: bytes, local: Local) -> Iterator[tuple[bytes, Local]]:
        pc, registers, flags, buffer = local
        if buffer:
            yield self.with_bytes(memory, *buffer[0]), (pc, registers, flags, buffer[1:])
        if pc == len(self.text.code[thread]):
            return
        op = self.text.code[thread][pc]
        if op.name == "hlt":
            return
        locked = op.lock or (op.name == "xchg" and any(isinstance(each, Mem) for each in op.operands))
        if buffer and (locked or op.name == "mfence" or not self.buffered):
            return
        cpu = Cpu(self, memory, local, locked)
        perform(cpu, op, op.size or self.size(op), self.text.labels[thread])
        yield cpu.memory, cpu.local()

    def size(self, op: Op) -> int:
        """Of an instruction whose text does not say: the size of the location."""
        for each in op.operands:
            if isinstance(each, Mem) and each.location:
                return self.text.variables[each.location].size
        return 8

    def value(self, final: Final, term: tuple) -> int:
        """A register, a cell of a location, or a number, in a final state."""
        if term[0] == "register":
            number, size, offset = REGISTERS[term[2]]
            return final.registers[term[1]][number] >> 8 * offset & (1 << 8 * size) - 1
        if term[0] == "cell":
            size = self.text.variables[term[1]].size
            return self.layout.read(final.memory, self.layout.addresses[term[1]] + term[2] * size, size)
        return term[1]

    def satisfies(self, final: Final, condition: tuple) -> bool:
        kind, *parts = condition
        if kind == "not":
            return not self.satisfies(final, parts[0])
        if kind in ("and", "or"):
            return (all if kind == "and" else any)(self.satisfies(final, part) for part in parts)
        left, right = parts
        mask = (1 << 8 * self._width(left)) - 1
        number = self.layout.addresses[right[1]] if right[0] == "cell" and right[1] not in self.text.variables else None
        return self.value(final, left) == (self.value(final, right) if number is None else number) & mask

    def _width(self, term: tuple) -> int:
        return REGISTERS[term[2]][1] if term[0] == "register" else self.text.variables[term[1]].size


def default_addresses(text: Text) -> dict[str, int]:
    """A line of its own, or more, for each location."""
    addresses, free = {}, DATA
    for name, variable in text.variables.items():
        addresses[name] = free
        free += -(-variable.size * len(variable.values) // LINE) * LINE
    return addresses


def _lay_out(text: Text, addresses: Mapping[str, int]) -> tuple[Layout, bytes]:
    indices: dict[int, int] = {}
    memory = bytearray()
    for name, variable in text.variables.items():
        for element, value in enumerate(variable.values):
            number = addresses[value] if isinstance(value, str) else value
            start = addresses[name] + element * variable.size
            indices.update({start + offset: len(memory) + offset for offset in range(variable.size)})
            memory += (number & (1 << 8 * variable.size) - 1).to_bytes(variable.size, "little")
    if any(op.name in ("push", "pop") for code in text.code for op in code):
        stacks = range(STACK, STACK + len(text.code) * STACK_BYTES)
        indices.update({address: len(memory) + offset for offset, address in enumerate(stacks)})
        memory += bytes(len(stacks))
    return Layout(addresses, indices), bytes(memory)


@dataclass(frozen=True)
class Judgement:
    """Whether the quantified condition holds, and whether a state that satisfies the condition itself is reachable."""

    holds: bool
    reachable: bool
    states: int


def judge(text: Text, model: str = "tso") -> Judgement:
    """Explore a test and judge its condition."""
    machine = Model(text, model)
    answers = [machine.satisfies(final, text.condition) for final in machine.finals()]
    holds = {"exists": any(answers), "~exists": not any(answers), "forall": all(answers)}[text.quantifier]
    return Judgement(holds, any(answers), len(answers))

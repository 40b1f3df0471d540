"""The final condition of a test: its grammar, as herd has it, and whether a final state satisfies it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emu.litmus.initial import placing, thread_number
from emu.litmus.lexer import Token, Tokens
from emu.litmus.registers import CONSTANT
from emu.litmus.scope import Scope
from emu.litmus.test import And, Cell, Condition, Equal, Not, Observable, Or, Register

DEPTH_MAX = 100
QUANTIFIERS = ("exists", "forall", "final")
TRUE, FALSE = And(()), Or(())

Value = int | str | Observable


@dataclass(frozen=True, slots=True)
class Final:
    """What follows the code of a test; `text` is the condition in one line, without its quantifier."""

    quantifier: str
    condition: Condition
    text: str
    filter: Condition | None
    listed: tuple[Observable, ...]


def parse_final(tokens: Tokens, scope: Scope) -> Final:
    """Read `locations [...]`, `filter` and the quantified condition; without one, the test is not whole."""
    return _Parser(tokens, scope).final()


def evaluate(condition: Condition, state: Mapping[Observable, int], addresses: Mapping[str, int]) -> bool:
    """Whether a final state, unsigned values of all that the condition names, satisfies it."""
    match condition:
        case Equal(left, right):
            if isinstance(right, str):
                return state[left] == addresses[right]
            return state[left] == (right if isinstance(right, int) else state[right])
        case Not(inner):
            return not evaluate(inner, state, addresses)
        case And(parts):
            return all(evaluate(part, state, addresses) for part in parts)
        case Or(parts):
            return any(evaluate(part, state, addresses) for part in parts)


def observables(condition: Condition | None) -> list[Observable]:
    """What a condition looks at, in order, each once."""
    found: dict[Observable, None] = {}
    _collect(condition, found)
    return list(found)


def _collect(condition: Condition | None, found: dict[Observable, None]) -> None:
    match condition:
        case Equal(left, right):
            found[left] = None
            if isinstance(right, Register | Cell):
                found[right] = None
        case Not(inner):
            _collect(inner, found)
        case And(parts) | Or(parts):
            for part in parts:
                _collect(part, found)


class _Parser:
    r"""Recursive descent; `~` binds tightest, then `=>` (to the right), `/\`, `\/`, as in herd."""

    def __init__(self, tokens: Tokens, scope: Scope) -> None:
        self.tokens, self.scope = tokens, scope
        self.depth = 0

    def final(self) -> Final:
        tokens = self.tokens
        listed: dict[Observable, None] = {}
        condition: Condition | None = None
        while tokens.next.text in ("locations", "filter"):
            if tokens.accept("locations"):
                self._locations(listed)
            else:
                tokens.take()
                condition = self.proposition()
        filtered = condition
        quantifier = self._quantifier()
        start = tokens.next.offset
        if tokens.next.kind == "end" and quantifier == "":
            last = len(tokens.file.text[: tokens.end].rstrip()) - 1
            tokens.file.refuse(
                last, "the test ends without a condition, such as exists (0:rax=0); forall (true) asks for the states alone"
            )
        condition = self._observed() if quantifier == "observed" else self.proposition()
        end = tokens.next.offset if tokens.next.kind != "end" else tokens.end
        text = " ".join(tokens.file.text[start:end].split())
        tokens.accept(";")
        if not tokens.accept("with") and tokens.next.kind != "end":
            tokens.fail("the end of the condition")
        return Final("exists" if quantifier in ("", "observed", "final") else quantifier, condition, text, filtered, tuple(listed))

    def _quantifier(self) -> str:
        tokens = self.tokens
        if tokens.next.text in ("~", "not") and tokens.after().text == "exists":
            tokens.take()
            tokens.take()
            return "~exists"
        if tokens.next.text in (*QUANTIFIERS, "observed", "Observed"):
            return tokens.take().text.lower()
        if tokens.next.kind != "end" and tokens.next.text != "(":
            tokens.fail("exists, ~exists or forall")
        return ""

    def _locations(self, listed: dict[Observable, None]) -> None:
        tokens = self.tokens
        tokens.expect("[", "behind locations")
        while not tokens.accept("]"):
            for each in self._listed():
                listed[each] = None
            while tokens.next.kind == "name" or tokens.next.text == "*":  # a type, for display only
                tokens.take()
            if not tokens.accept(";") and tokens.next.text != "]":
                tokens.fail("';' or ']' in the list of locations")

    def _listed(self) -> list[Observable]:
        """A whole location, or one element or register."""
        if self.tokens.next.kind == "name" and self.tokens.after().text != "[":
            with placing(self.tokens):
                return [*self.scope.elements(self.tokens.take().text)]
        found = self._observable()
        return [] if isinstance(found, int) else [found]

    def _observed(self) -> Condition:
        """`observed x=1; y=2; and x=2; y=1;`: one of these states."""
        states: list[Condition] = []
        tokens = self.tokens
        while True:
            atoms: list[Condition] = []
            while tokens.next.kind != "end" and tokens.next.text not in ("and", "with"):
                atoms.append(self._atom())
                tokens.expect(";", "behind a value")
            states.append(And(tuple(atoms)))
            if not tokens.accept("and"):
                return Or(tuple(states))

    def proposition(self) -> Condition:
        """A condition: disjunctions of conjunctions."""
        return self._chain("\\/", Or, lambda: self._chain("/\\", And, self._implication))

    def _chain(self, sign: str, kind: type[And] | type[Or], inner: Callable[[], Condition]) -> Condition:
        parts = [inner()]
        while self.tokens.accept(sign):
            parts.append(inner())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def _implication(self) -> Condition:
        left = self._unary()
        if not self.tokens.accept("=>"):
            return left
        return self._deeper(lambda: Or((Not(left), self._implication())))

    def _unary(self) -> Condition:
        tokens = self.tokens
        if tokens.accept("~", "not"):
            return self._deeper(lambda: Not(self._unary()))
        if tokens.next.text == "(":
            tokens.take()
            inner = self._deeper(self.proposition)
            tokens.expect(")", "at the end of this part of the condition")
            return inner
        if tokens.next.text in ("true", "false") and tokens.after().text not in ("=", "==", "!=", "<>"):
            return TRUE if tokens.take().text == "true" else FALSE
        return self._atom()

    def _deeper(self, inner: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self.tokens.refuse(f"a condition may be nested {DEPTH_MAX} deep")
        found = inner()
        self.depth -= 1
        return found

    def _atom(self) -> Condition:
        tokens = self.tokens
        start = tokens.next
        name = start.text if start.kind == "name" and tokens.after().text != "[" else None
        left = self._observable()
        negated = tokens.next.text in ("!=", "<>")
        if not tokens.accept("=", "==", "!=", "<>"):
            tokens.fail("= or != behind what a condition looks at")
        found = self._array(start, name) if tokens.accept("{") else self._equal(left, self._value())
        return Not(found) if negated else found

    def _array(self, start: Token, name: str | None) -> Condition:
        """`t={1,2}`: every element."""
        tokens = self.tokens
        values = [self._value()]
        while tokens.accept(","):
            values.append(self._value())
        tokens.expect("}", "behind the elements of an array")
        cells = self.scope.elements(name) if name is not None else []
        if len(cells) != len(values):
            tokens.file.refuse(start.offset, f"{start.text} has {len(cells)} elements, the condition gives {len(values)}")
        return And(tuple(self._equal(cell, value) for cell, value in zip(cells, values, strict=True)))

    def _equal(self, left: int | Observable, right: Value) -> Condition:
        """`left = right`, numbers taken modulo the size of what they are compared with."""
        if isinstance(left, int):
            if isinstance(right, Register | Cell):
                left, right = right, left
            else:
                return TRUE if left == right else FALSE
        if isinstance(right, int):
            right %= 1 << 8 * (left.size if isinstance(left, Register) else self.scope.size(left.location))
        return Equal(left, right)

    def _value(self) -> Value:
        """A number, an address (`x`, `&x`, `x[1]`), or what another observable holds (`0:rax`, `[x]`, `*x`)."""
        tokens = self.tokens
        if tokens.next.kind == "number" and tokens.after().text != ":":
            return tokens.number("a number")
        if tokens.accept("*"):
            return self._observable()
        amper = tokens.accept("&")
        if not amper and tokens.next.kind != "name":
            return self._observable()
        with placing(tokens):
            return self.scope.address(tokens.name("the name of a location").text, self._index())

    def _observable(self) -> int | Observable:
        """A register or an element of a location; of a register that no code can write, its value."""
        tokens = self.tokens
        with placing(tokens):
            if tokens.next.kind in ("number", "thread"):
                thread = thread_number(tokens)
                tokens.accept("%")
                name = tokens.name("the name of a register").text
                if name.lower() in CONSTANT:
                    return self.scope.constant(thread, name)
                return self.scope.register(thread, name)
            bracket = tokens.accept("[")
            cell = self.scope.cell(tokens.name("a register, such as 0:rax, or a location").text, self._index())
            if bracket:
                tokens.expect("]", "behind the name of a location")
            return cell

    def _index(self) -> int:
        tokens = self.tokens
        if tokens.next.text != "[" or tokens.after().kind != "number":
            return 0
        tokens.take()
        index = tokens.number("the number of an element")
        tokens.expect("]", "behind the number of an element")
        return index

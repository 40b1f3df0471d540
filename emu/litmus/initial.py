"""The initial state of a test: what stands between its first braces."""

from collections.abc import Iterator
from contextlib import contextmanager

from emu.errors import UserError
from emu.litmus.lexer import Token, Tokens
from emu.litmus.scope import Scope

_BYTES = {
    **dict.fromkeys(("int8_t", "uint8_t", "char", "bool", "_Bool", "atomic_bool", "atomic_char"), 1),
    **dict.fromkeys(("int16_t", "uint16_t", "short", "atomic_short"), 2),
    **dict.fromkeys(("int32_t", "uint32_t", "int", "unsigned", "signed", "atomic_int", "atomic_t", "atomic_uint"), 4),
    **dict.fromkeys(("int64_t", "uint64_t", "atomic64_t"), 8),
}
_WORDS = frozenset(("long", "size_t", "intptr_t", "uintptr_t", "ptrdiff_t", "atomic_long", "atomic_ulong"))
_QUALIFIERS = frozenset(("_Atomic", "volatile", "const", "atomic"))
ELEMENTS_MAX = 4096


def parse_initial(tokens: Tokens, scope: Scope) -> None:
    """Read `x=0; int y[2]={1,2}; 0:rax=x;` into the scope."""
    while tokens.next.kind != "end":
        if tokens.accept(";"):
            continue
        with placing(tokens):
            _entry(tokens, scope)
        if tokens.next.kind != "end":
            tokens.expect(";", "behind an initial value")
    with placing(tokens):
        scope.check_addresses()


@contextmanager
def placing(tokens: Tokens) -> Iterator[None]:
    """Give an error of the scope, which knows no places, that of the token that comes next at the beginning."""
    offset = tokens.next.offset
    try:
        yield
    except UserError as error:
        if str(error).startswith(f"{tokens.file.path}:"):
            raise
        tokens.file.refuse(offset, str(error))


def _entry(tokens: Tokens, scope: Scope) -> None:
    size = _type(tokens, scope)
    if tokens.next.kind in ("number", "thread"):
        _register(tokens, scope)
        return
    name, count = _target(tokens)
    if count is not None:
        scope.declare(name, size, _elements(tokens, scope, name, count))
        return
    initial = _value(tokens, scope) if tokens.accept("=") else 0
    if isinstance(initial, str) and size is None:
        size = scope.pointer_bytes
    scope.declare(name, size, [initial])


def _register(tokens: Tokens, scope: Scope) -> None:
    thread = thread_number(tokens)
    tokens.accept("%")
    name = tokens.name("the name of a register")
    scope.declare_register(thread, name.text, _value(tokens, scope) if tokens.accept("=") else 0)


def thread_number(tokens: Tokens) -> int:
    """Take `0:` or `P0:`."""
    token = tokens.next
    if token.kind == "thread" and len(token.text) < 9:
        tokens.take()
        number = int(token.text[1:])
    else:
        number = tokens.number("the number of a thread")
    tokens.expect(":", "between a thread and its register")
    return number


def _type(tokens: Tokens, scope: Scope) -> int | None:
    """Size of the type in front of a name, or nothing if there is none."""
    words: list[Token] = []
    while tokens.next.kind == "name" and _is_type(tokens):
        words.append(tokens.take())
    pointer = False
    while tokens.accept("*"):
        pointer = True
    if pointer:
        return scope.pointer_bytes
    names = [word.text for word in words if word.text not in _QUALIFIERS]
    if not names:
        return None
    if "long" in names:
        return 8 if names.count("long") == 2 else scope.pointer_bytes
    last = next((name for name in names if name not in ("unsigned", "signed")), "int")
    if last in _WORDS:
        return scope.pointer_bytes
    if last not in _BYTES:
        known = ", ".join(sorted((*_BYTES, *_WORDS)))
        tokens.file.refuse(words[0].offset, f"the type {last} is not known; the types are {known}, and pointers")
    return _BYTES[last]


def _is_type(tokens: Tokens) -> bool:
    """Whether the next name is followed by what it is the type of."""
    after = tokens.after()
    return after.kind in ("name", "number", "thread") or after.text == "*" or (after.text == "[" and tokens.after(2).kind == "name")


def _target(tokens: Tokens) -> tuple[str, int | None]:
    """Name of a location, and how many elements it has if it is an array."""
    if tokens.accept("["):
        name = tokens.name("the name of a location").text
        tokens.expect("]", "behind the name of a location")
        return name, None
    name = tokens.name("a location or a register, such as x or 0:rax").text
    if not tokens.accept("["):
        return name, None
    count = tokens.number("the number of elements")
    if not 1 <= count <= ELEMENTS_MAX:
        tokens.refuse(f"an array has 1 to {ELEMENTS_MAX} elements, not {count}")
    tokens.expect("]", "behind the number of elements")
    return name, count


def _elements(tokens: Tokens, scope: Scope, name: str, count: int) -> list[int | str]:
    if not tokens.accept("="):
        return [0] * count
    tokens.expect("{", "in front of the elements of an array")
    values = [_value(tokens, scope)]
    while tokens.accept(","):
        values.append(_value(tokens, scope))
    tokens.expect("}", "behind the elements of an array")
    if len(values) != count:
        tokens.refuse(f"{name} has {count} elements and {len(values)} initial values")
    return values


def _value(tokens: Tokens, scope: Scope) -> int | str:
    """A number, or the name of a location for its address."""
    if tokens.accept("ATOMIC_INIT"):
        tokens.expect("(", "behind ATOMIC_INIT")
        value = _value(tokens, scope)
        tokens.expect(")", "behind the value")
        return value
    if tokens.next.kind == "number":
        return tokens.number("a number")
    tokens.accept("&")
    name = tokens.name("a number or the name of a location").text
    if not tokens.accept("["):
        return scope.address_later(name, 0)
    index = tokens.number("the number of an element")
    tokens.expect("]", "behind the number of an element")
    return scope.address_later(name, index)

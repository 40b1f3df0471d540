"""Which functions of a kernel are routines of locks: `locks.toml`."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from emu.boot.full.lock_routine import LockRoutine, Operation
from emu.files import read_toml
from emu.tables import Key, check

TABLE = Path(__file__).with_name("locks.toml")
TOP_KEYS = {"kind": Key(list), "waits": Key(dict)}
WAITS_KEYS = {"names": Key(list)}
OF_A_CALLER = ""  # the kind of a slow path
KIND_KEYS = {
    "name": Key(str), "source": Key(str),
    **{operation.value: Key(list, optional=True) for operation in Operation if operation != Operation.WAITS},
}  # fmt: skip
ENTRANCE = (".isra.", ".constprop.", ".part.", ".llvm.", ".lto_priv.")  # of a function that a compiler has changed; .cold is none


def lock_routine(symbol: str) -> LockRoutine | None:
    """What the function that begins at a symbol does with a lock; None if nothing is known."""
    name, dot, rest = symbol.partition(".")
    return _table().get(name) if not dot or f".{rest}".startswith(ENTRANCE) else None


@cache
def _table() -> Mapping[str, LockRoutine]:
    """locks.toml, checked: each function by name."""
    return dict(_rows())


def _rows() -> Iterator[tuple[str, LockRoutine]]:
    content = read_toml(TABLE, "locks")
    check(str(TABLE), content, TOP_KEYS)
    for place, kind in enumerate(content["kind"], 1):
        check(f"{TABLE}: kind {place}", kind, KIND_KEYS)
        for operation in Operation:
            for name in kind.get(operation.value, ()):
                yield name, LockRoutine(kind["name"], operation)
    check(f"{TABLE}: waits", content["waits"], WAITS_KEYS)
    for name in content["waits"]["names"]:
        yield name, LockRoutine(OF_A_CALLER, Operation.WAITS)

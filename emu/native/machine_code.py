"""Machine code of hot functions: made once, kept as a file, and loaded from there by later runs, which need no compiler."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from emu import compiled
from emu.files import put_whole
from emu.native.hot import Entry

DIGEST_BYTES = 32  # of the code, in front of it: what a full disk has cut off is made anew, as LLVM would end the process


def address_of_entry(entry: Entry) -> int:
    """Where the machine code of a function is, in this process."""
    _load(tuple(sorted(entry.unit, key=lambda each: each.symbol)))
    return int(_engine().get_function_address(entry.symbol))


@cache
def _load(unit: tuple[Entry, ...]) -> None:
    engine = _engine()
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(_code(unit)))
    engine.finalize_object()


@cache
def _engine() -> Any:
    """What puts code into memory, one a process, for good."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def _code(unit: tuple[Entry, ...]) -> bytes:
    """An ELF object: kept by an earlier run for a processor like this one, or made now."""
    path = _path(unit)
    found = _kept(path)
    if found is not None:
        return found
    made = _made(unit)
    if path is not None:
        try:
            put_whole(path, hashlib.sha256(made).digest() + made)
        except OSError as error:  # a disk that has no room costs the next run time, and this one nothing
            compiled.cannot_be_kept(error.strerror or str(error))
    return made


def _made(unit: tuple[Entry, ...]) -> bytes:
    from emu.native.parts import object_of

    return object_of(unit)  # type: ignore[no-any-return]


def _path(unit: tuple[Entry, ...]) -> Path | None:
    """Where code is kept; that of a test or a benchmark is not, as nothing would notice that it has changed."""
    module = unit[0].__module__
    folder = compiled.folder(compiled.sources_of(module)) if module.startswith("emu.") else None
    what = hashlib.sha256(" ".join([_host(), *(each.symbol for each in unit)]).encode()).hexdigest()[:8]
    return None if folder is None else folder / f"{unit[0].unit_name}-{what}.o"


def _kept(path: Path | None) -> bytes | None:
    try:
        whole = b"" if path is None else path.read_bytes()
    except OSError:
        return None
    digest, code = whole[:DIGEST_BYTES], whole[DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


@cache
def _host() -> str:
    """The processor that code is made for: code for another one may have instructions that this one has not."""
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"

"""A machine as a file: everything that its future depends on, compressed, so that a run from it equals the run that wrote it.

A file is a magic with a version, the length of a header in JSON (its digest before it), and what follows as one zstandard stream:
RAM, then each core's CPU state and own TLB. Pages that were translated are not in it: they are translated again.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import zstandard
from unicorn import __version__ as unicorn_version

from emu.boot.core import STATE_KEPT, Core
from emu.boot.device_state import get_state, put_state
from emu.boot.hot.records import TLB
from emu.boot.session import Session
from emu.errors import UserError
from emu.files import Output

MAGIC = b"emuboot\x02"  # the last byte is the version of the format
LEVEL = 1  # of zstandard: a second for 256 MiB
CHUNK = 1 << 20
MACHINE_KEPT = ("now", "turn", "turn_full", "turn_left", "resumed", "random", "user_seen")
HEADER_MAX = 64 << 20


@dataclass(frozen=True, slots=True)
class Shape:
    """What a snapshot fits: the machine, and the boot that it is of."""

    cpus: int
    memory_mib: int
    boot: str  # digest of kernel, initramfs, command line and identity


def save(path: Path, session: Session, shape: Shape, *, overwrite: bool = False) -> int:
    """Write one; returns its bytes."""
    output = Output(path, "snapshot", overwrite=overwrite)
    try:
        with output.open() as file:
            write(file, session, shape)
            size = file.tell()
        output.commit()
    except OSError as error:
        raise output.cannot(error) from None
    finally:
        output.discard()
    return size


def write(file: IO[bytes], session: Session, shape: Shape) -> None:
    """Write one to an open file."""
    machine = session.machine
    states = [core.state() for core in machine.cores]
    header = json.dumps(
        {
            "unicorn": unicorn_version,
            "shape": [shape.cpus, shape.memory_mib, shape.boot],
            "machine": {name: int(machine.record[name]) for name in MACHINE_KEPT},
            "records": [fields for _, _, fields in states],
            "msrs": [sorted(core.msrs.values.items()) for core in machine.cores],
            "board": get_state(machine.board),
            "console": session.console.content.decode("latin-1"),
            "user_at": session.user_at,
            "cpu_bytes": [len(cpu) for cpu, _, _ in states],
        }
    ).encode()
    file.write(MAGIC + hashlib.sha256(header).digest() + len(header).to_bytes(8, "little") + header)
    with zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).stream_writer(file, closefd=False) as stream:
        for at in range(0, machine.ram.size, CHUNK):
            stream.write(machine.ram.bytes[at : at + CHUNK])
        for cpu, tlb, _ in states:
            stream.write(cpu)
            stream.write(tlb)


def read_header(file: IO[bytes], what: str) -> dict[str, Any]:
    """The header of an open snapshot; what is none, or of another version, is a `UserError`."""
    magic = file.read(len(MAGIC))
    if magic[:-1] != MAGIC[:-1]:
        raise UserError(f"{what}: not a snapshot of emu boot; write one with --checkpoint FILE --at MARK")
    if magic != MAGIC:
        raise UserError(f"{what}: a snapshot of version {magic[-1]}, and this emu reads {MAGIC[-1]}: write it anew")
    digest, size = file.read(32), int.from_bytes(file.read(8), "little")
    header = file.read(min(size, HEADER_MAX))
    if hashlib.sha256(header).digest() != digest:
        raise UserError(f"{what}: a snapshot that is cut off or damaged: write it anew")
    found: dict[str, Any] = json.loads(header)
    if found["unicorn"] != unicorn_version:
        raise UserError(f"{what}: written with Unicorn {found['unicorn']}, and this is {unicorn_version}: write it anew")
    return found


def shape_of(header: dict[str, Any]) -> Shape:
    """What a snapshot fits."""
    cpus, memory_mib, boot = header["shape"]
    return Shape(cpus, memory_mib, boot)


def restore(file: IO[bytes], header: dict[str, Any], session: Session, what: str) -> None:
    """Make a machine of the same shape what the snapshot says; the file stands behind its header."""
    machine = session.machine
    try:
        with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as stream:
            for at in range(0, machine.ram.size, CHUNK):
                part = _exactly(stream, min(CHUNK, machine.ram.size - at))
                if part.count(0) < len(part):  # what has not been touched stays so
                    machine.ram.bytes[at : at + len(part)] = part
            for core, fields, msrs, size in zip(machine.cores, header["records"], header["msrs"], header["cpu_bytes"], strict=True):
                _restore_core(core, _exactly(stream, size), _exactly(stream, core.tlb.nbytes), fields)
                core.msrs.values = dict(msrs)
    except zstandard.ZstdError as error:
        raise UserError(f"{what}: a snapshot that is cut off or damaged ({error}): write it anew") from None
    put_state(machine.board, header["board"])
    for name in MACHINE_KEPT:
        machine.record[name] = np.uint64(header["machine"][name]) if name == "random" else header["machine"][name]
    session.console.restore(header["console"].encode("latin-1"))
    session.user_at = header["user_at"]
    machine.refresh()


def _restore_core(core: Core, cpu: bytes, tlb: bytes, fields: dict[str, int]) -> None:
    core.put_cpu(cpu)
    core.tlb[:] = np.frombuffer(tlb, TLB)
    for name in STATE_KEPT:
        core.record[name] = fields[name]
    core.record["turn_start"] = core.record["count"]


def _exactly(stream: Any, size: int) -> bytes:
    """So many bytes, or the stream is damaged."""
    parts = io.BytesIO()
    while parts.tell() < size:
        part = stream.read(size - parts.tell())
        if not part:
            raise zstandard.ZstdError("it ends too early")
        parts.write(part)
    return parts.getvalue()

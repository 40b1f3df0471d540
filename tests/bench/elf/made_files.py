"""Small ELF files and bzImages that have what a test asks for, and the real kernels that lie beside the checkout."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

BOOT = Path(__file__).parents[4] / "shared" / "boot"
KERNEL_VIRTUAL, KERNEL_PHYSICAL = 0xFFFFFFFF81000000, 0x1000000
X86_64, AARCH64, I386 = 62, 183, 3
REL, EXEC, DYN = 1, 2, 3
PT_LOAD, PT_INTERP = 1, 3
Segment = tuple[int, int, int, bytes, int]  # type, virtual, physical, bytes, size in memory


def elf(
    segments: Iterable[Segment] = ((PT_LOAD, KERNEL_VIRTUAL, KERNEL_PHYSICAL, b"\xf4" * 32, 64),),
    sections: Mapping[str, bytes] | None = None,
    *,
    kind: int = EXEC,
    machine: int = X86_64,
    entry: int = KERNEL_PHYSICAL,
    links: Mapping[str, tuple[int, str]] | None = None,
) -> bytes:
    """A file of segments, and of sections, of which `links` says the type (1 if not there) and the section that each goes with."""
    segments, sections = list(segments), dict(sections or {})
    at = 64 + 56 * len(segments)
    headers, body = b"", b""
    for kind_of_segment, virtual, physical, data, size in segments:
        headers += struct.pack("<IIQQQQQQ", kind_of_segment, 5, at + len(body), virtual, physical, len(data), size, 0x1000)
        body += data
    sections[".shstrtab"] = b""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in sections)
    sections[".shstrtab"] = names
    order = [*sections]
    table = bytes(64)
    for name, data in sections.items():
        type_of, goes_with = (links or {}).get(name, (3 if name.endswith("strtab") else 1, ""))
        link = 1 + order.index(goes_with) if goes_with else 0
        size = 24 if type_of == 2 else 0
        table += struct.pack("<IIQQQQIIQQ", names.index(name.encode()), type_of, 0, 0, at + len(body), len(data), link, 0, 1, size)
        body += data
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, entry, 64, at + len(body), 0, 64, 56, len(segments), 64, 1 + len(order), len(order)
    )
    return head + headers + body + table


def bzimage(payload: bytes, *, version: int = 0x20F, xloadflags: int = 1, loadflags: int = 1, behind: bytes = b"") -> bytes:
    """A bzImage with one sector of setup code; its protected-mode code is 16 bytes, the payload and what fills the paragraph."""
    code = b"\x90" * 16 + payload
    code += bytes(-len(code) % 16)
    setup = bytearray(2 * 512)
    setup[0x1F1] = 1
    struct.pack_into("<I", setup, 0x1F4, len(code) // 16)
    setup[0x1FE:0x206] = b"\x55\xaa\xeb\x66HdrS"
    struct.pack_into("<H", setup, 0x206, version)
    setup[0x211] = loadflags
    struct.pack_into("<I", setup, 0x22C, 0x7FFFFFFF)
    struct.pack_into("<IBBHI", setup, 0x230, 0x200000, 1, 21, xloadflags, 2047)
    struct.pack_into("<II", setup, 0x248, 16, len(payload))
    struct.pack_into("<QI", setup, 0x258, KERNEL_PHYSICAL, 0x800000)
    return bytes(setup) + code + behind

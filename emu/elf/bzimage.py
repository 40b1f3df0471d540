"""A bzImage: the setup header, its protected-mode code, and the vmlinux packed in it.

Source: Documentation/arch/x86/boot.rst of Linux ("The Linux/x86 Boot Protocol"), offsets within the file's first sectors.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from emu.elf.payload import unpack
from emu.errors import UserError

SECTOR = 512
PARAGRAPH = 16  # syszize counts these
HEADER_AT = 0x1F1  # the setup header, which is handed on in boot_params at the same offset
BOOT_FLAG_AT, MAGIC_AT, VERSION_AT, JUMP_AT = 0x1FE, 0x202, 0x206, 0x201
BOOT_FLAG, MAGIC = b"\x55\xaa", b"HdrS"
VERSION_LEAST = 0x20C  # the first with xloadflags: Linux 3.8
SETUP_SECTORS_OLD = 4  # what 0 means
LOADED_HIGH, KERNEL_64 = 1, 1  # bits of loadflags and of xloadflags
HEADER_END_LEAST = 0x268
ENTRY_64 = 0x200  # of the 64-bit entry, behind the start of the protected-mode code


@dataclass(frozen=True, slots=True)
class BzImage:
    """What a boot loader must know of a bzImage, its fields by the names of the boot protocol."""

    path: Path
    header: bytes  # the setup header, from 0x1f1 to its end
    version: int
    xloadflags: int
    cmdline_size: int  # bytes of a command line at most, without the zero
    initrd_addr_max: int
    relocatable: bool
    kernel_alignment: int
    pref_address: int
    init_size: int  # bytes of memory from the load address that it needs before it knows the memory map
    code: bytes  # protected-mode code: what is loaded
    payload: bytes

    def vmlinux(self) -> bytes:
        """The ELF file that is packed in it, without its symbols."""
        return unpack(self.payload, f"kernel {self.path}")


def is_bzimage(content: bytes) -> bool:
    """Whether a file's beginning is that of a Linux kernel for x86, of whatever age."""
    return content[BOOT_FLAG_AT : BOOT_FLAG_AT + 2] == BOOT_FLAG and content[MAGIC_AT : MAGIC_AT + 4] == MAGIC


def read_bzimage(path: Path, content: bytes) -> BzImage:
    """A bzImage that is whole and has a 64-bit entry; anything else is a `UserError`."""
    what = f"kernel {path}"
    if len(content) < HEADER_END_LEAST:
        raise UserError(f"{what}: a bzImage that is cut off inside its header, at byte {len(content)}; copy it again")
    (version,) = struct.unpack_from("<H", content, VERSION_AT)
    if version < VERSION_LEAST:
        got = f"{version >> 8}.{version & 0xFF}"
        raise UserError(f"{what}: too old: its boot protocol is {got}, and 64-bit entry came with 2.12 (Linux 3.8)")
    setup_sects = content[HEADER_AT] or SETUP_SECTORS_OLD
    (syssize,) = struct.unpack_from("<I", content, 0x1F4)
    start, loadflags = (setup_sects + 1) * SECTOR, content[0x211]
    end = start + syssize * PARAGRAPH
    alignment, relocatable, _, xloadflags, cmdline_size = struct.unpack_from("<IBBHI", content, 0x230)
    payload_offset, payload_length = struct.unpack_from("<II", content, 0x248)
    pref_address, init_size = struct.unpack_from("<QI", content, 0x258)
    if not xloadflags & KERNEL_64:
        raise UserError(f"{what}: for another architecture (a 32-bit x86 kernel); emu runs x86-64 alone")
    if not loadflags & LOADED_HIGH:
        raise UserError(f"{what}: a zImage, which is loaded below 1 MiB; build a bzImage")
    if len(content) < end:
        raise UserError(f"{what}: cut off: its header says {end} bytes, the file has {len(content)}; copy it again")
    if payload_offset + payload_length > end - start or payload_length == 0:
        raise UserError(f"{what}: a bzImage that is damaged: what is packed in it lies outside it; copy it again")
    return BzImage(
        path=path,
        header=content[HEADER_AT : MAGIC_AT + content[JUMP_AT]],
        version=version,
        xloadflags=xloadflags,
        cmdline_size=cmdline_size,
        initrd_addr_max=struct.unpack_from("<I", content, 0x22C)[0],
        relocatable=bool(relocatable),
        kernel_alignment=alignment,
        pref_address=pref_address,
        init_size=init_size,
        code=content[start:end],
        payload=content[start + payload_offset : start + payload_offset + payload_length],
    )

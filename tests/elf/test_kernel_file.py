"""What KERNEL may be, and the line that everything else gets."""

import bz2
import gzip
import lzma
import os
import random
import struct
from pathlib import Path

import lz4.block
import pytest
import zstandard

from bench.elf.made_files import AARCH64, BOOT, DYN, I386, KERNEL_PHYSICAL, KERNEL_VIRTUAL, PT_INTERP, PT_LOAD, REL, bzimage, elf
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import Vmlinux, read_kernel, read_vmlinux
from emu.elf.payload import LZ4_BLOCK_BYTES, LZ4_MAGIC
from emu.errors import UserError

USER = (PT_LOAD, 0x400000, 0x400000, b"\x90" * 16, 16)


def lz4_legacy(content: bytes) -> bytes:
    blocks = [content[at : at + LZ4_BLOCK_BYTES] for at in range(0, len(content), LZ4_BLOCK_BYTES)]
    packed = [lz4.block.compress(block, store_size=False) for block in blocks]
    return LZ4_MAGIC + b"".join(struct.pack("<I", len(block)) + block for block in packed)


PACKERS = {
    "gzip": gzip.compress,
    "xz": lambda content: lzma.compress(content, check=lzma.CHECK_CRC32),
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "lz4": lz4_legacy,
    "zstd": lambda content: zstandard.ZstdCompressor().compress(content),
}


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "kernel"
    path.write_bytes(content)
    return path


def test_a_vmlinux_is_its_segments_and_its_entry(tmp_path: Path) -> None:
    percpu = (PT_LOAD, 0, KERNEL_PHYSICAL + 0x1000, b"per-CPU", 0x40)
    text = (PT_LOAD, KERNEL_VIRTUAL, KERNEL_PHYSICAL, b"\xf4" * 32, 64)
    found = read_kernel(written(tmp_path, elf([text, percpu], entry=KERNEL_PHYSICAL + 4)))
    assert isinstance(found, Vmlinux)
    assert found.entry == KERNEL_PHYSICAL + 4
    assert [(load.physical, load.virtual, load.data, load.size_bytes, load.end) for load in found.loads] == [
        (KERNEL_PHYSICAL, KERNEL_VIRTUAL, b"\xf4" * 32, 64, KERNEL_PHYSICAL + 64),
        (KERNEL_PHYSICAL + 0x1000, 0, b"per-CPU", 0x40, KERNEL_PHYSICAL + 0x1040),
    ]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bzimage_is_its_header_its_code_and_the_vmlinux_packed_in_it(tmp_path: Path, kind: str) -> None:
    packed = elf()
    payload = PACKERS[kind](packed) + (b"" if kind == "gzip" else struct.pack("<I", len(packed)))
    content = bzimage(payload, behind=b"a signature")
    found = read_kernel(written(tmp_path, content))
    assert isinstance(found, BzImage)
    assert found.header == content[0x1F1 : 0x202 + 0x66]
    assert (found.version, found.xloadflags, found.cmdline_size) == (0x20F, 1, 2047)
    assert (found.pref_address, found.kernel_alignment, found.init_size) == (KERNEL_PHYSICAL, 0x200000, 0x800000)
    assert (found.relocatable, found.initrd_addr_max) == (True, 0x7FFFFFFF)
    assert found.code == content[1024:-11]
    assert found.payload == payload
    assert found.vmlinux() == packed
    assert read_vmlinux(found.path, found.vmlinux()).entry == KERNEL_PHYSICAL


def test_lz4_in_several_blocks_with_and_without_a_size_behind_the_last(tmp_path: Path) -> None:
    content = random.Random(0).randbytes(1 << 20) * 17
    for behind in (b"", struct.pack("<I", len(content))):
        found = read_kernel(written(tmp_path, bzimage(lz4_legacy(content) + behind)))
        assert isinstance(found, BzImage)
        assert found.vmlinux() == content


def test_a_tree_is_its_newest_build(tmp_path: Path) -> None:
    vmlinux, image = tmp_path / "vmlinux", tmp_path / "arch" / "x86" / "boot" / "bzImage"
    image.parent.mkdir(parents=True)
    vmlinux.write_bytes(elf())
    image.write_bytes(bzimage(gzip.compress(elf())))
    for newer, older in ((vmlinux, image), (image, vmlinux)):
        os.utime(older, (1, 1))
        os.utime(newer, (2, 2))
        assert read_kernel(tmp_path).path == newer


WRONG = {
    "text": (b"just some text" * 100, "not a kernel; name a vmlinux, a bzImage as in /boot, or a kernel tree"),
    "one byte": (b"\x7f", "not a kernel; name a vmlinux, a bzImage as in /boot, or a kernel tree"),
    "empty": (b"", "an empty file"),
    "arm64 vmlinux": (elf(machine=AARCH64), "for another architecture (AArch64); emu runs x86-64 alone"),
    "i386 vmlinux": (elf(machine=I386), "for another architecture (Intel 80386); emu runs x86-64 alone"),
    "arm64 Image": (bytes(0x38) + b"ARM\x64" + bytes(64), "a kernel of another architecture (arm64), and emu runs x86-64 alone"),
    "user program": (elf([USER], entry=0x400000), "a user program, not a kernel; it goes behind the kernel: emu boot KERNEL -- "),
    "module": (elf([], kind=REL), "an object file or a module, not a kernel; name the vmlinux that is linked from it"),
    "no segments": (elf([]), "an ELF file without a program in it; name a vmlinux"),
    "entry outside": (elf(entry=0x123), "its entry 0x123 is in none of its segments; is it linked by the kernel's own build?"),
    "cut ELF": (elf()[:140], "cut off: its segment at 0xffffffff81000000 ends at byte 152, the file at 140; copy it again"),
    "ELF of ten bytes": (elf()[:10], "an ELF file that is damaged: its header makes no sense"),
    "packed": (gzip.compress(elf()), "not a kernel but a gzip file (unpack it first?)"),
    "cut bzImage": (bzimage(gzip.compress(elf()))[:1100], "cut off: its header says "),
    "cut header": (bzimage(b"")[:0x210], "a bzImage that is cut off inside its header, at byte 528; copy it again"),
    "old bzImage": (bzimage(b"x", version=0x20A), "too old: its boot protocol is 2.10, and 64-bit entry came with 2.12"),
    "32-bit bzImage": (bzimage(b"x", xloadflags=0), "for another architecture (a 32-bit x86 kernel); emu runs x86-64 alone"),
    "zImage": (bzimage(b"x", loadflags=0), "a zImage, which is loaded below 1 MiB; build a bzImage"),
    "no payload": (bzimage(b""), "a bzImage that is damaged: what is packed in it lies outside it; copy it again"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_kernel_is_refused_in_a_line_that_says_what_it_is(tmp_path: Path, name: str) -> None:
    content, words = WRONG[name]
    path = written(tmp_path, content)
    with pytest.raises(UserError) as refusal:
        read_kernel(path)
    assert str(refusal.value).startswith(f"kernel {path}: {words}")
    assert "\n" not in str(refusal.value)


def test_places_without_a_kernel(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "nothing", "cannot be read: No such file or directory"),
        (tmp_path, "a directory with neither vmlinux nor arch/x86/boot/bzImage in it: it is no kernel tree"),
        (Path("/dev/zero"), "not a regular file; copy it into one"),
    ):
        with pytest.raises(UserError, match=words):
            read_kernel(path)
    (tmp_path / "Kbuild").touch()
    with pytest.raises(UserError, match="in it: make it first, or name the folder of O="):
        read_kernel(tmp_path)


@pytest.mark.parametrize("kind", PACKERS)
def test_a_damaged_payload_is_refused(tmp_path: Path, kind: str) -> None:
    payload = PACKERS[kind](elf() * 50)
    for broken in (payload[:8] + b"\xff" * 40, payload[: len(payload) // 2]):
        found = read_kernel(written(tmp_path, bzimage(broken)))
        assert isinstance(found, BzImage)
        with pytest.raises(UserError, match="is damaged"):
            read_vmlinux(found.path, found.vmlinux())


def test_an_unknown_packing_lists_those_that_are_known(tmp_path: Path) -> None:
    found = read_kernel(written(tmp_path, bzimage(b"\x89LZO" + bytes(40))))
    assert isinstance(found, BzImage)
    with pytest.raises(UserError, match=r"does not know \(894c5a4f\); use one of gzip, xz, lzma, bzip2, lz4, zstd"):
        found.vmlinux()


def test_no_damage_to_an_elf_file_is_more_than_a_line(tmp_path: Path) -> None:
    dynamic = elf([USER, (PT_INTERP, 0, 0, b"/lib/ld.so\0", 11)], {".debug_info": b"x" * 20}, kind=DYN)
    chance = random.Random(3)
    for whole in (elf(), dynamic):
        for _ in range(150):
            content = bytearray(whole)
            for _ in range(chance.randrange(1, 5)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            try:
                read_kernel(written(tmp_path, bytes(content[: chance.choice((len(content), chance.randrange(1, len(content))))])))
            except UserError as refusal:
                assert "\n" not in str(refusal)


@pytest.mark.skipif(not BOOT.is_dir(), reason="no kernels in ../shared/boot")
def test_a_real_bzimage() -> None:
    found = read_kernel(BOOT / "bzImage-small-wakeq")
    assert isinstance(found, BzImage)
    loads = read_vmlinux(found.path, found.vmlinux()).loads
    assert (loads[0].physical, loads[0].virtual) == (KERNEL_PHYSICAL, KERNEL_VIRTUAL)
    assert max(load.end for load in loads) <= KERNEL_PHYSICAL + found.init_size

"""An initramfs of the user's own: whole and with something to run, or a line that says what it lacks."""

import gzip
import lzma
from pathlib import Path

import pytest

from emu.boot import cpio
from emu.boot.initrd_file import read_initrd
from emu.errors import UserError

WITH_INIT = cpio.archive([cpio.folder("bin"), cpio.file("bin/sh", b"#"), cpio.file("init", b"#!/bin/sh\n", executable=True)])
WITHOUT = cpio.archive([cpio.file("kernel/x86/microcode/AuthenticAMD.bin", b"x" * 99)])
RIGHT = {
    "archive": WITH_INIT,
    "gzip": gzip.compress(WITH_INIT),
    "xz": lzma.compress(WITH_INIT, check=lzma.CHECK_CRC32),
    "microcode in front": WITHOUT + bytes(512) + gzip.compress(WITH_INIT),
    "two archives": WITHOUT + WITH_INIT,
    "names as find prints them": cpio.archive([cpio.folder("."), cpio.file("./init", b"")]),
}
WRONG = {
    "no init": (WITHOUT, "nothing to run: there is no /init in it; put one there, or name another by --append rdinit=PATH"),
    "text": (b"just some text", "neither a cpio archive (format newc) nor a packed one: 6a75737420736f6d begins a part of it"),
    "old format": (b"070707" + bytes(100), "neither a cpio archive (format newc) nor a packed one: "),
    "zeros": (bytes(1024), "nothing to run: there is no /init in it"),
    "cut": (WITHOUT[:150], "cut off: kernel/x86/microcode/AuthenticAMD.bin in it ends at byte 247 of 150; copy it again"),
    "cut behind a file": (WITHOUT[:248], "cut off or damaged: no header of a file at byte 248 of an archive in it"),
    "damaged header": (WITHOUT[:54] + b"zzzzzzzz" + WITHOUT[62:], "cut off or damaged: no header of a file at byte 0"),
    "damaged gzip": (gzip.compress(WITH_INIT)[:60], "what is packed in it (gzip) is damaged: "),
    "empty": (b"", "an empty file"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_the_kernel_unpacks(tmp_path: Path, name: str) -> None:
    path = tmp_path / "initrd"
    path.write_bytes(RIGHT[name])
    assert read_initrd(path, "") == RIGHT[name]
    assert read_initrd(path, "rdinit=/other quiet rdinit=/init") == RIGHT[name]


@pytest.mark.parametrize("name", WRONG)
def test_what_has_no_user_space_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    content, words = WRONG[name]
    path = tmp_path / "initrd"
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        read_initrd(path, "")
    assert str(refusal.value).startswith(f"initrd {path}: {words}")


def test_the_init_that_the_command_line_names(tmp_path: Path) -> None:
    path = tmp_path / "initrd"
    path.write_bytes(WITH_INIT)
    assert read_initrd(path, "rdinit=/bin/sh") == WITH_INIT
    with pytest.raises(UserError, match="there is no /bin/none in it"):
        read_initrd(path, "rdinit=/bin/none")

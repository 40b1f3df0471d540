"""The archive that the kernel unpacks, read back: what lies where, the same bytes each time, and what cannot be put into it."""

import hashlib
import os
import stat
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.boot.boot_programs import program, write_program
from bench.elf.made_files import DYN, KERNEL_VIRTUAL, PT_INTERP, PT_LOAD, elf
from emu.boot.guest_files import entries, parse_file
from emu.boot.init_program import init_program
from emu.boot.initramfs import make_initramfs
from emu.boot.marks import M5_FAIL, M5OP
from emu.boot.program_file import Program, read_program
from emu.boot.user_program import DATA_VIRTUAL
from emu.elf.elf_file import Elf
from emu.elf.static_elf import READ, Part, static_elf
from emu.errors import UserError

USER = (PT_LOAD, 0x400000, 0x400000, b"\x90" * 16, 16)
LOADER = "/lib64/ld-linux-x86-64.so.2"
DYNAMIC = elf([USER, (PT_INTERP, 0, 0, LOADER.encode() + b"\0", 28)], kind=DYN)
BUSYBOX = static_elf(0x400000, [Part(0x400000, b"text\0[\0[[\0cat\0ls\0sh\0\0more", READ)])


class Node(NamedTuple):
    mode: int
    data: bytes
    device: tuple[int, int]


def unpacked(archive: bytes) -> dict[str, Node]:
    """A second reading of the format: names to what lies there, in order."""
    assert len(archive) % 512 == 0
    found: dict[str, Node] = {}
    at, serials = 0, set()
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * index : at + 14 + 8 * index], 16) for index in range(13)]
        serial, mode, owner, group, links, time, size, _, _, major, minor, name_size, check = fields
        name = archive[at + 110 : at + 109 + name_size].decode()
        assert archive[at + 109 + name_size] == 0
        data_at = -(-(at + 110 + name_size) // 4) * 4
        at = -(-(data_at + size) // 4) * 4
        if name == "TRAILER!!!":
            assert not archive[at:].strip(b"\0")
            return found
        assert (owner, group, time, check) == (0, 0, 0, 0)
        assert links == (2 if stat.S_ISDIR(mode) else 1)
        assert serial not in serials
        serials.add(serial)
        parent = name.rpartition("/")[0]
        assert not parent or stat.S_ISDIR(found[parent].mode), f"{name} stands before its directory"
        found[name] = Node(mode, archive[data_at : data_at + size], (major, minor))


def script(tmp_path: Path, first_line: str = "#!/bin/sh") -> Path:
    path = tmp_path / "job"
    path.write_text(f"{first_line}\nexit 3\n")
    return path


def busybox(tmp_path: Path) -> Path:
    path = tmp_path / "busybox"
    path.write_bytes(BUSYBOX)
    return path


def test_what_lies_in_an_initramfs(tmp_path: Path) -> None:
    made = unpacked(make_initramfs(write_program("two_threads", tmp_path)))
    assert made["init"].mode == stat.S_IFREG | 0o755
    assert made["bin/two_threads"] == Node(stat.S_IFREG | 0o755, program("two_threads"), (0, 0))
    assert made["dev/console"] == Node(stat.S_IFCHR | 0o600, b"", (5, 1))
    assert [name for name, node in made.items() if stat.S_ISDIR(node.mode)] == ["bin", "dev", "proc", "root", "sys", "tmp"]


def test_the_same_files_give_the_same_bytes_and_other_files_others(tmp_path: Path) -> None:
    path = write_program("two_threads", tmp_path)
    first = make_initramfs(path, ["a"], environment={"A": "1"})
    os.utime(path, (1, 1))
    assert make_initramfs(path, ["a"], environment={"A": "1"}) == first
    others = [make_initramfs(path, ["b"], environment={"A": "1"}), make_initramfs(path, ["a"], environment={"A": "2"})]
    assert len({hashlib.sha256(each).hexdigest() for each in (first, *others)}) == 3


def strings(init: bytes, name_at: int) -> list[str]:
    """The strings that an array of pointers in a program's data leads to."""
    data = next(load.data for load in Elf(init, "init").loads if load.virtual == DATA_VIRTUAL)
    found = []
    for index in range(100):
        (address,) = struct.unpack_from("<Q", data, name_at - DATA_VIRTUAL + 8 * index)
        if address == 0:
            return found
        at = address - DATA_VIRTUAL
        found.append(data[at : data.index(b"\0", at)].decode())
    raise AssertionError("no end")


def test_init_has_arguments_and_environment_in_its_data() -> None:
    init = init_program("/bin/x", ["/bin/x", "two words", ""], {"A": "1", "PATH": "/mine"})
    data = next(load.data for load in Elf(init, "init").loads if load.virtual == DATA_VIRTUAL)
    lists = [strings(init, DATA_VIRTUAL + at) for at in range(0, len(data) - 64, 8) if _leads_to_text(data, at)]
    assert ["/bin/x", "two words", ""] in lists
    assert ["PATH=/mine", "A=1"] in lists
    assert ["proc", "/proc", "sysfs", "/sys", "devtmpfs", "/dev"] in lists


def test_init_hands_the_status_out_by_the_instruction_that_emu_knows() -> None:
    assert M5OP + struct.pack("<H", M5_FAIL) in init_program("/bin/x", [], {})


def _leads_to_text(data: bytes, at: int) -> bool:
    (address,) = struct.unpack_from("<Q", data, at)
    return DATA_VIRTUAL <= address < DATA_VIRTUAL + len(data)


def test_files_and_folders_for_the_guest(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "in").mkdir(parents=True)
    (tree / "in" / "text").write_text("text")
    (tree / "link").symlink_to("in/text")
    (tree / "run").write_bytes(b"#!")
    (tree / "run").chmod(0o700)
    files = [parse_file(f"{tree}:/srv/data"), parse_file(f"{tree}/run"), parse_file(f"{tree}/in/text:/etc/")]
    made = unpacked(make_initramfs(write_program("exit_status", tmp_path), files=files))
    assert made["srv/data/in/text"] == Node(stat.S_IFREG | 0o644, b"text", (0, 0))
    assert made["srv/data/link"] == Node(stat.S_IFLNK | 0o777, b"in/text", (0, 0))
    assert made["run"].mode == made["srv/data/run"].mode == stat.S_IFREG | 0o755
    assert made["etc/text"].data == b"text"


@pytest.mark.parametrize("text", ["", ":/x", "x:y", "x:", "x:/../y", "x:/proc/y", "x:/dev/null", "x:/init", "/:/"])
def test_places_that_a_file_cannot_have(text: str) -> None:
    with pytest.raises(UserError, match="--file"):
        parse_file(text)


def test_two_files_at_one_place_and_a_file_below_a_file(tmp_path: Path) -> None:
    path = write_program("exit_status", tmp_path)
    with pytest.raises(UserError, match="two files for /bin/exit_status in the guest"):
        make_initramfs(path, files=[parse_file(f"{path}:/bin/exit_status")])
    with pytest.raises(UserError, match="/a/b in the guest would lie in /a, which is a file"):
        make_initramfs(path, files=[parse_file(f"{path}:/a"), parse_file(f"{path}:/a/b")])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for host, words in (("nothing", "cannot be read: No such file"), ("/dev/null", "neither a file nor a directory")):
        with pytest.raises(UserError, match=words):
            list(entries([parse_file(f"{tmp_path / host}:/x")]))


def test_a_script_runs_by_busybox_which_has_its_commands_as_links(tmp_path: Path) -> None:
    found = read_program(script(tmp_path), ["a"], busybox=busybox(tmp_path), given=frozenset({"/bin/ls"}))
    assert (found.path, found.arguments) == ("/bin/sh", ("/bin/sh", "/bin/job", "a"))
    links = {each.path: each.data for each in found.files if stat.S_ISLNK(each.mode)}
    assert links == dict.fromkeys(("bin/[", "bin/[[", "bin/cat", "bin/sh"), b"busybox")
    by_env = read_program(script(tmp_path, "#! /usr/bin/env sh"), [], busybox=busybox(tmp_path), given=frozenset())
    assert by_env.arguments == ("/bin/busybox", "sh", "/bin/job")


def test_a_script_runs_by_the_interpreter_that_is_given(tmp_path: Path) -> None:
    found = read_program(script(tmp_path, "#!/opt/lua  -e x y "), ["a"], busybox=None, given=frozenset({"/opt/lua"}))
    assert (found.path, found.arguments) == ("/opt/lua", ("/opt/lua", "-e x y", "/bin/job", "a"))


def test_a_dynamic_program_runs_with_the_loader_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "dynamic"
    path.write_bytes(DYNAMIC)
    found = read_program(path, [], busybox=None, given=frozenset({LOADER}))
    assert isinstance(found, Program)


WRONG = {
    "dynamic ELF": (DYNAMIC, "a dynamic ELF file, and the guest has no libraries: link it with -static, or give "),
    "another architecture": (elf([USER], machine=183), "for another architecture (AArch64); emu runs x86-64 alone"),
    "kernel": (elf([(PT_LOAD, KERNEL_VIRTUAL, 0, b"x", 1)]), "a kernel, not a program: it goes first, emu boot KERNEL -- PROGRAM"),
    "object file": (elf([], kind=1), "an object file, not a program: link it, statically"),
    "text": (b"text", "neither an ELF file nor a script that begins with #!, so no kernel could run it"),
    "script": (b"#!/bin/sh\n", "a script, and the guest has no shell: name a static busybox by --busybox FILE"),
    "script of another": (b"#!/usr/bin/env python3\n", "a script for python3, which the guest has not: write it for #!/bin/sh"),
    "script of nothing": (b"#!  \n", "its first line names no interpreter behind #!"),
    "empty": (b"", "an empty file"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_the_guest_cannot_run_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    content, words = WRONG[name]
    path = tmp_path / "job"
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        make_initramfs(path)
    assert str(refusal.value).startswith(f"program {path}: {words}")


def test_what_is_no_static_busybox(tmp_path: Path) -> None:
    path = tmp_path / "busybox"
    for content, words in (
        (b"text", "not an ELF file: name a static busybox"),
        (program("exit_status"), "no table of busybox's commands"),
        (DYNAMIC, "a dynamic ELF file"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=words):
            make_initramfs(script(tmp_path), busybox=path)

"""`emu boot` as it is typed: what is refused in one line, what it prints, what it ends with."""

import json
from pathlib import Path

import pytest

from emu.boot import cpio
from emu.cli.main import main


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main(["boot", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs the tests is used or changed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "options, words",
    [
        (["--cpus", "65"], "--cpus must be 1 to 64, not 65"),
        (["--cpus", "0"], "--cpus must be 1 to 64, not 0"),
        (["--cpus", "four"], "cpus must be a whole number"),
        (["--memory", "4"], "--memory must be 8 to 4096 MiB, not 4"),
        (["--memory", "16"], "too little memory: kernel"),
        (["--quantum", "0"], "--quantum must be 1 to"),
        (["--seed", "-1"], "--seed must be 0 to"),
        (["--cpuid", "intel"], "--cpuid must be machine or generic, not 'intel'"),
        (["--machine", "nosuch"], "nosuch"),
        (["--max-instructions", "0"], "--max-instructions must be at least 1"),
        (["--until", "never"], "--until must be user, text:STRING, symbol:NAME[:N], instructions:N or one of work_begin"),
        (["--until", "instructions:x"], "--until must be a whole number"),
        (["--until", "symbol:schedule:0"], "a count must be at least 1"),
        (["--until", "symbol:no_such_function"], "the kernel has no symbol no_such_function"),
        (["--append", "x" * 3000], "the command line has 3"),
        (["--at", "user"], "--at has no meaning without --checkpoint"),
        (["--checkpoint", "f"], "--checkpoint has no meaning without --at"),
        (["--restore", "/nonexistent"], "snapshot /nonexistent: cannot be read: No such file"),
        (["--checkpoint", "/nonexistent/f", "--at", "user"], "there is no directory /nonexistent"),
        (["--to", "work_end"], "--to has no meaning without --from"),
        (["--from", "user", "--until", "user"], "--until has no meaning with --from"),
        (["--from", "user", "--per", "0"], "--per must be at least 1, not 0"),
        (["--from", "user", "--to", "user"], "--to must be work_end"),
        (["--from", "user", "--symbols", "/nonexistent"], "--symbols /nonexistent: there is no such file"),
        (["--from", "user", "--region-seed", "-1"], "--region-seed must be 0 to"),
        (["--trace", "f"], "--trace has no meaning without --from"),
        (["--from", "user", "--trace-limit", "5"], "--trace-limit has no meaning without --trace"),
        (["--from", "user", "--overwrite"], "--overwrite has no meaning with --from: it writes no file; add --trace"),
        (["--from", "user", "--trace", "/nonexistent/f"], "cannot write trace /nonexistent/f: there is no directory"),
        (["--from", "user", "--trace", "f", "--trace-limit", "0"], "--trace-limit must be at least 1, not 0"),
        (["--from", "user", "--memory", "4096"], "--memory must be at most 3072 MiB"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(capsys, vmlinux: Path, shared: Path, options: list[str], words: str) -> None:
    code, out, err = run(capsys, vmlinux, *options, "--", shared / "exit7")
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert words in err


@pytest.mark.parametrize(
    "content, words", [(b"", "an empty file"), (b"\x7fELF" + bytes(100), "snapshot"), (b"emuboot\x63" + bytes(99), "version 99")]
)
def test_a_file_that_is_no_snapshot(capsys, vmlinux: Path, shared: Path, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    code, _, err = run(capsys, vmlinux, "--restore", path, "--", shared / "exit7")
    assert code == 2 and ("not a snapshot" in err or words in err)


def test_nothing_to_run(capsys, vmlinux: Path) -> None:
    code, _, err = run(capsys, vmlinux)
    assert code == 2 and "nothing to run: name a program" in err


def test_a_dry_run_says_what_would_be(capsys, vmlinux: Path, shared: Path) -> None:
    code, out, err = run(capsys, vmlinux, "--dry-run", "--cpus", 3, "--seed", 5, "--", shared / "exit7")
    assert (code, err) == (0, "")
    assert "cores         3, CPUID of a10-7800" in out and "1 to 2000 instructions, seed 5, ending anywhere" in out


def test_json_and_exit_status(capsys, vmlinux: Path, shared: Path) -> None:
    code, out, err = run(capsys, vmlinux, "--cpuid", "generic", "--json", "--", shared / "exit7")
    result = json.loads(out)
    assert code == result["exit_status"] == 7 and err == ""
    assert result["schema"] == "emu-boot/1" and "Run /init as init process" in result["console"]


def test_a_bound_is_exit_code_1_and_says_what_each_core_did(capsys, vmlinux: Path, shared: Path) -> None:
    code, _, err = run(capsys, vmlinux, "--cpuid", "generic", "--max-instructions", 1_000_000, "--", shared / "exit7")
    assert code == 1 and err.startswith(
        "emu: not over after 1000000 instructions (--max-instructions): core 0: running in ring 0 at "
    )


def test_a_panic_is_exit_code_1(capsys, vmlinux: Path, tmp_path: Path) -> None:
    """An /init that is no program."""
    initrd = tmp_path / "initrd.cpio"
    initrd.write_bytes(cpio.archive([cpio.file("init", b"none", executable=True)]))
    code, out, err = run(capsys, vmlinux, "--cpuid", "generic", "--initrd", initrd)
    assert "Kernel panic - not syncing" in out
    assert code == 1 and err.startswith("emu: the kernel panicked: core 0: ")

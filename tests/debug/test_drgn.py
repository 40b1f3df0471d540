"""drgn itself on a stopped machine: memory, symbols, stacks; types where the kernel has BTF; the run stays what it is."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import debian_kernel
import pytest

from emu.boot.machine import Machine
from emu.boot.session import Session
from emu.cli.main import main
from emu.debug.boot_run import guest_names
from emu.debug.guest import GuestNames
from emu.debug.symbol_file import has_types
from emu.elf.btf import Btf
from emu.elf.elf_file import Elf
from emu.elf.kernel_file import map_file, read_kernel
from emu.elf.kernel_symbols import kernel_symbols
from emu.elf.struct_types import struct_types
from emu.errors import CheckFailed, EmuError, UserError

STOCK = debian_kernel.fetched()
drgn = pytest.importorskip("drgn")
converse = pytest.importorskip("emu.debug.drgn_session").converse
BtfTypes = pytest.importorskip("emu.debug.drgn_types").BtfTypes
SYSTEM = ("-p", "4", "-m", "32", "--cpuid", "generic")
PROGRAM = ("--marks", "2", "4", "cross")


@pytest.fixture
def boot(vmlinux: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`emu boot` with these options: its exit code, what it prints, what it complains of."""

    def run(*options: object) -> tuple[int, str, str]:
        code = main(["boot", str(vmlinux), *SYSTEM, *map(str, options), "--", str(shared / "pmsg"), *PROGRAM])
        return code, *capsys.readouterr()

    return run


LOOKS = """
assert prog.read(prog.symbol("linux_banner").address, 13) == b"Linux version", "memory of the kernel"
assert prog.read_u64(0x400000) & 0xFFFFFFFF == 0x464C457F, "memory of the program, an ELF file"
stacks = [[frame.name for frame in prog.stack_trace(regs(cpu))] for cpu in range(4)]
assert any(names[:4] == ["do_msgsnd", "__x64_sys_msgsnd", "x64_sys_call", "do_syscall_64"] for names in stacks), stacks
assert any("do_idle" in names for names in stacks), stacks
print("looked")
"""


def test_a_script_sees_the_kernel_and_the_run_goes_on_as_without_it(
    boot: Callable[..., tuple[int, str, str]], shared: Path, tmp_path: Path
) -> None:
    undisturbed = json.loads(boot("--json")[1])
    script = tmp_path / "look.py"
    script.write_text(LOOKS)
    code, output, complaints = boot(
        "--from", "symbol:do_msgsnd:3", "--symbols", shared / "System.map-small-wakeq", "--drgn", script, "--json"
    )
    assert (code, "looked" in complaints) == (0, True), complaints
    looked_at = json.loads(output)
    for figure in ("ended", "exit_status", "instructions", "instructions_by_core", "clock", "memory_digest", "console"):
        assert looked_at[figure] == undisturbed[figure], figure


@pytest.fixture(scope="module")
def machine(session: Callable[..., Session], vmlinux: Path, shared: Path) -> tuple[Machine, GuestNames]:
    """A machine at its mark, and what is known of its kernel: the file that is made for drgn is made once."""
    names = guest_names(read_kernel(vmlinux), shared / "System.map-small-wakeq", has_types)
    assert names.file is not None
    content = names.file()
    return session().machine, replace(names, file=lambda: content)


@pytest.mark.parametrize(
    ("text", "error", "complaint"),
    [
        ("x = 1\nassert x == 2, 'x is one'\n", CheckFailed, "look.py:2: AssertionError: x is one"),
        ("prog.read(0, 8)\n", CheckFailed, "look.py:1: FaultError: not mapped: 0x0"),
        ("import sys\nsys.exit('not good')\n", CheckFailed, "look.py ended with not good"),
        ("regs(9)\n", CheckFailed, "look.py:1: ValueError: there is no CPU 9; the machine has 4, numbered from 0"),
        ("def (\n", UserError, "look.py:1: invalid syntax"),
    ],
)
def test_a_script_that_fails_says_where(
    machine: tuple[Machine, GuestNames], text: str, error: type[EmuError], complaint: str
) -> None:
    with pytest.raises(error) as found:
        converse(*machine, (text, "look.py"))
    assert str(found.value) == complaint


def test_a_kernel_of_which_too_little_is_known_is_refused(machine: tuple[Machine, GuestNames]) -> None:
    with pytest.raises(UserError, match=r"init_top_pgt among them; give its System.map with --symbols"):
        converse(machine[0], GuestNames(None, None, None), ("", "look.py"))


def test_what_is_missing_is_said_before_anything_runs(
    boot: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, output, complaints = boot("--drgn", tmp_path / "none.py")
    assert (code, output) == (2, "")
    assert "none.py: cannot be read: No such file" in complaints
    monkeypatch.setitem(sys.modules, "drgn", None)
    code, output, complaints = boot("--drgn", "-")
    assert (code, output) == (2, "")
    assert "drgn is not installed; pip install 'emu[drgn]'" in complaints


@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_types_are_those_of_the_kernels_btf() -> None:
    assert STOCK is not None
    elf = Elf(map_file(STOCK.vmlinux, "kernel"), "kernel")
    btf, symbols = struct_types(elf), kernel_symbols(read_kernel(STOCK.vmlinux), elf)
    assert isinstance(btf, Btf)
    assert symbols is not None
    program = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    BtfTypes(program, btf, symbols)
    for struct, member in (
        ("task_struct", "comm"),
        ("task_struct", "__state"),
        ("rq", "curr"),
        ("page", "lru"),
        ("msg_queue", "q_qbytes"),
    ):
        found, known = program.type(f"struct {struct}"), btf.member(struct, member)
        assert known is not None
        assert (drgn.offsetof(found, member), drgn.sizeof(found)) == (known.offset, btf.size(struct)), (struct, member)
    assert str(program.type("struct msg_msg")).splitlines()[1:5] == [
        "\tstruct list_head m_list;", "\tlong m_type;", "\tsize_t m_ts;", "\tstruct msg_msgseg *next;",
    ]  # fmt: skip
    assert program.type("struct sk_buff").member("cloned").bit_field_size == 1
    assert program.type("struct hlist_node").member("pprev").type.type_name() == "struct hlist_node **"
    assert program.type("pid_t").type.type_name() == "__kernel_pid_t"
    assert program.type("bool").type.kind == drgn.TypeKind.BOOL
    assert dict(program.type("enum pid_type").enumerators)["PIDTYPE_SID"] == program["PIDTYPE_SID"].value_() == 3
    assert str(program.function("schedule_timeout").type_) == "long (long timeout)"
    assert program["init_task"].address_ == symbols.address("init_task")
    assert program["runqueues"].type_.type_name() == "struct rq"
    for absent in ("struct no_such", "union task_struct", "enum rq"):
        with pytest.raises(LookupError):
            program.type(absent)
    with pytest.raises(LookupError):
        program["no_such_variable"]


@pytest.mark.deep
@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_tasks_and_their_stacks_by_drgns_own_helpers(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert STOCK is not None
    script = tmp_path / "tasks.py"
    script.write_text(TASKS)
    words = ["boot", str(STOCK.vmlinuz), "-p", "2", "--cpuid", "generic", "--from", "work_begin", "--drgn", str(script)]
    code = main([*words, "--", str(shared / "pmsg"), *PROGRAM])
    output, complaints = capsys.readouterr()
    assert (code, "all tasks seen" in output) == (0, True), complaints


TASKS = """
from drgn.helpers.linux import for_each_task, per_cpu
tasks = {task.comm.string_(): task for task in for_each_task(prog)}
assert {b"pmsg", b"kthreadd"} <= tasks.keys(), tasks.keys()
names = [frame.name for frame in prog.stack_trace(tasks[b"kthreadd"])]
assert names[:4] == ["__schedule", "schedule", "kthreadd", "ret_from_fork"], names
assert b"pmsg" in {per_cpu(prog["runqueues"], cpu).curr.comm.string_() for cpu in range(2)}
assert prog["init_uts_ns"].name.sysname.string_() == b"Linux"
print("all tasks seen")
"""

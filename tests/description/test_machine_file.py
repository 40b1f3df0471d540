"""Machine files: the one that comes with emu, and one line for every way in which a user's can be wrong."""

import re
from pathlib import Path

import pytest

from emu.description import load_machine, machine_names
from emu.description.machine_file import machine_path
from emu.errors import UserError

TEXT = machine_path("a10-7800").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("l2_hit = { value = 19,", "l2_hit = { value = -19,", "latencies.l2_hit.value must be at least 0, not -19"),
        ("l2_hit = { value = 19,", "l2_hit = {", "latencies.l2_hit.value is missing"),
        ("l2_hit = { value = 19,", 'l2_hit = { value = "19",', "latencies.l2_hit.value must be a whole number, not '19'"),
        ("l2_hit = { value = 19,", "l2_hit = { value = 19.5,", "latencies.l2_hit.value must be a whole number, not 19.5"),
        ("l2_hit = { value = 19,", "l2_hit = { value = true,", "latencies.l2_hit.value must be a whole number, not True"),
        ("l2_hit = { value = 19,", "l2_hit = { value = 1_000_000_001,", "latencies.l2_hit.value must be at most 1000000000"),
        ("l2_hit = {", "l2hit = {", "latencies.l2_hit is missing (and 1 more)"),
        ("l2_hit = {", "l3_hit = 40\nl2_hit = {", "latencies.l3_hit is no key of a machine file; `emu machines show"),
        (re.compile("l2_hit = {.*"), "l2_hit = 19", "latencies.l2_hit must be a table, not 19"),
        ("value = 500,", "value = 0,", "latencies.ipi_flight.value must be at least 1, not 0"),
        ('confidence = "low"', 'confidence = "none"', "confidence must be 'high', 'medium' or 'low', not 'none'"),
        (re.compile('source = "ILX NewMemLat[^"]*"'), 'source = ""', "latencies.l1_hit.source must be text that says something"),
        ('unit = "Hz"', 'unit = "MHz"', "clock_hz.unit must be 'Hz', not 'MHz'"),
        ("value = 3_500_000_000", "value = 0", "clock_hz.value must be at least 1, not 0"),
        ("sets = 64", "sets = 63", "l1d.sets must be a power of two, not 63"),
        ('write_policy = "through"', 'write_policy = "around"', "l1d.write_policy must be 'through' or 'back', not 'around'"),
        ('write_policy = "through"', "", "l1d.write_policy is missing"),
        (
            '"steamroller_instructions.csv"',
            '"none.csv"',
            "instructions must be a CSV file beside the machine file",
        ),
        ('unit = "bits"', 'unit = "bytes"', "core.branch_history.unit must be 'bits', not 'bytes'"),
        (
            "branch_counters = { value = 4096",
            "branch_counters = { value = 4000",
            "core.branch_counters.value must be a power of two",
        ),
        ("alus = { value = 2", "alus = { value = 0", "core.alus.value must be at least 1, not 0"),
        ("ways = 16", "ways = 300", "l2.ways must be at most 128, not 300"),
        ("line_bytes = 64", "line_bytes = 128", "l1d.line_bytes must be 64, not 128"),
        ("cores_per_module = 2", "cores_per_module = 0", "topology.cores_per_module must be at least 1, not 0"),
        ("depth = { value = 24", "depth = { value = 1000", "store_buffer.depth.value must be at most 128, not 1000"),
        ("leaf = 0x80000002", "leaf = 0x80000001", "cpuid leaf 0x80000001 must be given once, or once for each subleaf"),
        ("eax = 0x00630F01", "eax = 0x100630F01", "cpuid.1.eax must be less than 4294967296, not 4301459201"),
        ('name = "a10-7800"', "", "name is missing"),
        ('name = "a10-7800"', "name = a10", "not TOML: Invalid value (at line"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, old: str | re.Pattern[str], new: str, message: str) -> None:
    text = re.sub(old if isinstance(old, re.Pattern) else re.escape(old), new, TEXT, count=1)
    assert text != TEXT
    mine = tmp_path / "mine.toml"
    mine.write_text(text)
    with pytest.raises(UserError, match=re.escape(f"machine file {mine}: ") + ".*" + re.escape(message)) as raised:
        load_machine(str(mine))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "vax",
            "machine must be one of a10-7800, flat-64, skylake-sp-2s, zen2-8c, zen2-8c-smt or the path of a .toml file, not 'vax'",
        ),
        ("/no/such.toml", "machine file /no/such.toml: there is no such file; `emu machines` lists those that come with emu"),
        ("/", "machine file /: cannot be read: Is a directory"),
    ],
)
def test_a_machine_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        load_machine(name)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"m.toml: cannot be read: it is not text"):
        load_machine(str(tmp_path / "m.toml"))


@pytest.mark.parametrize("name", machine_names())
def test_the_machines_that_come_with_emu(name: str) -> None:
    machine = load_machine(name)
    assert machine.name == name
    estimated = [figure.confidence for _, figure in machine.latencies if "estimate" in figure.source]
    assert set(estimated) <= {"low"}


def test_cpuid_of_the_a10_7800_agrees_with_the_rest_of_the_file() -> None:
    machine = load_machine("a10-7800")
    rows = {(row.leaf, row.subleaf): row for row in machine.cpuid}

    def words(*numbers: int) -> str:
        return b"".join(number.to_bytes(4, "little") for number in numbers).decode().rstrip("\0 ")

    vendor, first = rows[0, -1], rows[0x80000002, -1]
    assert words(vendor.ebx, vendor.edx, vendor.ecx) == "AuthenticAMD"
    names = [first, rows[0x80000003, -1], rows[0x80000004, -1]]
    brand = words(*(number for row in names for number in (row.eax, row.ebx, row.ecx, row.edx)))
    assert brand == "AMD A10-7800 Radeon R7, 12 Compute Cores 4C+8G"
    family = rows[1, -1].eax
    assert (family >> 8 & 15) + (family >> 20 & 255) == 0x15
    for subleaf, cache in ((0, machine.l1d), (2, machine.l2)):
        row = rows[0x8000001D, subleaf]
        assert (row.ebx >> 22) + 1 == cache.ways
        assert (row.ebx & 0xFFF) + 1 == cache.line_bytes
        assert row.ecx + 1 == cache.sets
    assert rows[1, -1].ecx & 1 << 21 == 0, "no x2APIC: the guest uses the xAPIC"
    assert (rows[0x8000001E, -1].ebx >> 8 & 255) + 1 == machine.topology.cores_per_module


def test_the_flat_machine_has_one_distance() -> None:
    machine = load_machine("flat-64")
    rows = {(row.leaf, row.subleaf): row for row in machine.cpuid}
    far = machine.latencies
    assert {far.remote_line.value, far.remote_write.value, far.upgrade.value, far.memory.value, far.ipi_flight.value} == {100}
    assert (machine.near, machine.l3, machine.topology.processors_per_module) == ((), None, 1)
    assert (rows[1, -1].ebx >> 16 & 255) == (rows[0x80000008, -1].ecx & 255) + 1 == machine.topology.processors == 64
    assert rows[0x8000001E, -1].ebx >> 8 & 255 == 0


def test_the_sockets_of_the_skylake_machine_are_near_groups() -> None:
    machine, part = load_machine("skylake-sp-2s"), load_machine("zen2-8c")
    (socket,) = machine.near
    assert machine.l3 is not None
    assert (socket.modules, machine.l3.modules, machine.topology.processors) == (24, 24, 48)
    assert machine.l3.hit.value < socket.line.value < machine.latencies.memory.value < machine.latencies.remote_line.value
    assert machine.cpuid == part.cpuid
    taken = [
        name for name in type(machine.latencies).model_fields if getattr(machine.latencies, name) == getattr(part.latencies, name)
    ]
    assert taken == ["sibling_line", "sibling_locked", "mmio_read", "mmio_write", "ipi_flight", "interrupt_entry", "halt_exit"]


@pytest.mark.parametrize("name", ["zen2-8c", "zen2-8c-smt"])
def test_cpuid_of_zen2_agrees_with_the_rest_of_the_file(name: str) -> None:
    machine = load_machine(name)
    rows = {(row.leaf, row.subleaf): row for row in machine.cpuid}
    assert machine.l3 is not None
    for subleaf, cache, sharers in ((0, machine.l1d, 1), (2, machine.l2, 1), (3, machine.l3, machine.l3.modules)):
        row = rows[0x8000001D, subleaf]
        assert (row.ebx >> 22) + 1 == cache.ways
        assert row.ecx + 1 == cache.sets
        assert (row.eax >> 14 & 0xFFF) + 1 == sharers * machine.topology.processors_per_module
    assert (rows[1, -1].ebx >> 16 & 255) == (rows[0x80000008, -1].ecx & 255) + 1 == machine.topology.processors
    assert (rows[0x8000001E, -1].ebx >> 8 & 255) + 1 == machine.topology.threads_per_core
    assert rows[1, -1].ecx & 1 << 21 == 0, "no x2APIC: the guest uses the xAPIC"
    assert (rows[1, -1].eax >> 8 & 15) + (rows[1, -1].eax >> 20 & 255) == 0x17


def test_a_file_that_extends_another_has_what_that_one_has(tmp_path: Path) -> None:
    mine, base = tmp_path / "mine.toml", load_machine("zen2-8c")
    mine.write_text("""
extends = "zen2-8c"
name = "mine"
tlb.l2_hit = { value = 9, source = "made up", confidence = "low" }
[[cpuid]]
leaf = 0x8000001D
subleaf = 0x2
eax = 1
ebx = 2
ecx = 3
edx = 4
""")
    machine = load_machine(str(mine))
    assert (machine.name, machine.tlb.l2_hit.source, machine.tlb.l2_sets) == ("mine", "made up", base.tlb.l2_sets)
    assert (machine.latencies, machine.instructions, machine.near) == (base.latencies, base.instructions, base.near)
    rows = {(row.leaf, row.subleaf): row.ecx for row in machine.cpuid}
    assert rows == {(row.leaf, row.subleaf): row.ecx for row in base.cpuid} | {(0x8000001D, 2): 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "vax"', "extends must be one of a10-7800, flat-64, skylake-sp-2s, zen2-8c, zen2-8c-smt, not 'vax'"),
        ("extends = 5", "extends must be one of a10-7800, flat-64, skylake-sp-2s, zen2-8c, zen2-8c-smt, not 5"),
        ('extends = "zen2-8c-smt"', "zen2-8c-smt extends zen2-8c: extend that one"),
        ('extends = "zen2-8c"\nlatencies.l2_hit = { value = 9 }', "latencies.l2_hit.source is missing"),
        ('extends = "zen2-8c"\ntopology = 3', "topology must be a table, not 3"),
    ],
)
def test_a_wrong_extension_is_named(tmp_path: Path, text: str, message: str) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(text)
    with pytest.raises(UserError, match=re.escape(f"machine file {mine}: ") + ".*" + re.escape(message)):
        load_machine(str(mine))

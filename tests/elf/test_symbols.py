"""Names of addresses, from each place where a kernel can have them."""

import gzip
import struct
from pathlib import Path

import debian_kernel
import pytest

from bench.elf.made_files import BOOT, KERNEL_PHYSICAL, KERNEL_VIRTUAL, PT_LOAD, bzimage, elf
from bench.elf.made_kallsyms import kallsyms_image
from emu.elf.elf_file import Elf
from emu.elf.kallsyms import kallsyms
from emu.elf.kernel_file import read_kernel
from emu.elf.kernel_symbols import kernel_symbols
from emu.elf.symbols import SymbolTable, elf_symbols, from_names, read_system_map
from emu.errors import UserError

SYMBOLS = {
    b"current_task": 0x1AC00,
    b"_text": KERNEL_VIRTUAL,
    b"start_kernel": KERNEL_VIRTUAL + 0x100,
    b"_end": KERNEL_VIRTUAL + 0x900,
}
MANY = {b"A__per_cpu_start": 0, b"Dcurrent_task": 0x1AC00} | {
    b"tsys_start_scan_%d%s" % (index, b"_long" * (40 * (index % 97 == 0))): KERNEL_VIRTUAL + 16 * index for index in range(600)
}  # fmt: skip
STOCK = debian_kernel.fetched()


def table() -> SymbolTable:
    return from_names(list(SYMBOLS.values()), list(SYMBOLS))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (KERNEL_VIRTUAL, ("_text", 0)),
        (KERNEL_VIRTUAL + 0xFF, ("_text", 0xFF)),
        (KERNEL_VIRTUAL + 0x101, ("start_kernel", 1)),
        (KERNEL_VIRTUAL + 0x8FF, ("start_kernel", 0x7FF)),
        (KERNEL_VIRTUAL + 0x900, None),  # behind the image
        (KERNEL_VIRTUAL - 1, None),
        (0x1AC01, None),  # user space
        (2**64 - 1, None),
    ],
)
def test_the_symbol_of_an_address(address: int, found: tuple[str, int] | None) -> None:
    assert table().at(address) == found


def test_the_address_of_a_symbol() -> None:
    assert table().address("start_kernel") == KERNEL_VIRTUAL + 0x100
    assert table().address("current_task") == 0x1AC00
    for missing in ("start", "kernel", "", "start_kernel_", "nothing"):
        assert table().address(missing) is None
    assert from_names([], []).at(KERNEL_VIRTUAL) is None


def test_of_several_symbols_the_first_at_a_place_and_the_lowest_of_a_name() -> None:
    several = from_names(
        [KERNEL_VIRTUAL + 8, KERNEL_VIRTUAL, KERNEL_VIRTUAL, KERNEL_VIRTUAL + 16], [b"again", b"first", b"again", b"end"]
    )
    assert several.at(KERNEL_VIRTUAL + 1) == ("first", 1)
    assert several.address("again") == KERNEL_VIRTUAL


def test_the_end_of_a_section_is_what_a_place_is_called_by_last() -> None:
    names = [b"__sched_text_start", b"_etext", b"schedule", b"wait", b"__sched_text_end", b"_end"]
    places = [KERNEL_VIRTUAL] * 4 + [KERNEL_VIRTUAL + 16] * 2
    assert from_names(places, names).at(KERNEL_VIRTUAL + 1) == ("schedule", 1)
    assert from_names([*places[4:], KERNEL_VIRTUAL + 32], [*names[4:], b"x"]).at(KERNEL_VIRTUAL + 17) == ("__sched_text_end", 1)


@pytest.mark.parametrize("percpu", [True, False])
@pytest.mark.parametrize(
    ("layout", "order", "marker"), [("6.1", False, "I"), ("6.1", True, "I"), ("6.4", False, "I"), ("6.1", False, "Q")]
)
def test_kallsyms_in_each_layout(layout: str, order: bool, marker: str, percpu: bool) -> None:
    symbols = {name: address for name, address in MANY.items() if percpu or address >= KERNEL_VIRTUAL}
    found = kallsyms(kallsyms_image(symbols, KERNEL_VIRTUAL, layout=layout, percpu=percpu, order=order, marker=marker))
    assert found is not None
    assert len(found) == len(symbols)
    assert {name: found.address(name[1:].decode()) for name in symbols} == symbols


def test_kallsyms_with_whole_addresses() -> None:
    found = kallsyms(kallsyms_image(MANY, KERNEL_VIRTUAL, layout="absolute", order=True))
    assert found is not None
    assert {name: found.address(name[1:].decode()) for name in MANY} == MANY


def test_no_kallsyms_where_there_are_none_or_only_a_part() -> None:
    image = kallsyms_image(MANY, KERNEL_VIRTUAL)
    assert kallsyms(b"") is None
    assert kallsyms(bytes(range(256)) * 64) is None
    for end in range(4096, len(image) - 4096, 997):
        assert kallsyms(image[:end]) is None
    damaged = bytearray(image)
    damaged[len(image) // 2] ^= 0x55  # a name's length, or a letter: never wrong addresses
    found = kallsyms(bytes(damaged))
    assert found is None or len(found) == len(MANY)


def test_the_symbol_table_of_an_elf_file() -> None:
    strings = b"\0start_kernel\0here.c\0undefined\0absolute\0"

    def symbol(name: bytes, kind: int, section: int, value: int) -> bytes:
        return struct.pack("<IBBHQQ", strings.index(name + b"\0"), kind, 0, section, value, 0)

    entries = [
        symbol(b"", 0, 0, 0),
        symbol(b"here.c", 4, 0xFFF1, 0),
        symbol(b"undefined", 0x10, 0, 0),
        symbol(b"start_kernel", 0x12, 1, KERNEL_VIRTUAL + 4),
        symbol(b"absolute", 0x10, 0xFFF1, KERNEL_VIRTUAL + 8),
    ]
    content = elf(sections={".symtab": b"".join(entries), ".strtab": strings}, links={".symtab": (2, ".strtab")})
    found = elf_symbols(Elf(content, "kernel"))
    assert found is not None
    assert len(found) == 2
    assert found.at(KERNEL_VIRTUAL + 6) == ("start_kernel", 2)
    assert elf_symbols(Elf(elf(), "kernel")) is None


def test_a_system_map(tmp_path: Path) -> None:
    path = tmp_path / "System.map"
    path.write_text(f"000000000001ac00 D current_task\n{KERNEL_VIRTUAL:x} T _text\n{KERNEL_VIRTUAL + 8:x} R _end\n")
    assert read_system_map(path).at(KERNEL_VIRTUAL + 1) == ("_text", 1)
    for text, words in (
        (
            "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
            "Debian's is in the package with -dbg",
        ),
        ("no map\n", ":1: must be lines of an address, a kind and a name, not 'no map'"),
        ("", "no symbols in it"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=words):
            read_system_map(path)


def test_a_kernel_without_symbols_has_those_of_the_map_beside_it(tmp_path: Path) -> None:
    line = f"{KERNEL_VIRTUAL:x} T _text\n{KERNEL_VIRTUAL + 8:x} T _end\n"
    tree = tmp_path / "arch" / "x86" / "boot"
    tree.mkdir(parents=True)
    for path, map_path in (
        (tmp_path / "vmlinuz-6.1", tmp_path / "System.map-6.1"),
        (tmp_path / "vmlinux", tmp_path / "System.map"),
        (tree / "bzImage", tmp_path / "System.map"),
    ):
        path.write_bytes(elf())
        assert kernel_symbols(read_kernel(path)) is None
        map_path.write_text("no map")
        assert kernel_symbols(read_kernel(path)) is None
        map_path.write_text(line)
        found = kernel_symbols(read_kernel(path))
        assert found is not None
        assert found.address("_text") == KERNEL_VIRTUAL
        map_path.unlink()


def test_a_packed_kernel_has_those_in_itself(tmp_path: Path) -> None:
    image = kallsyms_image(MANY, KERNEL_VIRTUAL)
    path = tmp_path / "bzImage"
    loads = [(PT_LOAD, KERNEL_VIRTUAL, KERNEL_PHYSICAL, image, len(image))]
    path.write_bytes(bzimage(gzip.compress(elf(loads))))
    found = kernel_symbols(read_kernel(path))
    assert found is not None
    assert found.address("current_task") == 0x1AC00


@pytest.mark.skipif(not BOOT.is_dir(), reason="no kernels in ../shared/boot")
@pytest.mark.parametrize("name", ["small-wakeq", "rich-baseline"])
def test_a_real_kernels_own_symbols_are_those_of_its_map(name: str) -> None:
    own = kernel_symbols(read_kernel(BOOT / f"bzImage-{name}"))
    assert own is not None
    lines = [line.split() for line in (BOOT / f"System.map-{name}").read_text().splitlines()]
    wanted: dict[str, set[int]] = {}
    for address, _, symbol in lines:
        wanted.setdefault(symbol, set()).add(int(address, 16))
    some = [*wanted][::61]
    found = {symbol: own.address(symbol) for symbol in some}
    assert [symbol for symbol in some if found[symbol] not in (None, *wanted[symbol])] == []
    assert sum(address is None for address in found.values()) < 5
    assert abs(len(own) - len(lines)) < 20  # those that scripts/kallsyms.c leaves out
    assert own.at(min(wanted["start_kernel"]) + 7) == ("start_kernel", 7)


@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_the_stock_kernels_symbols() -> None:
    assert STOCK is not None
    found = kernel_symbols(read_kernel(STOCK.vmlinux))
    assert found is not None
    assert len(found) > 50_000
    start = found.address("start_kernel")
    assert start is not None
    assert found.at(start + 1) == ("start_kernel", 1)
    assert 0 < (found.address("current_task") or 0) < 1 << 20

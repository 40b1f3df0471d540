"""Loops that wait for a word, told from those that do something."""

import pytest

from emu.isa.await_loops import await_loads
from emu.isa.decode import decode_bytes


@pytest.mark.parametrize(
    ("code", "loads"),
    [
        ("f3 90 8b 07 85 c0 74 f8", {2}),  # pause; mov eax, [rdi]; test eax, eax; je
        ("87 07 85 c0 75 fa", {0}),  # xchg [rdi], eax; test eax, eax; jne
        ("8b 07 85 c0 75 00", set()),  # mov eax, [rdi]; test eax, eax; jne: forwards
        ("48 8b 3f 48 85 ff 75 f8", set()),  # mov rdi, [rdi]; test rdi, rdi; jne: a list is walked
        ("8b 07 89 06 85 c0 74 f8", set()),  # mov eax, [rdi]; mov [rsi], eax; test eax, eax; je: it stores
        ("ff 0f 75 fc", set()),  # dec dword [rdi]; jne
    ],
    ids=["load", "locked", "forwards", "a list", "stores", "counts in memory"],
)
def test_what_waits(code: str, loads: set[int]) -> None:
    assert await_loads(decode_bytes(bytes.fromhex(code), 0)) == loads

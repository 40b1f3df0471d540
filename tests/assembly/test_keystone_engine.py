"""Keystone in its own process: what ends it is refused with its reason, and the next text is assembled as ever."""

import os
import select
import subprocess
import sys

import pytest

from emu.assembly.keystone_engine import CannotEncode, encode
from emu.errors import UserError

BASE = 0x10000


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("mov ah, byte ptr [r8]", "Cannot encode high byte register in REX-prefixed instruction"),
        ("frob", ""),
        ("mov eax, rbx", ""),
        ("", ""),
        ("nop\0int3", ""),  # Keystone itself would see the first half
    ],
)
def test_what_is_refused_costs_nothing_else(text: str, ended: str) -> None:
    with pytest.raises(CannotEncode) as refused:
        encode(f"nop\n{text}\nnop" if text else text, BASE)
    assert refused.value.ended == ended
    assert encode("nop\nret", BASE) == b"\x90\xc3"


@pytest.mark.deep
@pytest.mark.parametrize("text", [".rept 0x10\n.rept 0xffffffff\n.endr\n.endr", ".p2align 0x1f", ".rept 0xfffffff\nnop\n.endr"])
def test_what_has_no_end_is_ended(text: str) -> None:
    with pytest.raises(CannotEncode, match=r"Keystone took more than 10 s|Keystone ended by SIG"):
        encode(text, BASE)


def test_a_statement_that_makes_keystone_abort_is_found(assembled) -> None:
    with pytest.raises(UserError, match=r"b\.S:3: Keystone cannot assemble 'mov ah, byte ptr \[r8\]': Cannot encode high byte"):
        assembled(a="nop", b="nop\nmov ah, byte ptr [r8]\nnop")


def test_the_process_goes_with_its_parent() -> None:
    program = (
        "import emu.assembly.keystone_engine as engine, os, signal\n"
        "engine.encode('nop', 0)\n"
        "print(engine._assembler()._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, stdout=subprocess.PIPE, text=True)
    try:
        process = os.pidfd_open(int(done.stdout))
    except ProcessLookupError:
        return
    assert select.select([process], [], [], 60)[0], "the assembler outlives its parent"
    os.close(process)

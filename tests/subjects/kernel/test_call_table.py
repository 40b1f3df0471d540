"""System calls by name."""

import pytest

from emu.errors import UserError
from emu.subjects.kernel.call_table import numbers


def test_numbers() -> None:
    assert numbers(["msgsnd", "msgrcv", "futex", "read", "futex_waitv"]) == {
        69: "msgsnd", 70: "msgrcv", 202: "futex", 0: "read", 449: "futex_waitv"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["futx"], "must be names of system calls of x86-64, such as futex,semop, not 'futx'; near are futex"),
        (["sys_futex"], "not 'sys_futex'; near are futex"),
        ([""], "not ''"),
        (["futex", "read", "futex"], "must name each call once, not futex,read,futex"),
    ],
)
def test_what_is_no_call(names: list[str], words: str) -> None:
    with pytest.raises(UserError, match="--calls") as caught:
        numbers(names)
    assert words in str(caught.value)

"""Our functions beside those of another version, in parts."""

import pytest

from emu.subjects.ipc_msg.path.beside import parts
from emu.subjects.ipc_msg.path.reference import reference_of
from emu.subjects.path.tally import Means


def of(**lengths: float) -> dict[str, Means]:
    return {name: Means(instructions=length) for name, length in lengths.items()}


def found(context: str, ours: dict[str, Means], kernel: dict[str, Means]) -> dict[str, tuple[float, float]]:
    return {part.name: (part.ours_sum.instructions, part.kernel_sum.instructions) for part in parts(context, ours, kernel)}


def test_every_function_is_in_one_part() -> None:
    ours = of(do_msgsnd=129, security_ipc_permission=14, pid_vnr=20, a_routine=3)
    kernel = of(do_msgsnd=136, put_pid=15, psi_task_switch=67, a_function=4, do_syscall_64=21)
    assert found("msgsnd", ours, kernel) == {
        "the same functions": (129, 136),
        "way in and out": (0, 21),
        "security hooks": (14, 0),
        "process numbers": (20, 15),
        "accounts of pressure": (0, 67),
        "others of ours": (3, 0),
        "others of the kernel's": (0, 4),
    }


def test_a_function_that_is_two_in_one_version() -> None:
    assert found("msgrcv", of(do_msgrcv=100, do_msg_fill=17), of(do_msgrcv=122)) == {"the same functions": (117, 122)}


@pytest.mark.parametrize(("context", "differs"), [("msgsnd", True), ("msgsnd_handoff_hold", True), ("msgsnd_enqueue_hold", False)])
def test_a_difference_is_one_where_it_says(context: str, differs: bool) -> None:
    both = found(context, of(check_preempt_curr=46), of(check_preempt_curr=21))
    assert ("who enqueues the woken" in both) == differs


@pytest.mark.parametrize("call", ["msgsnd", "msgrcv"])
def test_a_kernel_of_the_same_version_has_no_part_of_its_own(call: str) -> None:
    reference = reference_of("wakeq")
    assert reference is not None
    functions = of(**dict.fromkeys(reference.functions[call], 10.0))
    assert all(ours == kernel for ours, kernel in found(call, functions, functions).values())

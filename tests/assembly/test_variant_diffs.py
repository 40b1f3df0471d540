"""A variant's folder holds what the patch changes, and nothing else."""

from difflib import ndiff
from pathlib import Path

import pytest

from emu.assembly import get_variant, guest_folder, variants
from emu.assembly.variants import Variant, all_differing_files, differing_files, kernel_inlines, kernel_sources

# By variant: the files of its own, each with how many lines of code it has more and fewer than the one in whose place it stands.
DIFFERENCES: dict[str, dict[str, tuple[int, int]]] = {
    "baseline-rt": {
        "inline/preempt_disable_rt.S": (1, 0),
        "inline/preempt_enable_rt.S": (1, 0),
    },
    "baseline-ticket": {
        "_raw_spin_lock.S": (12, 8),
        "_raw_spin_lock_irqsave.S": (13, 14),
        "inline/do_raw_spin_unlock.S": (1, 1),
        "inline/spin_unlock.S": (1, 1),
    },
    "wakeq": {
        "expunge_all.S": (6, 5),
        "inline/clear_r_msg.S": (0, 1),
        "inline/do_msgsnd_frame.S": (4, 3),
        "inline/freeque_enter.S": (3, 0),
        "inline/freeque_leave.S": (1, 0),
        "inline/lockless_receive.S": (0, 9),
        "inline/msgctl_down_frame.S": (2, 1),
        "inline/receivers_WAKE_Q.S": (1, 0),
        "inline/receivers_wake_q_argument.S": (1, 0),
        "inline/receivers_wake_up_q.S": (2, 0),
        "inline/wake_receiver.S": (3, 2),
    },
    "wakeq-release": {
        "expunge_all.S": (5, 3),
    },
    "wakeq-release-fixed": {
        "expunge_all.S": (5, 3),
    },
    "wakeq-senders": {
        "inline/do_msgrcv_frame.S": (2, 1),
        "inline/do_msgsnd_frame.S": (1, 1),
        "inline/kill_senders.S": (3, 2),
        "inline/note_msgsz.S": (1, 0),
        "inline/senders_WAKE_Q.S": (1, 0),
        "inline/senders_of_receive.S": (1, 4),
        "inline/senders_of_receive_loop.S": (0, 10),
        "inline/senders_wake_up_q.S": (2, 0),
        "inline/wake_senders.S": (3, 2),
        "ss_wakeup.S": (43, 8),
    },
}


def code(path: Path) -> list[str]:
    """A file's statements and annotations, without comments."""
    lines = (line if line.lstrip().startswith("//@") else line.split("//", 1)[0] for line in path.read_text().splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def replaced(variant: Variant, name: str) -> Path:
    """The file in whose place a variant's own stands: that of the variant it extends, or of the kernel that all share."""
    assert variant.extends is not None
    base = get_variant(variant.extends)
    return (kernel_inlines(base) if "/" in name else kernel_sources(base))[Path(name).stem]


def difference(variant: Variant, name: str) -> tuple[int, int]:
    lines = list(ndiff(code(replaced(variant, name)), code(variant.folder / name)))
    return sum(line[0] == "+" for line in lines), sum(line[0] == "-" for line in lines)


@pytest.mark.parametrize("name", [name for name, variant in variants().items() if variant.extends])
def test_a_folder_holds_only_what_differs(name: str) -> None:
    variant = variants()[name]
    assert {file: difference(variant, file) for file in differing_files(variant)} == DIFFERENCES[name]
    assert all(any(both) for both in DIFFERENCES[name].values())


def test_no_routine_of_a_variant_is_one_that_all_share() -> None:
    """The message path is written once: `common/` and the folders of variants have no file of the same name."""
    common = {path.name for path in (guest_folder("kernel_snippets") / "common").rglob("*.S")}
    assert [
        (name, file) for name, each in variants().items() for file in all_differing_files(each) if Path(file).name in common
    ] == []

"""The model alone: what it holds legal where an order is open, and what the version of the kernel decides."""

import pytest

from bench.oracle.model_state import FULL_AND_LOCKED, LINUX_4_8, LOWEST, Kernel, result_of
from bench.oracle.queue_model import QueueModel
from emu.subjects.ipc_msg.script.script import Results
from emu.subjects.ipc_msg.script.text import dump, parse, with_results

NEWER = Kernel.of_release("6.1.0-13-amd64")


def told(text: str, kernel: Kernel = LINUX_4_8) -> str:
    """The script with its results, as the model runs it."""
    script = parse(text)
    return dump(with_results(script, QueueModel(kernel).run(script)))


def courses(text: str, kernel: Kernel = LINUX_4_8) -> list[str]:
    """Every legal course of the script, as texts."""
    model = QueueModel(kernel)
    script = parse(text)
    ways: dict[Results, list] = {(): [model.start(script)]}
    for step in script.steps:
        longer: dict[Results, list] = {}
        for results, states in ways.items():
            for state in model.advance(states, step):
                longer.setdefault((*results, result_of(step, state)), []).append(state)
        ways = longer
    for results in ways:
        assert model.objection(script, results) == ""
    return sorted(dump(with_results(script, results)).split("\n", 1)[1] for results in ways)


def test_blocked_senders_that_both_fit_queue_up_in_either_order() -> None:
    text = """\
tasks 4
t1: set qbytes=16
t1: send type=1 size=16
t2: send type=2 size=8
t3: send type=3 size=8
t4: recv size=16
t4: recv
"""
    assert {course.splitlines()[-1] for course in courses(text)} == {
        "t4: recv type=0 -> 8 type=2 text=0x00070e151c232a31",
        "t4: recv type=0 -> 8 type=3 text=0x00070e151c232a31",
    }
    assert len(courses(text)) == 2
    assert not QueueModel().fixed(parse(text))


def test_of_blocked_senders_of_which_one_fits_either_may_go() -> None:
    text = """\
tasks 4
t1: set qbytes=8
t1: send type=1
t2: send type=2
t3: send type=3
t4: recv
"""
    ends = [course.splitlines()[-1] for course in courses(text)]
    assert ends == ["t2: returns 0", "t3: returns 0"]


def test_receivers_are_served_in_their_order_until_ipc_set_opens_it() -> None:
    waiting = "tasks 3\nt1: recv type=0\nt2: recv type=0\n"
    assert len(courses(f"{waiting}t3: send\n")) == 1
    assert len(courses(f"{waiting}t3: set qbytes=64\nt3: send\n")) == 2
    assert len(courses(f"{waiting}t3: set qbytes=64\nt3: rmid\n")) == 1


def test_a_small_receiver_of_an_open_order_may_or_may_not_be_met() -> None:
    text = "tasks 3\nt1: recv size=4\nt2: recv size=8\nt3: set qbytes=64\nt3: send size=8\n"
    ends = {course.split("-> 0\n")[-1] for course in courses(text)}
    assert ends == {
        "t2: returns 8 type=1 text=0x00070e151c232a31\n",
        "t1: returns E2BIG\nt2: returns 8 type=1 text=0x00070e151c232a31\n",
    }


def test_what_is_not_legal_is_said() -> None:
    script = parse("tasks 2\nt1: recv\nt2: send size=0\n")
    claimed = parse("tasks 2\nt1: recv -> blocks\nt2: send size=0 -> 0\n")
    results = QueueModel().run(script)
    lost = (results[0], type(results[1])(claimed.steps[1].expect))
    assert (
        QueueModel().objection(script, lost)
        == "step 2: got t2: send type=1 size=0 -> 0; legal: t2: send type=1 size=0 -> 0; t1 returns 0 type=1"
    )


VERSIONS = {
    "4.8.0": Kernel(wakes_senders_in_vain=True, long_min_finds_all=False),
    "4.9.337-generic": Kernel(wakes_senders_in_vain=False, long_min_finds_all=False),
    "4.10.0": Kernel(wakes_senders_in_vain=False, long_min_finds_all=True),
    "4.17.3": Kernel(wakes_senders_in_vain=False, long_min_finds_all=True, stat_any=True),
    "6.18.44": Kernel(wakes_senders_in_vain=False, long_min_finds_all=True, stat_any=True, cyclic_indices=True),
}


@pytest.mark.parametrize("release", VERSIONS)
def test_versions(release: str) -> None:
    assert Kernel.of_release(release) == VERSIONS[release]


def test_a_sender_without_permission_wakes_for_its_eacces_only_before_4_9() -> None:
    assert told(FULL_AND_LOCKED).splitlines()[-1] == "t1: returns EACCES"
    assert told(FULL_AND_LOCKED, NEWER).splitlines()[-1] == "t2: set qbytes=8 mode=0400 -> 0"


def test_the_lowest_type_of_all_finds_everything_only_since_4_10() -> None:
    assert told(LOWEST).splitlines()[-1].endswith("-> ENOMSG")
    assert told(LOWEST, NEWER).splitlines()[-1].endswith("-> 0 type=5")


def test_the_lowest_index_is_taken_again_until_5_2() -> None:
    text = "tasks 1\nt1: msgget\nt1: rmid\nt1: msgget\nt1: msg_stat queue=q1\nt1: ipc_info\n"
    answers = [line.partition("-> ")[2].split()[0] for line in told(text).splitlines()[-2:]]
    assert answers == ["q3", "q2"], "q3 has the index that q1 had, and q2's is higher"
    assert told(text, NEWER).splitlines()[-2].endswith("-> EINVAL")
    highest = {course.splitlines()[-1].partition("-> ")[2].split()[0] for course in courses(text, NEWER)}
    assert highest == {"q2", "q3"}, "nobody knows whose is the highest"


def test_a_queue_whose_id_was_asked_for_has_the_highest_index_known() -> None:
    text = "tasks 1\nt1: next_id id=100\nt1: msgget\nt1: next_id id=32868\nt1: msgget\nt1: msg_info\n"
    for kernel in (LINUX_4_8, NEWER):
        lines = told(text, kernel).splitlines()
        assert [line.partition("-> ")[2] for line in lines[2:5:2]] == ["q2 id=100", "q3 id=32869"], "the next free index"
        assert lines[-1].startswith("t1: msg_info -> q3 msgpool=3 ")
